import ArchiveModel
import Archiver
import BlobStore
import Catalog
import Foundation
import ImageCodecs
import SizeContract
import SyntheticPictures
import Testing
import Upkeep

/// Files of a format that is decoded here and has no checksum: a byte that changed on the way can look like a rare kind of file.
@Suite struct ChangedByteTests {
    private static let jpeg: [UInt8] = (try? SyntheticPicture.make(width: 96, height: 64, seed: 1, as: .jpeg)) ?? []

    /// The JPEG with one byte changed, counted from the marker of its frame header (T.81, section B.2.2).
    private static func changed(_ offset: Int, to value: UInt8) throws -> [UInt8] {
        var file = jpeg
        let frame = try #require(file.indices.dropLast().first { file[$0] == 0xFF && [0xC0, 0xC2].contains(file[$0 + 1]) })
        file[frame + offset] = value
        return file
    }

    private func record(_ deliver: @escaping @Sendable (_ number: Int) -> [UInt8]) async throws -> ArchiveRecord {
        let archive = try TestArchive()
        let host = try RawHost.withOneTask(created: archive.clock.now) { RawHost.answer(deliver($0)) }
        _ = try await archive.run(host.url, tasks: [TaskRegistration(id: try #require(TaskID("t-1")), source: "test")])
        let entry = try #require(try await archive.catalog.entries(EntryQuery()).first)
        let day = try #require(entry.createdAt)
        #expect(try await archive.verify().findings.map(\.detail) == [])
        return try #require(try await archive.records.record(of: entry.id, day: day))
    }

    @Test(
        "A JPEG that one changed byte turns into a rare kind is fetched again",
        arguments: [
            (1, 0xC3),  // lossless
            (4, 12),  // twelve bits a sample
            (5, 0xFF),  // more than 65,000 rows
            (7, 0xFF),  // more than 65,000 columns
        ] as [(Int, UInt8)])
    func aJPEGWithAChangedByteIsFetchedAgain(_ offset: Int, _ value: UInt8) async throws {
        let (damaged, whole) = (try Self.changed(offset, to: value), Self.jpeg)
        let record = try await record { $0 == 0 ? damaged : whole }
        #expect(record.state == .archived && record.judgement?.verdict == .unrequested && record.cause == nil)
        #expect(record.original?.digest == Digest(of: whole))
        #expect(record.attempts == 2)
        #expect(record.earlierOriginals?.map(\.digest) == [Digest(of: damaged)], "the first delivery is kept")
    }

    @Test func aRareKindOfJPEGIsUnreadWhenItHasComeTwice() async throws {
        let rare = try Self.changed(4, to: 12)
        let record = try await record { _ in rare }
        #expect(record.state == .archived && record.judgement?.verdict == .unread && record.cause == nil)
        #expect(record.original?.digest == Digest(of: rare))
        #expect(record.attempts == 2)
        #expect(record.unread?.reason == "a whole JPEG of a kind that is not decoded here: 12 bits a sample")
    }
}
