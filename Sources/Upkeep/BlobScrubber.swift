import ArchiveModel
import BlobStore
import BlockingThreads
import Catalog
import Foundation

/// Reads blobs in full, the least recently read first, and records the results in the catalog.
struct BlobScrubber {
    let blobs: any BlobUpkeep
    let catalog: (any CatalogMaintenance)?
    let clock: any WallClock

    private(set) var count = 0
    private(set) var bytes: Int64 = 0
    private(set) var neverRead = 0
    private(set) var oldest: Date?
    /// Blobs whose bytes do not match their digest, with a description.
    private(set) var damaged: [Digest: String] = [:]

    init(blobs: any BlobUpkeep, catalog: (any CatalogMaintenance)?, clock: any WallClock) {
        self.blobs = blobs
        self.catalog = catalog
        self.clock = clock
    }

    /// The batch for one thread: large enough to make the overhead of a task negligible, small enough to stop soon.
    private static let batch = (files: 64, bytes: 8 << 20)
    /// The amount read between two catalog commits. A killed run repeats at most this much.
    private static let commit = (files: 2048, bytes: 512 << 20)

    /// - Parameter known: Blobs that an earlier run found damaged. They are always read, because they may have been repaired.
    mutating func read(
        _ all: [ArchiveVerifier.ScrubCandidate], _ scope: VerificationScope, known: [Digest],
        _ progress: @Sendable (Int, Int) -> Void
    ) async throws {
        let again = zip(known, try await blobs.read(known)).compactMap { digest, reading in reading.map { record(digest, $0) } }
        try await remember(again)
        let queue = all.sorted { ($0.readAt, $0.digest) < ($1.readAt, $1.digest) }
        let limit = scope.deep ? min(queue.count, Int((Double(queue.count) * scope.fraction).rounded(.up))) : 0
        let end = scope.seconds.map { clock.now.addingTimeInterval($0) } ?? .distantFuture
        try await read(queue[..<limit], until: end, progress)
        // The blobs read so far are always a prefix of the queue.
        let rest = queue[min(count, queue.count)...]
        neverRead = rest.count { $0.readAt == .min }
        oldest = rest.first.map { Date(milliseconds: $0.readAt) } ?? (count > 0 ? clock.now : nil)
    }

    private mutating func read(
        _ queue: ArraySlice<ArchiveVerifier.ScrubCandidate>, until end: Date, _ progress: @Sendable (Int, Int) -> Void
    ) async throws {
        var rest = queue
        var unwritten: [BlobScrub] = []
        var unwrittenBytes = 0
        try await withThrowingTaskGroup(of: [(Digest, BlobHash?)].self) { group in
            var running = 0
            while running > 0 || !rest.isEmpty {
                // Always read the first blob, so that even a very short run makes progress.
                while running < BlockingThreadPool.processors, !rest.isEmpty, clock.now < end || count + running == 0 {
                    let batch = Self.takeBatch(&rest)
                    group.addTask { [blobs] in Array(zip(batch, try await blobs.read(batch))) }
                    running += 1
                }
                guard running > 0, let results = try await group.next() else { break }
                running -= 1
                for (digest, reading) in results {
                    count += 1
                    guard let reading else { continue }
                    bytes += Int64(reading.bytes)
                    unwrittenBytes += reading.bytes
                    unwritten.append(record(digest, reading))
                }
                progress(count, queue.count)
                if unwritten.count >= Self.commit.files || unwrittenBytes >= Self.commit.bytes {
                    try await remember(unwritten)
                    unwritten = []
                    unwrittenBytes = 0
                }
            }
        }
        try await remember(unwritten)
    }

    /// If the catalog's disk can't be written to, the results are dropped and the next run reads the same blobs again.
    private func remember(_ scrubs: [BlobScrub]) async throws {
        do { try await catalog?.saveScrubs(scrubs) } catch let error as CatalogError where error.code == .noRoom {}
    }

    private static func takeBatch(_ rest: inout ArraySlice<ArchiveVerifier.ScrubCandidate>) -> [Digest] {
        var taken: [Digest] = []
        var bytes = 0
        while taken.count < batch.files, bytes < batch.bytes, let next = rest.popFirst() {
            taken.append(next.digest)
            bytes += next.bytes
        }
        return taken
    }

    private mutating func record(_ digest: Digest, _ reading: BlobHash) -> BlobScrub {
        let isSound = reading.digest == digest
        damaged[digest] =
            isSound ? nil : reading.digest.map { "its bytes have the SHA-256 \($0)" } ?? "the disk can't read the whole file"
        return BlobScrub(digest: digest, readAt: clock.now, isSound: isSound)
    }
}
