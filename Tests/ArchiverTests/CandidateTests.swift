import ArchiveModel
import Catalog
import Foundation
import SizeContract
import Testing
import Upkeep

/// Which deliveries that are not a whole picture are stored, and which of them are kept.
@Suite struct CandidateTests {
    private enum Kind { case empty, page, picture, complete }

    /// - Parameter number: Two digits, which make the digest.
    private static func candidate(_ kind: Kind, bytes: Int = 5, number: Int) throws -> DeliveryCandidate {
        let digest = try #require(Digest(String(repeating: "\(number)", count: 32)))
        let facts = UnreadFacts(format: "gif", reason: "a decoder failed")
        return DeliveryCandidate(
            original: BlobReference(digest: digest, bytes: kind == .empty ? 0 : bytes, mediaType: "application/octet-stream"),
            reason: "cut", looksLikePicture: kind == .picture || kind == .complete,
            download: DownloadFacts(url: "https://a.example/1", headers: [:], fetchedAt: .distantPast, redirects: 0),
            unread: kind == .complete ? facts : nil)
    }

    private static func candidates(_ kinds: Kind...) throws -> [DeliveryCandidate] {
        try kinds.enumerated().map { try candidate($0.element, number: 10 + $0.offset) }
    }

    /// A dropped candidate stays on the disk until `gc`. 120 tries of 409,600 bytes are 47 MiB.
    @Test func aHostCannotFillTheDiskWithUnusableFiles() throws {
        func isStored(_ kind: Kind, _ bytes: Int, _ others: Kind...) throws -> Bool {
            let others = try others.enumerated().map { try Self.candidate($0.element, number: 10 + $0.offset) }
            return try Self.candidate(kind, bytes: bytes, number: 99).isWorthStoring(besides: others)
        }
        let (small, large) = (409_600, 409_601)
        #expect(try isStored(.page, large, .page, .page), "the first three")
        #expect(try isStored(.page, small, .page, .page, .page), "a small one")
        #expect(try !isStored(.page, large, .page, .page, .page))
        #expect(try isStored(.picture, large, .page, .page, .page), "the first that begins like a picture")
        #expect(try !isStored(.picture, large, .page, .page, .picture))
        #expect(try isStored(.complete, large, .page, .page, .picture), "the first that may be complete")
        #expect(try !isStored(.complete, large, .page, .picture, .complete))
        #expect(try !isStored(.page, small, .picture, .picture, .complete), "it would be dropped at once")
        #expect(try isStored(.page, small, .page, .picture, .complete))
        // The same bytes take no more room.
        let stored = try Self.candidate(.page, bytes: large, number: 11)
        #expect(stored.isWorthStoring(besides: try Self.candidates(.page, .page, .page)))
    }

    @Test func theLeastUsefulAndOldestCandidatesAreDropped() throws {
        let all = try Self.candidates(.picture, .complete, .page, .picture, .page, .picture)
        #expect(DeliveryCandidate.surplus(of: all) == [all[2], all[4], all[0]])
        #expect(DeliveryCandidate.surplus(of: try Self.candidates(.empty, .page, .page)) == [])
    }

    @Test func theMostUsefulAndNewestCandidateIsTheBest() throws {
        let all = try Self.candidates(.complete, .complete, .picture, .page, .empty)
        #expect(DeliveryCandidate.best(of: all) == all[1])
        #expect(DeliveryCandidate.best(of: [all[2], all[3]]) == all[2])
        #expect(DeliveryCandidate.best(of: [all[3], all[4]]) == all[3])
        #expect(DeliveryCandidate.best(of: []) == nil)
    }

    @Test func otherBytesAtEachTryTakeTheRoomOfThree() async throws {
        let archive = try TestArchive()
        let host = try RawHost.withOneTask(created: archive.clock.now) { number in
            RawHost.answer(Array("<html>\(number)".utf8) + [UInt8](repeating: 0x20, count: 500_000))
        }
        _ = try await archive.run(host.url, tasks: [TaskRegistration(id: try #require(TaskID("t-1")), source: "test")])
        let entry = try #require(try await archive.catalog.entries(EntryQuery()).first)
        #expect(entry.state == .archived && entry.judgement?.verdict == .undecodable)
        #expect(entry.attempts > 10)
        #expect(archive.files().count { $0.hasPrefix("blobs/") } == 3)
        #expect(archive.files().filter { $0.hasPrefix("ingest/") } == [])
        #expect(try await archive.verify().findings.map(\.detail) == [])
    }
}
