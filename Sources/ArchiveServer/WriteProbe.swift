import ArchiveModel
import Foundation

/// Whether something can be written. It is tried every few seconds at the most, however many ask, and once at a time.
actor WriteProbe {
    /// How long an answer holds, in seconds: anybody may ask, and a try writes on the disk.
    private static let lifetime: TimeInterval = 5
    /// Who takes longer does not work.
    private static let patience = Duration.seconds(3)

    private let clock: any WallClock
    private let write: @Sendable () async throws -> Void
    private var attempt: Task<Void, any Error>?
    private var look: Task<String?, Never>?
    private var last: (problem: String?, date: Date)?

    init(clock: any WallClock, write: @escaping @Sendable () async throws -> Void) {
        self.clock = clock
        self.write = write
    }

    /// What keeps it from being written; `nil` for nothing.
    func problem() async -> String? {
        if let last, (0..<Self.lifetime).contains(clock.now.timeIntervalSince(last.date)) { return last.problem }
        let look = self.look ?? Task { await self.takeLook() }
        self.look = look
        return await look.value
    }

    private func takeLook() async -> String? {
        // One that has not come back is waited for again, so that they don't pile up.
        let attempt = self.attempt ?? Task { try await self.tryWriting() }
        self.attempt = attempt
        var problem: String?
        do {
            try await atMost(Self.patience, clock: clock) { try await attempt.value }
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
