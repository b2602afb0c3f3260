import ArchiveModel
import Archiver
import BlobStore
import Catalog
import Foundation
import Hummingbird
import ImageCodecs
import NIOCore
import SizeContract
import SyntheticPictures
import Testing
import Upkeep

/// What becomes of deliveries that are no whole picture, from an upstream and a storage host that always deliver the same.
@Suite(.serialized) struct DeliveryTests {
    private func archive(
        _ file: [UInt8], status: HTTPResponse.Status = .ok, limits: DownloadLimits = DownloadLimits()
    ) async throws -> (TestArchive, OutputEntry) {
        let archive = try TestArchive()
        let task = try #require(TaskID("t-1"))
        let address = HostAddress()
        try await withStorageHost { request in
            guard request.uri.path.hasPrefix("/v1/") else {
                return Response(status: status, body: .init(byteBuffer: ByteBuffer(bytes: file)))
            }
            let created = Int(archive.clock.now.timeIntervalSince1970) - 60
            let answer =
                #"{"id":"t-1","status":"completed","created":\#(created),"results":["\#(await address.url)/1.png?sig=abcdefgh"]}"#
            return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: answer)))
        } _: { host in
            await address.set(host)
            try await archive.run(host, tasks: [TaskRegistration(id: task, source: "test")], limits: limits)
        }
        return (archive, try #require(try await archive.catalog.entries(EntryQuery()).first))
    }

    private static let png: [UInt8] = (try? SyntheticPicture.make(width: 96, height: 64, seed: 1, as: .png)) ?? []

    @Test(
        "what does not decode is kept byte for byte and marked",
        arguments: [
            Array("<!doctype html><title>Service unavailable</title>".utf8), [], Array(png.dropLast(40)),
            png.enumerated().map { $0.offset == png.count / 2 ? $0.element ^ 1 : $0.element }, Array("GIF89a".utf8),
        ])
    func undecodable(_ file: [UInt8]) async throws {
        let (archive, entry) = try await archive(file)
        #expect(entry.state == .archived)
        #expect(entry.judgement?.verdict == .undecodable)
        #expect(entry.reason != nil)
        #expect(try await archive.blobs.contents(of: try #require(entry.original).digest).array == file)
        #expect(entry.thumbnail == nil)
        #expect(try await archive.verify().isClean)
    }

    @Test func aWholePictureBesideIsDecoded() async throws {
        let (_, entry) = try await archive(Self.png)
        #expect(entry.judgement?.verdict == .unrequested)
        #expect(entry.attempts == 1)
    }

    @Test func aFileThatIsTooLargeIsListedWithTheSettingThatAllowsIt() async throws {
        var limits = DownloadLimits()
        limits.bytes = 100
        let (_, entry) = try await archive(Self.png, limits: limits)
        #expect(entry.state == .unavailable)
        #expect(entry.reason?.contains("--max-bytes") == true)
    }

    /// Answers in turn, the last for ever; the task is always the same.
    private func archive(
        inTurn answers: [(HTTPResponse.Status, [UInt8])], known: Bool = true,
        _ before: (TestArchive, TaskID, Date) async throws -> Void = { _, _, _ in }
    ) async throws -> (TestArchive, ArchiveSummary, OutputEntry?) {
        let archive = try TestArchive()
        let task = try #require(TaskID("t-1"))
        let created = Int(archive.clock.now.timeIntervalSince1970) - 60
        try await before(archive, task, Date(timeIntervalSince1970: TimeInterval(created)))
        let address = HostAddress()
        let summary = try await withStorageHost { request in
            guard request.uri.path.hasPrefix("/v1/") else {
                let number = await address.next()
                let answer = answers[min(number, answers.count - 1)]
                return Response(status: answer.0, body: .init(byteBuffer: ByteBuffer(bytes: answer.1)))
            }
            guard known else { return Response(status: .unauthorized) }
            return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: await address.answer(created))))
        } _: { host in
            await address.set(host)
            return try await archive.run(host, tasks: [TaskRegistration(id: task, source: "test")])
        }
        return (archive, summary, try await archive.catalog.entries(EntryQuery()).first)
    }

    @Test func failuresOfOtherKindsDoNotUseUpTheChancesOfAPage() async throws {
        let page = Array("<html>busy</html>".utf8)
        let bad: [(HTTPResponse.Status, [UInt8])] = [
            (.badGateway, []), (.badGateway, []), (.ok, page), (.serviceUnavailable, []), (.badGateway, []), (.ok, page),
        ]
        let (_, _, entry) = try await archive(inTurn: bad + [(.ok, Self.png)])
        #expect(entry?.judgement?.verdict == .unrequested)
        #expect(entry?.attempts == 7)
    }

    @Test func whatAnEarlierRunFiledIsEnteredAndNotFetchedAgain() async throws {
        let (archive, summary, entry) = try await archive(inTurn: [(.gone, [])]) { archive, task, created in
            // A run that was killed between the record and the catalog row.
            let blob = try await archive.blobs.put(Self.png)
            var record = ArchiveRecord(
                id: OutputID(task: task, index: 0), state: .archived, source: "test", discoveredAt: archive.clock.now,
                createdAt: created,
                deadline: created.addingTimeInterval(86400),
                endedAt: archive.clock.now, attempts: 1, request: nil, taskJSON: nil)
            record.original = BlobReference(digest: blob.digest, bytes: blob.bytes, mediaType: "image/png")
            record.judgement = SizeContract.gptImage2.judge(delivered: PixelSize(width: 96, height: 64), request: nil)
            try await archive.records.write(record)
        }
        #expect(summary.archived == 1)
        #expect(entry?.state == .archived)
        // The record above was made by hand, and tells less of its task than the row.
        #expect(try await archive.verify().findings.map(\.kind) == [.differingRow])
    }

    @Test func aBadKeyAndAGoneLinkEndTheRunAndKeepTheOutput() async throws {
        let (archive, summary, entry) = try await archive(inTurn: [(.gone, [])], known: false) { archive, task, _ in
            _ = try await archive.catalog.register([TaskRegistration(id: task, source: "test")], now: archive.clock.now)
            let lease = try #require(
                try await archive.catalog.leaseTasks(
                    limit: 1, now: archive.clock.now, until: archive.clock.now.addingTimeInterval(60)
                ).first)
            let answer = TaskOutcome.resolved(
                links: ["http://127.0.0.1:9/1.png?sig=abcdefgh"], createdAt: archive.clock.now, deadline: nil, model: nil,
                json: .null)
            try await archive.catalog.finish(lease, answer, now: archive.clock.now)
            _ = try await archive.catalog.register(
                [TaskRegistration(id: try #require(TaskID("t-2")), source: "test")], now: archive.clock.now)
        }
        #expect(summary.stopReason?.contains("401") == true)
        #expect(entry?.state == .waiting)
        #expect(try await archive.catalog.status(now: archive.clock.now).tasks[.held] == 1)
    }

    @Test func anExpiredLinkIsBelievedOnlyAfterFreshOnesAreGoneToo() async throws {
        let (archive, entry) = try await archive([], status: .gone)
        #expect(entry.state == .unavailable)
        #expect(entry.attempts == 3)
        #expect(entry.reason?.contains("410") == true)
        #expect(archive.files(holding: "abcdefgh") == [])
    }
}

private actor HostAddress {
    private(set) var url = ""
    private var answers = 0

    func set(_ url: String) { self.url = url }

    /// How many files were asked for before this one.
    func next() -> Int {
        defer { answers += 1 }
        return answers
    }

    /// The task, completed, with one result.
    func answer(_ created: Int) -> String {
        #"{"id":"t-1","status":"completed","created":\#(created),"results":["\#(url)/1.png?sig=abcdefgh"]}"#
    }
}
