import ArchiveModel
import Archiver
import AsyncHTTPClient
import BlobStore
import Foundation
import GenerationAPI
import Networking
import Secrets
import Synchronization
import Testing

/// What RFC 9110, sections 8 and 14, lets a host answer that nobody asked for, byte by byte.
@Suite struct TransferTests {
    private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Array("0123456789abcdefghij".utf8)

    private static func answer(_ head: String, _ body: [UInt8] = []) -> [UInt8] {
        Array((head.replacing("\n", with: "\r\n") + "\r\n\r\n").utf8) + body
    }

    /// - Parameter answers: One after the other; the last one again and again.
    private func fetch(_ answers: [[UInt8]], limits: DownloadLimits = DownloadLimits()) async throws -> (
        Result<([UInt8], DownloadFacts), DownloadError>, [String]
    ) {
        let host = try RawHost { number, _ in answers[min(number, answers.count - 1)] }
        let archive = try TestArchive()
        let downloader = ResultDownloader(
            store: archive.blobs, policy: AddressPolicy(exceptions: [host.url.replacing("http://", with: "")]), limits: limits,
            clock: archive.clock)
        let result: Result<([UInt8], DownloadFacts), DownloadError>
        do {
            let download = try await downloader.fetch(ResultLink(host.url + "/x?sig=0123456789abcdef0123456789"))
            let digest = try await download.ingest.publish().digest
            let path = try #require(archive.files().first { $0.hasSuffix(digest.hex) })
            let bytes = Array(try #require(FileManager.default.contents(atPath: archive.path + "/" + path)))
            result = .success((bytes, download.facts))
        } catch let error as DownloadError {
            #expect(!error.detail.contains("0123456789abcdef"), "no message contains the query")
            #expect(archive.files().filter { $0.hasPrefix("ingest/") } == [], "a failed download leaves nothing")
            result = .failure(error)
        }
        await downloader.shutdown()
        return (result, host.requests)
    }

    /// Numbers below 100 are no status (RFC 9110, section 15), neither interim nor final.
    @Test(arguments: ["000", "001", "099"]) func anInvalidHTTPStatusFailsOnlyThatTry(_ status: String) async throws {
        let strange = Self.answer("HTTP/1.1 \(status) OK\nContent-Length: 0")
        let whole = Self.answer("HTTP/1.1 200 OK\nContent-Length: \(Self.png.count)", Self.png)
        let refused = try await fetch([strange]).0
        #expect(throws: DownloadError.self) { try refused.get() }
        let received = try await fetch([Self.answer("HTTP/1.1 100 Continue") + whole]).0
        #expect(try received.get().0 == Self.png)

        let host = try RawHost { _, _ in strange }
        let http = GenerationClient.makeHTTPClient()
        let client = GenerationClient(
            baseURL: host.url, key: try #require(APIKey(TestArchive.key)), http: http,
            clock: JumpClock(factor: 100), retry: RetryPolicy(attempts: 1))
        await #expect(throws: APIError.self) { try await client.task(try #require(TaskID("task-1"))) }
        #expect(host.requests.count == 1)
        try await http.shutdown()
    }

    /// By Python: `gzip.compress`, `zlib.compress`, `zlib.compressobj(wbits=-15)` and `brotli.compress` of `png` above.
    private static let gzip: [UInt8] = hex(
        "1f8b0800000000000203eb0cf073e7e592e23230343236313533b7b04c4c4a4e494d4bcfc8cc0200c47099351c000000")
    private static let zlib: [UInt8] = hex("789ceb0cf073e7e592e23230343236313533b7b04c4c4a4e494d4bcfc8cc0200608207ae")
    private static let raw: [UInt8] = hex("eb0cf073e7e592e23230343236313533b7b04c4c4a4e494d4bcfc8cc0200")
    private static let brotli: [UInt8] = hex("8b0d8089504e470d0a1a0a303132333435363738396162636465666768696a03")
    /// `zlib.compress(gzip.compress(png))`
    private static let both: [UInt8] = hex(
        "789c93efe660000126e6d73c1f8a9f3f9df4c8c8c0c4c8ccd0d478fb061f1f2f3f4f5feff327ce30311c2998692a03540700780c0fe4")

    private static func hex(_ text: String) -> [UInt8] {
        stride(from: 0, to: text.utf8.count, by: 2).compactMap { UInt8(text.dropFirst($0).prefix(2), radix: 16) }
    }

    @Test(arguments: [
        ("gzip", gzip), ("X-GZIP", gzip), ("deflate", zlib), ("deflate", raw), ("br", brotli), ("gzip, deflate", both),
        ("gzip\nContent-Encoding: deflate", both), ("identity", png), ("", png), ("gzip", png), ("br", png), ("deflate", png),
        ("gzip, gzip", gzip), ("gzip", gzip + [0, 0, 0]), ("aws-chunked", png), ("utf-8", png), ("zstd", png), ("image/png", png),
        ("gzip, aws-chunked", gzip),
    ])
    func anUnrequestedContentCodingIsDecoded(_ coding: String, _ body: [UInt8]) async throws {
        for length in ["Content-Length: \(body.count)\n", ""] {
            let head = "HTTP/1.1 200 OK\n\(length)Connection: close\nContent-Type: image/png\nContent-Encoding: \(coding)"
            let (result, requests) = try await fetch([Self.answer(head, body)])
            let (bytes, facts) = try result.get()
            #expect(bytes == Self.png)
            #expect(
                facts.headers["content-encoding"]?.lowercased() == coding.replacing("\nContent-Encoding:", with: ",").lowercased()
            )
            #expect(requests.count == 1)
        }
    }

    @Test(arguments: [
        ("gzip", Array("<html>a page</html>".utf8)),
        ("br", Array("<html>a page</html>".utf8)),
        ("gzip", Array(gzip.dropLast(9))), ("deflate", Array(zlib.dropLast(5))), ("br", Array(brotli.dropLast())), ("gzip", []),
    ])
    func anUndecodableContentCodingIsTheVendorsFault(_ coding: String, _ body: [UInt8]) async throws {
        let head = "HTTP/1.1 200 OK\nContent-Length: \(body.count)\nConnection: close\nContent-Encoding: \(coding)"
        let (result, _) = try await fetch([Self.answer(head, body)])
        let error = #expect(throws: DownloadError.self) { try result.get() }
        #expect(error?.cause == .vendor)
    }

    /// A limit of our own says nothing about the vendor.
    @Test(arguments: [("gzip,gzip,gzip", gzip), ("br, br", brotli)])
    func tooManyContentCodingsAreOurOwnLimit(_ coding: String, _ body: [UInt8]) async throws {
        let head = "HTTP/1.1 200 OK\nContent-Length: \(body.count)\nConnection: close\nContent-Encoding: \(coding)"
        let (result, _) = try await fetch([Self.answer(head, body)])
        let error = #expect(throws: DownloadError.self) { try result.get() }
        #expect(error?.code == .tooLarge && error?.cause == .ours)
    }

    /// `brotli.compress(bytes(64 << 20))`: 64 MB of zeros in 106 bytes.
    @Test func aCompressionBombEndsAtTheSizeLimit() async throws {
        let bomb = try #require(
            Data(
                base64Encoded:
                    "y///P/gnAOKxQCD3/o///3/wTwDEYRGA7v0f////4J8AiMMCAN37P/7//8E/ARCHBQC693/8//+DfwIgDgsAdO//+P//B/8EQBwWAOje//H//w/+CYA4LADQvf/j//8f/BMAcVgAoHv/Nw=="
            ))
        let head = "HTTP/1.1 200 OK\nContent-Length: \(bomb.count)\nConnection: close\nContent-Encoding: br"
        let (result, _) = try await fetch([Self.answer(head, Array(bomb))], limits: DownloadLimits(bytes: 1 << 20))
        let error = #expect(throws: DownloadError.self) { try result.get() }
        #expect(error?.code == .tooLarge)
    }

    @Test func aTransformedAnswerIsAccepted() async throws {
        let head = "HTTP/1.1 203 Non-Authoritative Information\nContent-Length: \(Self.png.count)\nConnection: close"
        #expect(try await fetch([Self.answer(head, Self.png)]).0.get().0 == Self.png)
    }

    /// Bodies that decode to nothing: neither the byte limit nor a clock sees them, so the work itself is bounded.
    ///
    /// The first by Python: `gzip.compress(member * (1 << 14), 9, mtime=0)` of the empty member below.
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            (
                "gzip, gzip",
                Array(
                    Data(
                        base64Encoded: """
                            H4sIAAAAAAACA+3IsQkAMAgAMMHFLzzYpwWhVzQZ01NxMuNp55xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPO\
                            Oeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPO\
                            Oeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPO\
                            Oeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPO\
                            Oeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPO\
                            Oeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPO\
                            Oeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPO\
                            Oeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPO\
                            Oeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPO\
                            Oeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPO\
                            Oeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPOOeecc84555xzzjnnnHPO\
                            Oeecc9/fAixIdfsAAAUA
                            """) ?? Data())
            ), ("gzip", Array([[UInt8]](repeating: emptyMember, count: 1 << 17).joined())),
            ("br", [0x0B] + [UInt8](repeating: 0x0C, count: 1 << 20)),
        ])
    func aBodyThatDecodesToNothingEndsQuickly(_ coding: String, _ body: [UInt8]) async throws {
        let head = "HTTP/1.1 200 OK\nContent-Length: \(body.count)\nConnection: close\nContent-Encoding: \(coding)"
        let (result, _) = try await fetch([Self.answer(head, body)], limits: DownloadLimits(bytes: 16 << 20))
        #expect(throws: DownloadError.self) { try result.get() }
    }

    private static let emptyMember: [UInt8] = hex("1f8b080000000000000303000000000000000000")

    private static func part(_ range: String, _ body: some Sequence<UInt8>, _ more: String = "") -> [UInt8] {
        let body = Array(body)
        return answer("HTTP/1.1 206 Partial Content\nContent-Length: \(body.count)\nConnection: close\(range)\(more)", body)
    }

    private static let tag = "\nETag: \"a\""

    @Test(
        arguments: [
            ("the whole", [part("\nContent-Range: bytes 0-27/28", png)], [nil]),
            (
                "a beginning with a strong tag",
                [
                    part("\nContent-Range: bytes 0-9/28", png[..<10], tag),
                    part("\nContent-Range: bytes 10-27/28", png[10...], tag),
                ],
                [nil, "bytes=10-"]
            ),
            (
                "three parts",
                [
                    part("\nContent-Range: bytes 0-9/28", png[..<10], tag),
                    part("\nContent-Range: bytes 10-19/28", png[10..<20], tag),
                    part("\nContent-Range: bytes 20-27/*", png[20...]),
                ], [nil, "bytes=10-", "bytes=20-"]
            ),
            (
                "a part in the middle without a length",
                [
                    part("\nContent-Range: bytes 0-9/28", png[..<10], tag),
                    part("\nContent-Range: bytes 10-19/*", png[10..<20], tag),
                    part("\nContent-Range: bytes 20-27/28", png[20...], tag),
                ], [nil, "bytes=10-", "bytes=20-"]
            ),
            (
                "a length that the host does not know",
                [
                    part("\nContent-Range: bytes 0-27/*", png, tag),
                    answer("HTTP/1.1 416 No\nContent-Length: 0\nContent-Range: bytes */28\nConnection: close"),
                ], [nil, "bytes=28-"]
            ),
            (
                "another total in between",
                [
                    part("\nContent-Range: bytes 0-9/28", png[..<10], tag),
                    part("\nContent-Range: bytes 10-29/30", png + [1, 2], tag),
                    answer("HTTP/1.1 200 OK\nContent-Length: 28\nConnection: close", png),
                ], [nil, "bytes=10-", nil]
            ),
            (
                "another tag in between",
                [
                    part("\nContent-Range: bytes 0-9/28", png[..<10], tag),
                    part("\nContent-Range: bytes 10-27/28", png[10...], "\nETag: \"b\""),
                    answer("HTTP/1.1 200 OK\nContent-Length: 28\nConnection: close", png),
                ], [nil, "bytes=10-", nil]
            ),
            (
                "a 200 to a request for the rest",
                [
                    part("\nContent-Range: bytes 0-9/28", png[..<10], tag),
                    answer("HTTP/1.1 200 OK\nContent-Length: 28\nConnection: close", png),
                ], [nil, "bytes=10-"]
            ),
            (
                "a file that has become shorter",
                [
                    part("\nContent-Range: bytes 0-9/28", png[..<10], tag),
                    answer("HTTP/1.1 416 No\nContent-Length: 0\nContent-Range: bytes */5\nConnection: close"),
                    answer("HTTP/1.1 200 OK\nContent-Length: 28\nConnection: close", png),
                ], [nil, "bytes=10-", nil]
            ),
            (
                "a coding on the rest",
                [
                    part("\nContent-Range: bytes 0-9/28", png[..<10], tag),
                    part("\nContent-Range: bytes 10-27/28", png[10...], "\nContent-Encoding: gzip"),
                    answer("HTTP/1.1 200 OK\nContent-Length: 28\nConnection: close", png),
                ], [nil, "bytes=10-", nil]
            ),
            (
                "trailers and a chunked body",
                [
                    answer(
                        "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nTrailer: X-Sum\nConnection: close",
                        Array("1c\r\n".utf8) + png + Array("\r\n0\r\nX-Sum: 1\r\n\r\n".utf8))
                ], [nil]
            ),
            (
                "early hints",
                [
                    answer("HTTP/1.1 103 Early Hints\nLink: </a>")
                        + answer("HTTP/1.1 200 OK\nContent-Length: 28\nConnection: close", png)
                ], [nil]
            ),
            ("a body that ends with the connection", [answer("HTTP/1.0 200 OK", png)], [nil]),
        ] as [(String, [[UInt8]], [String?])])
    func aPartialAnswerIsCompleted(_ name: String, _ answers: [[UInt8]], _ ranges: [String?]) async throws {
        let (result, requests) = try await fetch(answers)
        #expect(try result.get().0 == Self.png, "\(name)")
        let asked = requests.map { head in
            head.split(separator: "\r\n").first { $0.hasPrefix("range:") }.map { String($0.dropFirst(7)) }
        }
        #expect(asked == ranges, "\(name)")
        #expect(requests.allSatisfy { $0.contains("\r\nif-range: \"a\"\r\n") == $0.contains("\r\nrange:") })
    }

    @Test(arguments: [
        part("", png), part("\nContent-Range: bytes 5-27/28", png[5...]), part("\nContent-Range: bytes 0-9/28", png[..<10]),
        part("\nContent-Range: bytes 0-9/28", png[..<10], "\nETag: W/\"a\"\nLast-Modified: Sun, 22 Nov 2026 12:00:00 GMT"),
        part("\nContent-Range: bytes 0-9/5", png), part("\nContent-Range: bytes 0-99999999999999999999/28", png),
        part("\nContent-Range: items 0-27/28", png), part("\nContent-Range: bytes 0-20/28", png, tag),
        part("\nContent-Type: multipart/byteranges; boundary=x", Array("--x\r\n".utf8) + png),
        answer("HTTP/1.1 416 No\nContent-Length: 0\nContent-Range: bytes */28\nConnection: close"),
        answer("HTTP/1.1 200 OK\nContent-Length: 28\nContent-Length: 20\nConnection: close", png),
        answer("HTTP/1.1 200 OK\nContent-Length: 99999999999999999999\nConnection: close", png),
        answer("HTTP/1.1 200 OK\nContent-Length: 30\nConnection: close", png),
        answer("HTTP/1.1 204 No Content\nConnection: close"), answer("HTTP/1.1 205 Reset\nContent-Length: 0\nConnection: close"),
        answer("HTTP/1.1 304 Not Modified\nConnection: close"),
        answer("HTTP/1.1 300 Multiple Choices\nContent-Length: 0\nConnection: close"),
        answer("HTTP/1.1 302 Found\nContent-Length: 0\nConnection: close"),
        answer("HTTP/1.1 302 Found\nLocation: /x\nContent-Length: 0\nConnection: close"),
    ])
    func anInvalidPartialAnswerIsRefused(_ answer: [UInt8]) async throws {
        let (result, _) = try await fetch([answer])
        let error = #expect(throws: DownloadError.self) { try result.get() }
        #expect(error?.cause == .vendor)
    }

    /// The rest is whole by its length, its range and its tag, but it does not begin where the received bytes end.
    @Test(arguments: [9, 11]) func aRestFromAnotherPlaceIsNotAppended(_ start: Int) async throws {
        let (result, requests) = try await fetch([
            Self.part("\nContent-Range: bytes 0-9/28", Self.png[..<10], Self.tag),
            Self.part("\nContent-Range: bytes \(start)-27/28", Self.png[start...], Self.tag),
            Self.answer("HTTP/1.1 200 OK\nContent-Length: 28\nConnection: close", Self.png),
        ])
        #expect(try result.get().0 == Self.png)
        #expect(requests.count == 3, "the file is fetched from its beginning")
    }

    @Test func aPartThatDoesNotBeginTheFileIsRefusedAtOnce() async throws {
        let (result, requests) = try await fetch([
            Self.part("\nContent-Range: bytes 5-27/28", Self.png[5...], Self.tag),
            Self.part("\nContent-Range: bytes 23-27/28", Self.png[23...], Self.tag),
        ])
        #expect(throws: DownloadError.self) { try result.get() }
        #expect(requests.count == 1)
    }

    /// A position in a decoded file is none in the transfer, and the decoder's state is gone with the connection.
    @Test func aCodedTransferIsNotResumed() async throws {
        let head = "HTTP/1.1 200 OK\nContent-Length: \(Self.gzip.count)\nConnection: close\nContent-Encoding: gzip\(Self.tag)"
        let (result, requests) = try await fetch([Self.answer(head, Self.gzip.dropLast(9)), Self.answer(head, Self.gzip)])
        #expect(throws: DownloadError.self) { try result.get() }
        #expect(requests.count == 1)
    }

    @Test func lastModifiedIsUsedOnlyWhenItIsASecondOld() async throws {
        for (changed, isUsed) in [("12:00:00", true), ("12:00:09", true), ("12:00:10", false), ("12:00:11", false)] {
            let head = "\nContent-Range: bytes 0-9/28"
            let dates = "\nDate: Sun, 22 Nov 2026 12:00:10 GMT\nLast-Modified: Sun, 22 Nov 2026 \(changed) GMT"
            let (_, requests) = try await fetch([Self.part(head, Self.png[..<10], dates)])
            #expect(requests.contains { $0.contains("\r\nrange: bytes=10-\r\n") } == isUsed, "\(changed)")
        }
    }

    /// Some networks deliver a re-encoded copy to clients that name formats.
    @Test func theOriginalIsRequestedInNoOtherForm() async throws {
        let (_, requests) = try await fetch([Self.answer("HTTP/1.1 200 OK\nContent-Length: 28\nConnection: close", Self.png)])
        let head = try #require(requests.first)
        #expect(head.contains("\r\naccept: */*\r\n") && head.contains("\r\naccept-encoding: identity\r\n"))
        #expect(head.contains("\r\ncache-control: no-transform\r\n"))
    }

    @Test func fragmentsAreNotSentAndQueriesAreNotCarriedOver() async throws {
        let (result, requests) = try await fetch([
            Self.answer("HTTP/1.1 302 Found\nLocation: ../y#top\nContent-Length: 0\nConnection: close"),
            Self.answer("HTTP/1.1 200 OK\nContent-Length: 28\nConnection: close", Self.png),
        ])
        #expect(try result.get().1.url.hasSuffix("/y"))
        #expect(
            requests.map { String($0.prefix { $0 != "\r\n" }) } == [
                "get /x?sig=0123456789abcdef0123456789 http/1.1", "get /y http/1.1",
            ])
    }
}
