import ArchiveModel
import Archiver
import BlobStore
import Catalog
import Foundation
import Networking
import SizeContract
import Testing
import Upkeep

/// Files of kinds that no decoder checks, from a host that does not say where they end (RFC 9112, sections 6.3 and 8).
@Suite struct StatedEndTests {
    private static func part(_ range: String, _ body: [UInt8]) -> [UInt8] {
        let head = "HTTP/1.1 206 Partial Content\r\nETag: \"a\"\r\nContent-Range: bytes \(range)\r\nConnection: close\r\n"
        return Array("\(head)Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }

    private static let refusal = Array(
        "HTTP/1.1 416 No\r\nContent-Length: 0\r\nContent-Range: bytes */8\r\nConnection: close\r\n\r\n".utf8)
    private static let few = Array("abcdefgh".utf8)

    @Test(
        "The end of a file is stated by a length, the last chunk or a range",
        arguments: [
            ([RawHost.answer(few, .length)], true), ([RawHost.answer(few, .chunked)], true),
            ([RawHost.answer(few, .connection)], false), ([Array("HTTP/1.0 200 OK\r\n\r\n".utf8) + few], false),
            ([Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n".utf8) + png], false),
            ([part("0-7/8", few)], true), ([part("0-3/8", Array(few[..<4])), part("4-7/*", Array(few[4...]))], true),
            ([part("0-3/*", Array(few[..<4])), part("4-7/*", Array(few[4...]))], false),
            ([part("0-7/*", few), refusal], true),
        ] as [([[UInt8]], Bool)])
    func theEndOfAFileIsStated(_ answers: [[UInt8]], _ isStated: Bool) async throws {
        let host = try RawHost { number, _ in answers[min(number, answers.count - 1)] }
        let archive = try TestArchive()
        let downloader = ResultDownloader(
            store: archive.blobs, policy: AddressPolicy(exceptions: [host.url.replacing("http://", with: "")]),
            clock: archive.clock)
        let download = try? await downloader.fetch(ResultLink(host.url + "/x"))
        await download?.ingest.discard()
        await downloader.shutdown()
        #expect(download?.isEndStated == isStated)
    }

    /// The signature is enough to pass a content coding that the body does not have.
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0, 0]

    @Test func aDataLinkStatesItsEnd() async throws {
        let archive = try TestArchive()
        let downloader = ResultDownloader(store: archive.blobs, policy: AddressPolicy(), clock: archive.clock)
        let download = try? await downloader.fetch(ResultLink("data:image/gif;base64,R0lGODlh"))
        await download?.ingest.discard()
        await downloader.shutdown()
        #expect(download?.isEndStated == true)
    }

    /// The first bytes of kinds that do not state their length, and bytes that mean nothing.
    private static let heads: [[UInt8]] = [
        [0xFF, 0x0A], [0xFF, 0xFB, 0x90, 0x64], Array("fLaC".utf8), Array("OggS".utf8), Array("P6 100 200 255 ".utf8),
        [0x76, 0x2F, 0x31, 0x01],
    ]

    private static func file(_ head: [UInt8], _ count: Int = 2000) -> [UInt8] {
        head + (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 / 7) }
    }

    private func archive(
        _ deliver: @escaping @Sendable (_ number: Int) -> [UInt8]
    ) async throws -> (TestArchive, ArchiveRecord) {
        let archive = try TestArchive()
        let host = try RawHost.withOneTask(created: archive.clock.now, deliver)
        _ = try await archive.run(host.url, tasks: [TaskRegistration(id: try #require(TaskID("t-1")), source: "test")])
        let entry = try #require(try await archive.catalog.entries(EntryQuery()).first)
        let day = try #require(entry.createdAt)
        return (archive, try #require(try await archive.records.record(of: entry.id, day: day)))
    }

    @Test(arguments: heads)
    func aCutFileOfAnotherKindIsFetchedAgain(_ head: [UInt8]) async throws {
        let whole = Self.file(head)
        let (archive, record) = try await archive { number in
            number == 0 ? RawHost.answer(Array(whole[..<1000]), .connection) : RawHost.answer(whole)
        }
        #expect(record.state == .archived && record.judgement?.verdict == .unread && record.cause == nil)
        #expect(record.original?.digest == Digest(of: whole))
        #expect(record.attempts == 2)
        #expect(record.unread?.reason.hasPrefix("a whole ") == true)
        #expect(record.earlierOriginals?.map(\.bytes) == [1000], "what came first is kept")
        #expect(try await archive.verify().findings.map(\.detail) == [])
    }

    @Test(arguments: heads)
    func aFileWithoutAStatedEndIsDeliveredTwice(_ head: [UInt8]) async throws {
        let whole = Self.file(head)
        let (archive, record) = try await archive { number in
            RawHost.answer(number == 0 ? Array(whole[..<1000]) : whole, .connection)
        }
        #expect(record.state == .archived && record.judgement?.verdict == .unread && record.cause == nil)
        #expect(record.original?.digest == Digest(of: whole))
        #expect(record.attempts == 3)
        #expect(record.unread?.reason.hasPrefix("a whole ") == true)
        #expect(try await archive.verify().findings.map(\.detail) == [])
    }

    /// GIF89a and ISO/IEC 14496-12, by hand.
    private static let others: [[UInt8]] = [
        Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B],
        box("ftyp", "avif\0\0\0\0mif1") + box("mdat", "x"), box("ftyp", "isom\0\0\0\0mp42") + box("mdat", "x"),
        file([0xFF, 0x0A]),
    ]

    private static func box(_ name: String, _ body: String) -> [UInt8] {
        [0, 0, 0, UInt8(8 + body.utf8.count)] + Array((name + body).utf8)
    }

    @Test(arguments: others, [RawHost.Framing.length, .chunked])
    func aStatedEndIsEnoughAtTheFirstTry(_ file: [UInt8], _ framing: RawHost.Framing) async throws {
        let (_, record) = try await archive { _ in RawHost.answer(file, framing) }
        #expect(record.attempts == 1)
        #expect(record.judgement?.verdict == .unread && record.unread?.reason.hasPrefix("a whole ") == true)
        #expect(record.original?.digest == Digest(of: file))
    }

    @Test func aFileThatNeverComesTwiceIsKeptWhenTheWindowCloses() async throws {
        let whole = Self.file([0xFF, 0x0A])
        let (archive, record) = try await archive { number in
            RawHost.answer(Array(whole[..<(1000 + number)]), .connection)
        }
        #expect(record.state == .archived && record.judgement?.verdict == .unread)
        #expect(record.cause == .vendor)
        #expect(record.unread?.reason.hasSuffix("may be cut short") == true)
        #expect(record.attempts > 10)
        let deadline = try #require(record.deadline)
        #expect(record.endedAt > deadline, "nothing is final while the link lives")
        let original = try #require(record.original)
        #expect(original.bytes > 1003, "a later delivery")
        #expect(try await archive.blobs.size(of: original.digest) == original.bytes)
    }

    /// Too large to be stored besides three others: its digest is remembered.
    @Test func aLargeFileIsConfirmedAfterThreeCutOnes() async throws {
        let whole = Self.file([0xFF, 0x0A], 500_000)
        let (archive, record) = try await archive { number in
            RawHost.answer(number < 3 ? Array(whole[..<(450_000 + number)]) : whole, .connection)
        }
        #expect(record.original?.digest == Digest(of: whole))
        #expect(record.attempts == 5)
        #expect(record.earlierOriginals?.map(\.bytes) == [450_000, 450_001, 450_002])
        #expect(archive.files().count { $0.hasPrefix("blobs/") } == 4)
        #expect(try await archive.verify().findings.map(\.detail) == [])
    }
}
