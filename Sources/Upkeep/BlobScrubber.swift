import ArchiveModel
import BlobStore
import Catalog
import Foundation
import WorkLanes

/// Reads blobs whole, those first that were not read for the longest time, and remembers that in the catalog.
struct BlobScrubber {
    let blobs: any BlobUpkeep
    let catalog: (any CatalogUpkeep)?
    let clock: any WallClock

    private(set) var count = 0
    private(set) var bytes: Int64 = 0
    private(set) var neverRead = 0
    private(set) var oldest: Date?
    /// Blobs whose bytes are not those of their names, and what was found.
    private(set) var damaged: [BlobKey: String] = [:]

    init(blobs: any BlobUpkeep, catalog: (any CatalogUpkeep)?, clock: any WallClock) {
        self.blobs = blobs
        self.catalog = catalog
        self.clock = clock
    }

    /// One thread's errand: enough bytes that handing it out costs nothing beside it, few enough that an end comes soon.
    private static let batch = (files: 64, bytes: 8 << 20)
    /// What is read between two commits to the catalog; a killed run reads that much again.
    private static let commit = (files: 2048, bytes: 512 << 20)

    /// - Parameter known: Blobs that an earlier run found damaged: they are read in any case, since they may have been mended.
    mutating func read(
        _ all: [ArchiveVerifier.Reading], _ scope: VerificationScope, known: [Digest], _ progress: @Sendable (Int, Int) -> Void
    ) async throws {
        let again = zip(known, try await blobs.read(known)).compactMap { digest, reading in reading.map { note(digest, $0) } }
        try await remember(again)
        let queue = all.sorted { ($0.readAt, $0.key) < ($1.readAt, $1.key) }
        let limit = scope.deep ? min(queue.count, Int((Double(queue.count) * scope.fraction).rounded(.up))) : 0
        let end = scope.seconds.map { clock.now.addingTimeInterval($0) } ?? .distantFuture
        try await read(queue[..<limit], until: end, progress)
        // Whatever was read is from a beginning of the queue.
        let rest = queue[min(count, queue.count)...]
        neverRead = rest.count { $0.readAt == .min }
        oldest = rest.first.map { Date(milliseconds: $0.readAt) } ?? (count > 0 ? clock.now : nil)
    }

    private mutating func read(
        _ queue: ArraySlice<ArchiveVerifier.Reading>, until end: Date, _ progress: @Sendable (Int, Int) -> Void
    ) async throws {
        var rest = queue
        var unwritten: [BlobScrub] = []
        var unwrittenBytes = 0
        try await withThrowingTaskGroup(of: [(Digest, BlobReading?)].self) { group in
            var running = 0
            while running > 0 || !rest.isEmpty {
                // The first is read whatever the time: so even the shortest run gets on.
                while running < WorkLane.processors, !rest.isEmpty, clock.now < end || count + running == 0 {
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
                    unwritten.append(note(digest, reading))
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

    /// A disk that takes nothing can be read all the same: then the next run reads the same again.
    private func remember(_ scrubs: [BlobScrub]) async throws {
        do { try await catalog?.note(scrubs) } catch let error as CatalogError where error.code == .noRoom {}
    }

    private static func takeBatch(_ rest: inout ArraySlice<ArchiveVerifier.Reading>) -> [Digest] {
        var taken: [Digest] = []
        var bytes = 0
        while taken.count < batch.files, bytes < batch.bytes, let next = rest.popFirst() {
            taken.append(next.key.digest)
            bytes += next.bytes
        }
        return taken
    }

    private mutating func note(_ digest: Digest, _ reading: BlobReading) -> BlobScrub {
        let isSound = reading.digest == digest
        damaged[BlobKey(digest)] =
            isSound ? nil : reading.digest.map { "its bytes have the SHA-256 \($0)" } ?? "the disk can't read all of it"
        return BlobScrub(digest: digest, readAt: clock.now, isSound: isSound)
    }
}
