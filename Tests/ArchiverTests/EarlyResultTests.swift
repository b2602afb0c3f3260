import ArchiveModel
import Archiver
import Catalog
import Foundation
import Hummingbird
import ImageCodecs
import NIOCore
import Synchronization
import SyntheticPictures
import Testing
import Upkeep

/// Tasks whose results come one after the other, and answers about another task.
@Suite struct EarlyResultTests {
    private static func picture(_ seed: UInt64) -> [UInt8] {
        (try? SyntheticPicture.make(width: 32, height: 24, seed: seed, as: .png)) ?? []
    }

    private static func json(_ text: String) -> Response {
        Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// - Parameter answer: The API's answer to the reading with this number, counted from 1.
    private static func archive(
        _ id: String, answer: @escaping @Sendable (_ reading: Int, _ host: String, _ created: Int) -> String,
        check: @escaping @Sendable (TestArchive, ArchiveSummary) async throws -> Void
    ) async throws {
        let archive = try TestArchive()
        let created = Int(archive.clock.now.timeIntervalSince1970) - 5
        let readings = Mutex(0)
        try await withStorageHost(posts: true) { request in
            if request.uri.path.hasSuffix(".png") {
                let seed = UInt64(request.uri.path.filter(\.isNumber)) ?? 0
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: picture(seed))))
            }
            let number = readings.withLock { readings in
                readings += 1
                return readings
            }
            return json(answer(number, request.head.authority ?? "", created))
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url) { $0.patience = 3600 }
            try await archiver.register([TaskRegistration(id: try #require(TaskID(id)), source: "manifest")])
            let summary = try await archiver.run()
            await downloader.shutdown()
            try await check(archive, summary)
        }
    }

    @Test(arguments: ["processing", "pending", "rendering", "partial"])
    func aTaskThatDeliversWhileItIsInProgressIsReadUntilItsEnd(_ word: String) async throws {
        try await Self.archive("task-1") { reading, host, created in
            let count = min(reading, 4)
            let links = (1...count).map { #""http://\#(host)/\#($0).png?sig=\#(reading)-abcdefgh""# }.joined(separator: ",")
            return #"{"id":"task-1","status":"\#(count < 4 ? word : "completed")","created":\#(created),"results":[\#(links)]}"#
        } check: { archive, summary in
            #expect(summary.archived == 4, "\(archive.events)")
            let entries = try await archive.catalog.entries(EntryQuery())
            #expect(entries.map(\.id.index).sorted() == [0, 1, 2, 3])
            #expect(try await archive.verify().isClean)
        }
    }

    /// A cache that mixes tasks up.
    @Test func anAnswerAboutAnotherTaskIsNoAnswer() async throws {
        try await Self.archive("task-b") { reading, host, created in
            let name = reading < 4 ? "a" : "b"
            let link = "http://\(host)/\(reading < 4 ? 1 : 2).png?sig=abcdefgh"
            return #"{"data":{"id":"task-\#(name)","status":"completed","created":\#(created),"results":["\#(link)"]}}"#
        } check: { archive, summary in
            #expect(summary.archived == 1, "\(archive.events)")
            let entries = try await archive.catalog.entries(EntryQuery())
            #expect(entries.map(\.original?.digest) == [Digest(of: Self.picture(2))])
        }
    }
}
