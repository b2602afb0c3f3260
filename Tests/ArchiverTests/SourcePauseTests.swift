import ArchiveModel
import Archiver
import Catalog
import Foundation
import Hummingbird
import NIOCore
import Synchronization
import Testing

/// A refusal of the key while downloads go on.
@Suite(.serialized) struct SourcePauseTests {
    /// The clock was ten hours ahead when the key was refused.
    @Test func aPauseDoesNotOutliveAWrongClock() {
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        var pause = SourcePause()
        pause.begin("refused", now: now)
        #expect(!pause.end(now: now.addingTimeInterval(29)) && pause.isPaused)
        #expect(pause.end(now: now.addingTimeInterval(30)) && !pause.isPaused)
        pause.begin("refused", now: now.addingTimeInterval(36_000))
        #expect(pause.end(now: now) && !pause.isPaused)
    }

    /// An API that refuses the key once, for `t-good`, and a host whose first file never ends by itself.
    private final class World: Sendable {
        let url = Mutex("")
        let refusals = Mutex(0)
        let hasBegun = Mutex(false)
        private let gate = AsyncStream.makeStream(of: Void.self)
        private let picture: [UInt8]

        init(_ picture: [UInt8]) { self.picture = picture }

        func endTheSlowFile() { gate.continuation.finish() }

        func answer(_ request: Request) -> Response {
            switch request.uri.path {
            case "/v1/tasks/t-slow": return task("t-slow")
            case "/v1/tasks/t-good":
                let isFirst = refusals.withLock { refusals in
                    refusals += 1
                    return refusals == 1
                }
                let refusal = Response(
                    status: .unauthorized, body: .init(byteBuffer: ByteBuffer(string: #"{"error":{"message":"try later"}}"#)))
                return isFirst ? refusal : task("t-good")
            case "/t-good.png": return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: picture)))
            case "/t-slow.png":
                return Response(
                    status: .ok,
                    body: ResponseBody(contentLength: picture.count) { [self] writer in
                        try await writer.write(ByteBuffer(bytes: picture.prefix(10)))
                        hasBegun.withLock { $0 = true }
                        for await _ in gate.stream {}
                        try await writer.write(ByteBuffer(bytes: picture.dropFirst(10)))
                        try await writer.finish(nil)
                    })
            default: return Response(status: .notFound)
            }
        }

        private func task(_ id: String) -> Response {
            let link = url.withLock { $0 } + "/\(id).png"
            let text = #"{"id":"\#(id)","status":"completed","results":["\#(link)"]}"#
            return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: text)))
        }
    }

    @Test func aRefusedKeyIsTriedAgainWhileADownloadGoesOn() async throws {
        let archive = try TestArchive()
        let world = World(try await Drawn().picture(width: 64, height: 64, format: "png", seed: 1))
        try await withStorageHost {
            world.answer($0)
        } _: { url in
            world.url.withLock { $0 = url }
            let limits = DownloadLimits(total: 36_000, idle: 3600, slowestRate: 0)
            let (archiver, downloader) = try archive.archiver(url, limits: limits) { $0.pollInterval = 1 }
            try await archiver.register([TaskRegistration(id: try #require(TaskID("t-slow")), source: "test")])
            async let summary = archiver.run()
            let end = archive.clock.now.addingTimeInterval(600)
            while !world.hasBegun.withLock({ $0 }), archive.clock.now < end {
                try await archive.clock.sleep(for: .seconds(1))
            }
            try await archiver.register([TaskRegistration(id: try #require(TaskID("t-good")), source: "test")])
            while try await archive.catalog.status(now: archive.clock.now).outputs[.archived] != 1, archive.clock.now < end {
                try await archive.clock.sleep(for: .seconds(5))
            }
            let whileSlow = try await archive.catalog.entries(EntryQuery(states: [.archived])).map(\.id.task.text)
            world.endTheSlowFile()
            let ended = try await summary
            await downloader.shutdown()
            #expect(whileSlow == ["t-good"])
            #expect(ended.archived == 2)
            #expect(ended.stopReason == nil, "the key works again")
        }
        let told = archive.events.compactMap { event -> String? in
            switch event {
            case .sourceStopped: "stopped"
            case .sourceResumed: "resumed"
            default: nil
            }
        }
        #expect(told == ["stopped", "resumed"])
    }
}
