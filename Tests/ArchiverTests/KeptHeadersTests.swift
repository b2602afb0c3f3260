import ArchiveModel
import Archiver
import BlobStore
import Foundation
import Networking
import Testing

/// The headers of a result host's answer, as the record keeps them.
@Suite struct KeptHeadersTests {
    private func kept(_ headers: [String]) async throws -> [String: String] {
        let lines = headers.map { "\($0)\r\n" }.joined()
        let answer = Array("HTTP/1.1 200 OK\r\n\(lines)Content-Length: 1\r\nConnection: close\r\n\r\nx".utf8)
        let host = try RawHost { _, _ in answer }
        let archive = try TestArchive()
        let downloader = ResultDownloader(
            store: archive.blobs, policy: AddressPolicy(exceptions: [host.url.replacing("http://", with: "")]),
            clock: archive.clock)
        let download = try? await downloader.fetch(ResultLink(host.url + "/x?sig=s3cr3t-signature"))
        await download?.ingest.discard()
        await downloader.shutdown()
        return try #require(download).facts.headers
    }

    @Test func atMost64HeadersOf2000CharactersAreKept() async throws {
        let headers = try await kept(
            (0..<200).map { "X-\($0): \($0) " + String(repeating: "http", count: 2000) }
                + ["Set-Cookie: a=b", "X-\(String(repeating: "n", count: 3000)): y"])
        #expect(headers.count == 64)
        #expect(headers["x-0"] == String(("0 " + String(repeating: "http", count: 2000)).prefix(2000)))
        #expect(headers["x-63"] != nil && headers["x-64"] == nil)
    }

    @Test func aLongHeaderNameIsCut() async throws {
        let headers = try await kept(["X-\(String(repeating: "n", count: 3000)): y"])
        #expect(headers["x-" + String(repeating: "n", count: 98)] == "y")
    }

    /// Each signature that is removed makes the text shorter, and the last one is cut in two.
    @Test func noPartOfASignatureRemainsAtACut() async throws {
        let many = String(repeating: "s3cr3t-signature ", count: 1000)
        let late = String(repeating: "a", count: 1995) + "s3cr3t-signature and more" + String(repeating: "b", count: 4000)
        let headers = try await kept(["X-Many: \(many)", "X-Late: \(late)"])
        #expect(headers.values.allSatisfy { !$0.contains("s3cr3t") && !$0.contains("s3c") })
        #expect(headers["x-many"]?.hasPrefix("[removed] [removed] ") == true)
        // 1,995 + 261 characters are read, the removal makes them 7 shorter, and the last 256 are left out.
        #expect(headers["x-late"] == String(repeating: "a", count: 1993))
    }
}
