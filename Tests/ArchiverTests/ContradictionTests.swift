import ArchiveModel
import Archiver
import Catalog
import Foundation
import Hummingbird
import ImageCodecs
import NIOCore
import Networking
import SyntheticPictures
import Testing

/// Answers of the API that contradict each other: none of them may end a task whose picture can still be had.
@Suite struct ContradictionTests {
    private static let picture = (try? SyntheticPicture.make(width: 96, height: 64, seed: 3, as: .png)) ?? []

    enum Case: String, CaseIterable, Sendable {
        case errorWithoutState, errorWithUnknownState, failed, timedOut, cancelled, createdLongAgo

        /// What the API answers at first; then the task is completed.
        var fields: String {
            switch self {
            case .errorWithoutState: #""error":{"code":503,"message":"busy"}"#
            case .errorWithUnknownState: #""status":"retrying","error":{"code":"upstream_error","message":"again"}"#
            case .failed: #""status":"failed","error":{"code":500,"message":"an internal error"}"#
            case .timedOut: #""status":"timeout""#
            case .cancelled: #""status":"cancelled""#
            case .createdLongAgo: #""status":"processing","created":1000000000"#
            }
        }
    }

    private static func json(_ text: String) -> Response {
        Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    /// For 60 s the API reads the task wrongly, while the account's list calls it completed.
    @Test(arguments: Case.allCases) func aLaterAnswerCounts(_ example: Case) async throws {
        let archive = try TestArchive(clock: JumpClock(factor: 1, leastJump: 0, leastGuard: 3600))
        let (clock, start) = (archive.clock, archive.clock.now)
        let created = Int(start.timeIntervalSince1970) - 5
        let task = try #require(TaskID("task-\(example.rawValue.lowercased())"))
        try await withStorageHost { request in
            let host = request.head.authority ?? "127.0.0.1"
            let completed =
                #"{"id":"\#(task)","status":"completed","created":\#(created),"results":["http://\#(host)/0.png?sig=abcdefghijklmnop"]}"#
            switch request.uri.path {
            case "/0.png": return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: Self.picture)))
            case "/v1/tasks":
                let row = #"{"id":"\#(task)","status":"completed","created":\#(created)}"#
                let isFirst = request.uri.queryParameters["page"].map { $0 == "1" } ?? true
                return Self.json(#"{"data":[\#(isFirst ? row : "")],"total":1,"page":1,"page_size":50}"#)
            default:
                guard clock.now.timeIntervalSince(start) < 60 else { return Self.json(completed) }
                return Self.json(#"{"id":"\#(task)",\#(example.fields)}"#)
            }
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url) {
                $0.since = 86_400
                $0.sweepInterval = 30
                $0.watch = true
            }
            async let summary = archiver.run()
            let query = EntryQuery(states: [.archived], task: task)
            while try await archive.catalog.entries(query).isEmpty, clock.now.timeIntervalSince(start) < 7200 {
                try await clock.sleep(for: .seconds(30))
            }
            archiver.stop()
            _ = try await summary
            await downloader.shutdown()
            #expect(try await archive.catalog.entries(query).count == 1, "\(archive.events)")
        }
    }
}
