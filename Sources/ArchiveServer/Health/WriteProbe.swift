import ArchiveModel
import Foundation
import Networking

/// Checks whether something can be written: at most every few seconds, and never concurrently, however many clients ask.
actor WriteProbe {
    /// Seconds for which a result is reused, since any client may ask and each probe writes to the disk.
    private static let lifetime: TimeInterval = 5
    /// A probe that takes longer has failed.
    private static let probeTimeout = Duration.seconds(3)

    private let clock: any WallClock
    private let write: @Sendable () async throws -> Void
    private var attempt: Task<Void, any Error>?
    private var look: Task<String?, Never>?
    private var last: (problem: String?, date: Date)?

    init(clock: any WallClock, write: @escaping @Sendable () async throws -> Void) {
        self.clock = clock
        self.write = write
    }

    /// The reason why writing fails; `nil` if it works.
    func problem() async -> String? {
        if let last, (0..<Self.lifetime).contains(clock.now.timeIntervalSince(last.date)) { return last.problem }
        let look = self.look ?? Task { await self.takeLook() }
        self.look = look
        return await look.value
    }

    private func takeLook() async -> String? {
        // Reuse a probe that is still running, so that probes do not pile up.
        let attempt = self.attempt ?? Task { try await self.tryWriting() }
        self.attempt = attempt
        var problem: String?
        do {
            try await withDetachedTimeout(Self.probeTimeout, clock: clock) { try await attempt.value }
        } catch {
            problem = "\(error)"
        }
        last = (problem, clock.now)
        look = nil
        return problem
    }

    private func tryWriting() async throws {
        defer { attempt = nil }
        try await write()
    }
}
