import ArchiveModel
import Archiver
import Foundation
import GenerationAPI
import HTTPTypes
import Hummingbird
import NIOCore
import Networking
import Synchronization
import Testing

/// A file of 100,000 bytes behind a connection that breaks off, and what was asked of its host.
private final class BreakingHost: Sendable {
    enum Answer: Sendable {
        /// The whole file, or what `Range` asks for when `If-Range` names it, cut off after so many bytes.
        case part(upTo: Int, tag: String)
        case wrongRange
        /// The whole file under too large a length, ended where it ends.
        case announcedTooLong
    }

    static let file = [UInt8]((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* $0 / 7) })
    private let answers: [Answer]
    private let requests = Mutex<[Request]>([])

    init(_ answers: [Answer]) { self.answers = answers }

    var ranges: [String?] { requests.withLock { $0.map { $0.headers[.range] } } }

    func respond(to request: Request) -> Response {
        let number = requests.withLock { requests in
            requests.append(request)
            return requests.count - 1
        }
        let size = Self.file.count
        switch answers[min(number, answers.count - 1)] {
        case .part(let limit, let tag):
            var start = 0
            if let range = request.headers[.range], request.headers[.ifRange] == tag || request.headers[.ifRange] == nil {
                start = Int(range.dropFirst(6).dropLast()) ?? 0
            }
            guard start < size else { return Response(status: .rangeNotSatisfiable, headers: [.contentRange: "bytes */\(size)"]) }
            return Self.cut(start: start, limit: limit, tag: tag)
        case .wrongRange:
            return Response(
                status: .partialContent, headers: [.contentRange: "bytes 0-9/\(size)"],
                body: .init(byteBuffer: ByteBuffer(bytes: Self.file[0..<10])))
        case .announcedTooLong:
            return Response(
                status: .ok, headers: [.eTag: "\"a\""],
                body: .init(contentLength: size + 50) { writer in
                    try await writer.write(ByteBuffer(bytes: Self.file))
                    throw CancellationError()
                })
        }
    }

    private static func cut(start: Int, limit: Int, tag: String) -> Response {
        var headers: HTTPFields = [.lastModified: "Sun, 22 Nov 2026 12:00:00 GMT"]
        if !tag.isEmpty { headers[.eTag] = tag }
        if start > 0 { headers[.contentRange] = "bytes \(start)-\(file.count - 1)/\(file.count)" }
        return Response(
            status: start > 0 ? .partialContent : .ok, headers: headers,
            body: .init(contentLength: file.count - start) { writer in
                try await writer.write(ByteBuffer(bytes: file[start..<max(start, min(limit, file.count))]))
                guard limit >= file.count else { throw CancellationError() }
                try await writer.finish(nil)
            })
    }
}

@Suite(.serialized) struct ResumptionTests {
    /// Of the file: `python3 -c "import hashlib; print(hashlib.sha256(bytes(i*i//7%256 for i in range(100000))).hexdigest())"`.
    private static let digest = "01319875d6e15a5a9e60cd5458762913889b2cd6e37a6341f2c2a39ea51b5934"

    private func fetch(_ answers: [BreakingHost.Answer]) async throws -> (Result<Download, DownloadError>, BreakingHost) {
        let host = BreakingHost(answers)
        let result = try await withStorageHost {
            host.respond(to: $0)
        } _: { url in
            let archive = try TestArchive()
            let downloader = ResultDownloader(
                store: archive.blobs, policy: AddressPolicy(exceptions: [url.replacing("http://", with: "")]),
                clock: archive.clock)
            let result: Result<Download, DownloadError>
            do {
                result = .success(try await downloader.fetch(ResultLink(url + "/x.png?sig=0123456789abcdef01234")))
            } catch let error as DownloadError {
                result = .failure(error)
                #expect(archive.files().filter { $0.hasPrefix("ingest/") } == [], "a failed download leaves nothing")
            }
            await downloader.shutdown()
            return result
        }
        return (result, host)
    }

    @Test func aBrokenDownloadResumesAndTheWholeFileIsHashed() async throws {
        let (result, host) = try await fetch([
            .part(upTo: 30_000, tag: "\"a\""), .part(upTo: 70_000, tag: "\"a\""), .part(upTo: 100_000, tag: "\"a\""),
        ])
        let download = try result.get()
        #expect(download.digest.hex == Self.digest)
        #expect(download.bytes == 100_000)
        // What had left the host when its connection broke need not all have come.
        let starts = host.ranges.map { Int($0?.dropFirst(6).dropLast() ?? "0") ?? -1 }
        #expect(starts.count == 3 && starts[0] == 0)
        #expect((1...30_000).contains(starts[1]))
        #expect((starts[1] + 1...70_000).contains(starts[2]))
        #expect(download.facts.headers["content-length"] == "100000", "the record describes the whole file")
    }

    @Test func aChangedFileIsFetchedFromTheBeginning() async throws {
        let (result, host) = try await fetch([.part(upTo: 30_000, tag: "\"a\""), .part(upTo: 100_000, tag: "\"b\"")])
        #expect(try result.get().digest.hex == Self.digest)
        #expect(host.ranges.count == 2)
    }

    @Test func lastModifiedIsUsedWithoutAnEntityTag() async throws {
        let (result, host) = try await fetch([.part(upTo: 30_000, tag: ""), .part(upTo: 100_000, tag: "")])
        #expect(host.ranges.count == 2 && host.ranges[1] != nil)
        #expect(try result.get().bytes == 100_000)
    }

    @Test func aWeakEntityTagDoesNotAllowResumption() async throws {
        let (result, host) = try await fetch([.part(upTo: 30_000, tag: "W/\"a\"")])
        #expect(throws: DownloadError.self) { try result.get() }
        #expect(host.ranges == [nil])
    }

    @Test func aTooLongContentLengthIsCorrectedByTheHost() async throws {
        let (result, host) = try await fetch([.announcedTooLong, .part(upTo: 100_000, tag: "\"a\"")])
        #expect(try result.get().digest.hex == Self.digest)
        // Another total means another file, unless all of it had come.
        #expect((2...3).contains(host.ranges.count))
    }

    @Test func aWrongRangeIsRefused() async throws {
        let (result, _) = try await fetch([.part(upTo: 30_000, tag: "\"a\""), .wrongRange])
        #expect(throws: DownloadError.self) { try result.get() }
    }

    @Test func aConnectionWithoutProgressIsGivenUp() async throws {
        let (result, host) = try await fetch([.part(upTo: 30_000, tag: "\"a\"")])
        #expect(throws: DownloadError.self) { try result.get() }
        #expect(host.ranges.count == 2)
    }

    @Test func a429PausesAllDownloadsOfTheHost() async throws {
        let asked = Mutex(0)
        try await withStorageHost { _ in
            asked.withLock { $0 += 1 }
            return Response(status: .tooManyRequests, headers: [.retryAfter: "240"])
        } _: { url in
            let archive = try TestArchive()
            let downloader = ResultDownloader(
                store: archive.blobs, policy: AddressPolicy(exceptions: [url.replacing("http://", with: "")]),
                clock: archive.clock)
            let first = await #expect(throws: DownloadError.self) { try await downloader.fetch(ResultLink(url + "/1")) }
            let second = await #expect(throws: DownloadError.self) { try await downloader.fetch(ResultLink(url + "/2")) }
            await downloader.shutdown()
            #expect(first?.code == .status(429))
            #expect(second?.code == .hostBusy)
            #expect(second?.retryAfter == first?.retryAfter)
        }
        #expect(asked.withLock { $0 } == 1)
    }
}
