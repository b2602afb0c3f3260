import ArchiveModel
import Archiver
import Audit
import BlobStore
import Catalog
import DecoderPool
import Foundation
import Hummingbird
import ImageCodecs
import NIOCore
import SizeContract
import Synchronization
import SyntheticPictures
import Testing
import Upkeep

/// Deliveries that the decoder does not survive, by a program whose decoder does what a delivery says.
@Suite struct DecoderFailureTests {
    private static func probe() throws -> String {
        let folders = [Bundle.main.bundleURL] + CommandLine.arguments.map { URL(filePath: $0).deletingLastPathComponent() }
        let paths = folders.map { $0.appending(path: "decoder-probe").path }
        return try #require(paths.first { FileManager.default.isExecutableFile(atPath: $0) })
    }

    @Test(
        "A failed decoder uses up one try and stops neither the run nor other pictures",
        arguments: [
            ("segfault", "the decoder crashed"), ("socket", "the decoder made a forbidden system call"),
            ("lie-width", "the decoder's answer is invalid"),
        ])
    func aFailedDecoderUsesUpOnlyOneTry(_ deed: String, _ reason: String) async throws {
        // At the pace of the wall's clock, a busy machine makes no download late.
        let archive = try TestArchive(clock: JumpClock(factor: 1, leastJump: 0, leastGuard: 300))
        let probe = try Self.probe()
        let png = try SyntheticPicture.make(width: 96, height: 64, seed: 1, as: .png)
        let tries = Mutex(0)
        let address = Mutex("")
        let created = Int(archive.clock.now.timeIntervalSince1970) - 60
        let summary = try await withStorageHost { request in
            let name = request.uri.path.split(separator: "/").last.map(String.init) ?? ""
            if request.uri.path.hasPrefix("/v1/") {
                let link = "\(address.withLock { $0 })/\(name).png?sig=abcdefgh"
                let answer = #"{"id":"\#(name)","status":"completed","created":\#(created),"results":["\#(link)"]}"#
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: answer)))
            }
            let isBad =
                name == "bad.png"
                && tries.withLock { tries in
                    tries += 1
                    return tries <= 2
                }
            return Response(
                status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: isBad ? Array("misbehave:\(deed)".utf8) : png)))
        } _: { host in
            address.withLock { $0 = host }
            let tasks = ["bad", "good"].compactMap { TaskID($0) }.map { TaskRegistration(id: $0, source: "test") }
            return try await archive.run(host, tasks: tasks) { options in
                options.decoders = .sandbox
                options.decoderPolicy.program = probe
            }
        }
        #expect(summary.archived == 2)
        #expect(summary.undecodable == 0)
        let postponements = archive.events.compactMap { event in
            if case .postponed(let subject, let error, _) = event { "\(subject): \(error)" } else { nil }
        }
        #expect(postponements.count == 2)
        #expect(postponements.allSatisfy { $0.contains("bad") && $0.contains(reason) }, "\(postponements)")
        let entries = try await archive.catalog.entries(EntryQuery())
        #expect(entries.allSatisfy { $0.state == .archived && $0.thumbnail != nil })
    }

    /// A decoder that never survives the file: the bytes are kept, and nobody is blamed for them but ourselves.
    @Test func aFileThatCrashesEveryDecoderIsKept() async throws {
        let archive = try TestArchive(clock: JumpClock(factor: 1, leastJump: 0, leastGuard: 300))
        let probe = try Self.probe()
        let bytes = Array("misbehave:segfault".utf8)
        let created = Int(archive.clock.now.timeIntervalSince1970) - 86_000
        let summary = try await withStorageHost { request in
            guard request.uri.path.hasPrefix("/v1/") else {
                return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
            }
            let host = request.head.authority ?? ""
            let answer =
                #"{"id":"bad","status":"completed","created":\#(created),"results":["http://\#(host)/bad.png?sig=abcdefgh"]}"#
            return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: answer)))
        } _: { host in
            let task = TaskRegistration(id: try #require(TaskID("bad")), source: "test")
            return try await archive.run(host, tasks: [task]) { options in
                options.decoders = .sandbox
                options.decoderPolicy.program = probe
            }
        }
        #expect(summary.unavailable == 0 && summary.undecodable == 0)
        let entry = try #require(try await archive.catalog.entries(EntryQuery()).first)
        #expect(entry.state == .archived && entry.judgement?.verdict == .unread && entry.cause == .ours)
        #expect(entry.reason?.contains("the decoder crashed") == true, "\(entry.reason ?? "no reason")")
        let digest = try #require(entry.original?.digest)
        #expect(try await archive.blobs.contents(of: digest).array == bytes)
        #expect(try await archive.verify().findings.map(\.detail) == [])
    }

    /// One try an hour before the link ends, and the last ones a day after that.
    @Test func aDecoderThatAlwaysFailsIsOurFaultWithoutARefund() async throws {
        let early = try TestArchive(clock: JumpClock(factor: 1, leastJump: 0, leastGuard: 300))
        let probe = try Self.probe()
        let created = early.clock.now - 23 * 3600
        let task = try #require(TaskID("bad"))
        let host = try RawHost { _, head in
            let port = head.firstMatch(of: /host: 127\.0\.0\.1:(\d+)/)?.output.1 ?? ""
            let link = "http://127.0.0.1:\(port)/bad.png?sig=abcdefgh"
            let answer =
                #"{"id":"bad","status":"completed","created":\#(Int(created.timeIntervalSince1970)),"results":["\#(link)"]}"#
            let body = head.hasPrefix("get /v1/") ? answer : "misbehave:segfault"
            let head = "HTTP/1.1 200 OK\r\n\(RawHost.dateLine())Content-Length: \(body.utf8.count)\r\nConnection: close\r\n"
            return Array("\(head)\r\n\(body)".utf8)
        }
        let request = RecordedRequest(model: "gpt-image-2-beta", prompt: "a fox", size: "1:1", resolution: "4K")
        let options = { @Sendable (options: inout ArchiverOptions) in
            options.decoders = .sandbox
            options.decoderPolicy.program = probe
            options.patience = 0
        }
        _ = try await early.run(host.url, tasks: [TaskRegistration(id: task, source: "test", request: request)], options)
        let waiting = try #require(try await early.catalog.entries(EntryQuery()).first)
        #expect(waiting.state == .waiting && waiting.failing?.cause == .ours)

        let clock = JumpClock(start: created + 48 * 3600 - 60, factor: 1, leastJump: 0, leastGuard: 300)
        let archive = try TestArchive(path: early.path, clock: clock)
        let summary = try await archive.run(host.url) { change in
            options(&change)
            change.patience = nil
        }
        withExtendedLifetime(early) {}
        #expect(summary.unavailable == 0 && summary.undecodable == 0)
        let entry = try #require(try await archive.catalog.entries(EntryQuery()).first)
        #expect(entry.state == .archived && entry.cause == .ours)
        #expect(entry.reason?.contains("the decoder ") == true, "\(entry.reason ?? "")")

        // 0.05 for a 1K picture makes 0.13 for one of 4K.
        let audited = try await archive.catalog.auditPage(EntryQuery(), [], after: nil).entries
        let price = try #require(Decimal(plain: "0.05"))
        let report = AuditReport(audited, pricing: Pricing(PriceList(base: Price(price, "USD"))))
        #expect(report.outputs.map(\.view.taskId) == [task])
        let money = try #require(report.summary.money)
        #expect(money.paid.plain == "0.13" && money.refund.plain == "0")
    }
}
