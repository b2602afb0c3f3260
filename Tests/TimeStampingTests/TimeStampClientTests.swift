import ArchiveModel
import ContentCredentials
import Foundation
import TestSupport
import Testing
import TimeStamping

@Suite("Time stamps of an authority")
struct TimeStampClientTests {
    private static let root = Digest(of: "a root")

    @Test func aTokenIsRightByOpenSSLToo() async throws {
        let authority = try TimeStampAuthority()
        let stamp = try await TimeStampClient(authority.url).stamp(over: Self.root)
        #expect(stamp.authority == "Test TSA")
        #expect(abs(stamp.time.timeIntervalSinceNow) < 60)
        let file = authority.folder + "/token.tst"
        try Data(stamp.der).write(to: URL(filePath: file))
        let verdict = try shell(
            "openssl ts -verify -digest \(Self.root) -token_in -in '\(file)' -CAfile '\(authority.root)' 2>&1")
        #expect(verdict.contains("Verification: OK"))
        // It is read again from the disk, and is of this root alone.
        #expect(try TimeStamp(token: stamp.der, sha256: Self.root.bytes) == stamp)
        #expect(throws: CertificateError.self) { try TimeStamp(token: stamp.der, sha256: Digest(of: "another").bytes) }
        var forged = stamp.der
        forged[forged.count - 1] ^= 1
        #expect(throws: CertificateError.self) { try TimeStamp(token: forged, sha256: Self.root.bytes) }
    }

    /// Parsed by another program: SHA-256, the hash, a nonce, and the wish for the certificate.
    @Test func theRequestIsAsTheStandardDemands() async throws {
        let folder = FileManager.default.temporaryDirectory.path
        let file = "\(folder)/query-\(UUID().uuidString).tsq"
        defer { try? FileManager.default.removeItem(atPath: file) }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20 {
            let request = TimeStampRequest(sha256: Self.root.bytes, using: &generator)
            try Data(request.der).write(to: URL(filePath: file))
            let text = try shell("openssl ts -query -in '\(file)' -text")
            #expect(text.contains("Version: 1") && text.contains("Hash Algorithm: sha256"))
            #expect(text.contains("Certificate required: yes") && text.contains("Nonce: 0x"))
        }
    }

    @Test(arguments: [
        ("refuse", "refused"), ("garbage", "does not count"), ("long", "can't be reached"), ("moved", "status 302"),
        ("down", "status 503"),
    ])
    func anAnswerThatDoesNotCountIsNamed(_ path: String, _ word: String) async throws {
        let authority = try TimeStampAuthority()
        let client = try TimeStampClient(authority.url + path)
        let error = await #expect(throws: TimeStampError.self) { _ = try await client.stamp(over: Self.root) }
        #expect(error?.description.contains(word) == true, "\(String(describing: error))")
    }

    @Test func anOldAnswerIsRefused() async throws {
        let authority = try TimeStampAuthority()
        let client = try TimeStampClient(authority.url + "replay")
        _ = try await client.stamp(over: Self.root)
        let error = await #expect(throws: TimeStampError.self) { _ = try await client.stamp(over: Self.root) }
        #expect(error?.description.contains("another request") == true)
    }

    @Test func noKeyIsSentAndNobodyIsNoAuthority() async throws {
        let authority = try TimeStampAuthority()
        _ = try await TimeStampClient(authority.url).stamp(over: Self.root)
        #expect(authority.requests.lowercased().contains("content-type: application/timestamp-query"))
        #expect(!authority.requests.lowercased().contains("authorization"))
        authority.stop()
        let client = try TimeStampClient(authority.url)
        let error = await #expect(throws: TimeStampError.self) { _ = try await client.stamp(over: Self.root) }
        #expect(error?.description.contains("can't be reached") == true)
    }

    @Test(arguments: ["http://tsa.example/", "ftp://tsa.example/", "", "https://user@tsa.example/"])
    func anAddressThatIsNotSafeIsRefused(_ address: String) {
        #expect(throws: TimeStampError.self) { try TimeStampClient(address) }
    }

    @Test func plainHTTPNeedsLoopbackOrPermission() throws {
        for address in ["http://127.0.0.1:1/", "http://[::1]/tsr", "http://localhost/tsr", "https://tsa.example/tsr"] {
            _ = try TimeStampClient(address)
        }
        _ = try TimeStampClient("http://tsa.example/", allowsPlainHTTP: true)
    }
}
