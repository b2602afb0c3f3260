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
import TestSupport
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
        "Bytes that cannot be decoded are kept byte for byte and marked",
        arguments: [
            Array("<!doctype html><title>Service unavailable</title>".utf8), [], Array(png.dropLast(40)),
            png.enumerated().map { $0.offset == png.count / 2 ? $0.element ^ 1 : $0.element }, Array("GIF89a".utf8),
        ])
    func undecodableBytesAreKeptAndMarked(_ file: [UInt8]) async throws {
        let (archive, entry) = try await archive(file)
        #expect(entry.state == .archived)
        #expect(entry.judgement?.verdict == .undecodable)
        #expect(entry.reason != nil)
        #expect(try await archive.blobs.contents(of: try #require(entry.original).digest).array == file)
        #expect(entry.thumbnail == nil)
        #expect(try await archive.verify().isClean)
    }

    /// One pixel, by hand after the GIF89a specification.
    private static let gif: [UInt8] =
        Array("GIF89a".utf8) + [
            1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B,
        ]

    @Test(
        "A whole file of another kind is kept with its own type at the first try",
        arguments: [
            (gif, "image/gif", "1x1"),
            (Array("<svg xmlns='http://www.w3.org/2000/svg' width='8' height='6'/>".utf8), "image/svg+xml", "8x6"),
            (Array("%PDF-1.7\n%%EOF\n".utf8), "application/pdf", nil),
        ] as [([UInt8], String, String?)])
    func aWholeFileOfAnotherKindIsKeptAtTheFirstTry(_ file: [UInt8], _ mediaType: String, _ size: String?) async throws {
        let (archive, entry) = try await archive(file)
        #expect(entry.state == .archived && entry.attempts == 1)
        #expect(entry.judgement?.verdict == .unread)
        #expect(entry.judgement?.delivered?.description == size)
        #expect(entry.original?.mediaType == mediaType)
        #expect(entry.reason?.contains("not decoded here") == true)
        #expect(entry.thumbnail == nil)
        #expect(try await archive.blobs.contents(of: try #require(entry.original).digest).array == file)
        let day = try #require(entry.createdAt)
        let record = try #require(try await archive.records.record(of: entry.id, day: day))
        #expect(record.decodeError == nil && record.unread?.reason == entry.reason)
        #expect(try await archive.catalog.rowRecord(of: entry.id)?.unread == record.unread)
        #expect(try await archive.catalog.retry(nil, now: archive.clock.now) == [])
        #expect(try await archive.verify().isClean)
    }

    @Test func aWholePictureIsDecodedAtTheFirstTry() async throws {
        let (_, entry) = try await archive(Self.png)
        #expect(entry.judgement?.verdict == .unrequested)
        #expect(entry.attempts == 1)
    }

    @Test func aTooLargeFileIsListedWithItsSetting() async throws {
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

    @Test func otherFailuresDoNotUseUpTheTriesForAPage() async throws {
        let page = Array("<html>busy</html>".utf8)
        let bad: [(HTTPResponse.Status, [UInt8])] = [
            (.badGateway, []), (.badGateway, []), (.ok, page), (.serviceUnavailable, []), (.badGateway, []), (.ok, page),
        ]
        let (_, _, entry) = try await archive(inTurn: bad + [(.ok, Self.png)])
        #expect(entry?.judgement?.verdict == .unrequested)
        #expect(entry?.attempts == 7)
    }

    @Test func anOutputFiledByAnEarlierRunIsNotFetchedAgain() async throws {
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
        let report = try await archive.verify()
        #expect(report.isClean, "\(report.findings)")
    }

    /// A record of this task's picture, as an earlier run wrote it.
    private static func record(_ archive: TestArchive, _ task: TaskID, _ created: Date) throws -> ArchiveRecord {
        ArchiveRecord(
            id: OutputID(task: task, index: 0), state: .archived, source: "test", discoveredAt: archive.clock.now,
            createdAt: created, deadline: created.addingTimeInterval(86400), endedAt: archive.clock.now, attempts: 1,
            request: nil,
            taskJSON: nil)
    }

    @Test func aRequestRegisteredAfterTheRecordIsStillJudged() async throws {
        let (archive, _, entry) = try await archive(inTurn: [(.gone, [])]) { archive, task, created in
            let blob = try await archive.blobs.put(Self.png)
            var record = try Self.record(archive, task, created)
            record.original = BlobReference(digest: blob.digest, bytes: blob.bytes, mediaType: "image/png")
            record.judgement = SizeContract.gptImage2.judge(delivered: PixelSize(width: 96, height: 64), request: nil)
            try await archive.records.write(record)
            let request = RecordedRequest(model: "gpt-image-2", prompt: "p", size: "1024x1024")
            _ = try await archive.catalog.register(
                [TaskRegistration(id: task, source: "test", request: request)], now: archive.clock.now)
        }
        #expect(entry?.request?.size == "1024x1024")
        #expect(entry.map { $0.judgement?.verdict != .unrequested } == true)
        let report = try await archive.verify()
        #expect(report.isClean, "\(report.findings)")
    }

    @Test func anOutputLostAgainStillNamesItsOriginal() async throws {
        let lost = BlobReference(
            digest: try #require(Digest(String(repeating: "5a", count: 32))), bytes: 7, mediaType: "image/png")
        let (archive, _, entry) = try await archive(inTurn: [(.gone, [])]) { archive, task, created in
            var record = try Self.record(archive, task, created)
            record.state = .unavailable
            record.reason = "its original was damaged"
            record.original = lost
            record.thumbHash = "00"
            try await archive.records.write(record)
        }
        #expect(entry?.state == .unavailable)
        #expect(entry?.reason?.contains("410") == true)
        let id = try #require(entry?.id)
        let record = try await archive.records.record(of: id, day: try #require(entry?.createdAt))
        #expect(record?.original == lost)
        #expect(record?.thumbHash == "00")
        #expect(record?.reason == entry?.reason)
    }

    @Test func anUnreadableLinkIsRequestedAgain() async throws {
        let (_, summary, entry) = try await archive(inTurn: [(.ok, Self.png)]) { archive, task, created in
            _ = try await archive.catalog.register([TaskRegistration(id: task, source: "test")], now: archive.clock.now)
            let lease = try #require(
                try await archive.catalog.leaseTasks(
                    limit: 1, now: archive.clock.now, until: archive.clock.now.addingTimeInterval(60)
                ).first)
            let answer = TaskOutcome.resolved(
                results: .links([""]), createdAt: created, deadline: nil, model: nil, reason: nil, json: .null)
            try await archive.catalog.finish(lease, answer, now: archive.clock.now)
        }
        #expect(summary.archived == 1)
        #expect(entry?.attempts == 1)
    }

    @Test func aBadKeyAndADeadLinkEndTheRunAndKeepTheOutput() async throws {
        let (archive, summary, entry) = try await archive(inTurn: [(.gone, [])], known: false) { archive, task, _ in
            _ = try await archive.catalog.register([TaskRegistration(id: task, source: "test")], now: archive.clock.now)
            let lease = try #require(
                try await archive.catalog.leaseTasks(
                    limit: 1, now: archive.clock.now, until: archive.clock.now.addingTimeInterval(60)
                ).first)
            let answer = TaskOutcome.resolved(
                results: .links(["http://127.0.0.1:9/1.png?sig=abcdefgh"]), createdAt: archive.clock.now, deadline: nil,
                model: nil,
                reason: nil, json: .null)
            try await archive.catalog.finish(lease, answer, now: archive.clock.now)
            _ = try await archive.catalog.register(
                [TaskRegistration(id: try #require(TaskID("t-2")), source: "test")], now: archive.clock.now)
        }
        #expect(summary.stopReason?.contains("401") == true)
        #expect(entry?.state == .waiting)
        #expect(try await archive.catalog.status(now: archive.clock.now).tasks[.held] == 1)
    }

    /// Delivers `first` until it is accepted, then `second` to a retry.
    private func retried(_ first: [UInt8], _ second: (HTTPResponse.Status, [UInt8])) async throws -> (TestArchive, OutputEntry) {
        let archive = try TestArchive()
        let task = try #require(TaskID("t-1"))
        let address = HostAddress()
        let created = Int(archive.clock.now.timeIntervalSince1970) - 60
        try await withStorageHost { request in
            guard request.uri.path.hasPrefix("/v1/") else {
                let isRetry = await address.isRetry
                return Response(
                    status: isRetry ? second.0 : .ok, body: .init(byteBuffer: ByteBuffer(bytes: isRetry ? second.1 : first)))
            }
            return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: await address.answer(created))))
        } _: { host in
            await address.set(host)
            try await archive.run(host, tasks: [TaskRegistration(id: task, source: "test")])
            #expect(try await archive.catalog.entries(EntryQuery()).first?.judgement?.verdict == .undecodable)
            #expect(try await archive.catalog.retry(nil, now: archive.clock.now) == [task])
            await address.beginRetry()
            try await archive.run(host)
        }
        return (archive, try #require(try await archive.catalog.entries(EntryQuery()).first))
    }

    @Test func aRetryReplacesABrokenDeliveryAndKeepsItsBytes() async throws {
        let broken = Array(Self.png.dropLast(40))
        let (archive, entry) = try await retried(broken, (.ok, Self.png))
        #expect(entry.judgement?.verdict == .unrequested)
        let day = try #require(entry.createdAt)
        let record = try #require(try await archive.records.record(of: entry.id, day: day))
        #expect(record.decodeError == nil)
        let earlier = try #require(record.earlierOriginals?.first)
        #expect(try await archive.blobs.contents(of: earlier.digest).array == broken)
        #expect(try await archive.verify().isClean)
    }

    @Test func aFailedRetryKeepsTheEarlierDelivery() async throws {
        let broken = Array(Self.png.dropLast(40))
        let (archive, entry) = try await retried(broken, (.gone, []))
        #expect(entry.state == .archived)
        #expect(entry.judgement?.verdict == .undecodable)
        let original = try #require(entry.original)
        #expect(try await archive.blobs.contents(of: original.digest).array == broken)
        #expect(try await archive.verify().isClean)
    }

    @Test func aLossIsFinalOnlyAfterRefusalsPastTheDeadline() async throws {
        let (archive, entry) = try await archive([], status: .gone)
        #expect(entry.state == .unavailable)
        #expect(entry.cause == .vendor)
        #expect((20...120).contains(entry.attempts))
        let deadline = try #require(entry.deadline)
        #expect(try #require(entry.endedAt) >= deadline.addingTimeInterval(600))
        #expect(entry.reason?.contains("410") == true)
        #expect(archive.files(holding: "abcdefgh") == [])
    }
}

private actor HostAddress {
    private(set) var url = ""
    private(set) var isRetry = false
    private var answers = 0

    func beginRetry() { isRetry = true }

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
