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
    func set(_ url: String) { self.url = url }
}
