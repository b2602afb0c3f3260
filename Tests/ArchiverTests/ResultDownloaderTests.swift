import ArchiveModel
import Archiver
import BlobStore
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Networking
import Synchronization
import Testing

private func redirect(_ location: String) -> Response {
    Response(status: .found, headers: [.location: location])
}

private func bytes(_ text: String, _ headers: HTTPFields = [:]) -> Response {
    Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text)))
}

@Suite(.serialized) struct ResultDownloaderTests {
    private func fetch(
        _ link: String, host: String, limits: DownloadLimits = DownloadLimits(), policy: AddressPolicy? = nil
    ) async throws -> (Download, TestArchive) {
        let archive = try TestArchive()
        let address = host.replacing("http://", with: "")
        let downloader = ResultDownloader(
            store: archive.blobs, policy: policy ?? AddressPolicy(exceptions: [address]), limits: limits, clock: archive.clock)
        do {
            let download = try await downloader.fetch(ResultLink(link))
            await downloader.shutdown()
            return (download, archive)
        } catch {
            await downloader.shutdown()
            #expect(archive.files().filter { $0.hasPrefix("ingest/") } == [], "a failed download leaves nothing")
            throw error
        }
    }

    private func failure(_ link: String, host: String, limits: DownloadLimits = DownloadLimits(), policy: AddressPolicy? = nil)
        async -> DownloadError?
    {
        do {
            _ = try await fetch(link, host: host, limits: limits, policy: policy)
            return nil
        } catch {
            return error as? DownloadError
        }
    }

    @Test func aDownloadHasItsDigestAndHeadersWithoutSecrets() async throws {
        let seen = Mutex<Request?>(nil)
        try await withStorageHost { request in
            seen.withLock { $0 = request }
            return bytes(
                "hello", [.contentType: "image/png", .setCookie: "id=1", .server: "file of /a.png?sig=s3cr3t-signature"])
        } _: { host in
            let (download, archive) = try await fetch(host + "/a.png?sig=s3cr3t-signature", host: host)
            // printf hello | sha256sum
            #expect(download.digest.hex == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
            #expect(download.bytes == 5)
            #expect(download.facts.url == host + "/a.png")
            #expect(download.facts.headers["content-type"] == "image/png")
            #expect(download.facts.headers["set-cookie"] == nil)
            #expect(download.facts.headers.values.allSatisfy { !$0.contains("s3cr3t") })
            let request = try #require(seen.withLock { $0 })
            #expect(request.headers[.authorization] == nil)
            #expect(request.headers[.userAgent]?.hasPrefix("Fixative/") == true)
            #expect(try await archive.blobs.listing().isEmpty, "nothing is published before its inspection")
        }
    }

    /// A host may repeat the signature of one address in the headers, the name or the path of another, in either spelling.
    @Test func signaturesOfAllHopsAreRedacted() async throws {
        let (first, second) = ("/FIRST+signature/of 24", "second-signature-of-25-ch")
        let (written, short) = ("%2FFIRST%2Bsignature%2Fof%2024", "sh0rt-sig")
        try await withStorageHost { request in
            switch request.uri.path {
            case "/a.png": return redirect("/\(written)/b.png?x=\(second)&token=\(short)")
            case "/lost.png": return redirect("http://\(second).invalid/c.png")
            default:
                var headers: HTTPFields = [.contentType: "image/png", .server: "of \(written), \(first), then \(second)"]
                if let name = HTTPField.Name("x-\(second)-\(short)") { headers[name] = "1" }
                return bytes("hello", headers)
            }
        } _: { host in
            let (download, _) = try await fetch(host + "/a.png?sig=\(written)&type=image%2Fpng", host: host)
            let facts = "\(download.facts)"
            #expect(download.facts.headers["content-type"] == "image/png")
            #expect(download.facts.url.hasSuffix("/b.png"))
            for secret in [first, written, second, short] { #expect(!facts.contains(secret), "\(secret): \(facts)") }
            let error = await failure(
                host + "/lost.png?sig=\(second)", host: host, policy: AddressPolicy(allowsPrivateHosts: true))
            #expect(error?.detail.contains(second) == false, "\(error?.detail ?? "no error")")
        }
    }

    @Test func atMostFiveRedirectsAreFollowed() async throws {
        try await withStorageHost { request in
            let number = Int(request.uri.path.dropFirst()) ?? 0
            return number == 0 ? bytes("there") : redirect(number.isMultiple(of: 2) ? "/\(number - 1)" : "\(number - 1)")
        } _: { host in
            let arrived = try await fetch(host + "/5", host: host).0
            #expect(arrived.facts.redirects == 5)
            #expect(await failure(host + "/6", host: host)?.code == .redirects)
        }
    }

    @Test func aRedirectIsCheckedLikeTheLinkItself() async throws {
        let targets = [
            "http://127.0.0.1:9/x", "https://10.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/latest",
            "https://u:p@93.184.216.34/x", "https://localhost/x",
        ]
        try await withStorageHost { request in
            redirect(targets[Int(request.uri.path.dropFirst()) ?? 0])
        } _: { host in
            for index in targets.indices {
                #expect(await failure(host + "/\(index)", host: host)?.code == .refusedAddress, "\(targets[index])")
            }
        }
    }

    @Test(
        "Links to private addresses are refused before a byte is sent",
        arguments: [
            "http://files.example/x", "https://127.0.0.1/x", "https://127.1/x", "https://2130706433/x", "https://0x7f.1/x",
            "https://10.1.2.3/x", "https://[::ffff:127.0.0.1]/x", "https://LocalHost/x", "https://user:pass@93.184.216.34/x",
        ])
    func linksToPrivateAddressesAreRefused(_ link: String) async throws {
        #expect(await failure(link, host: "", policy: AddressPolicy())?.code == .refusedAddress)
    }

    @Test(
        "An unusable link, or a redirect to one, is the vendor's fault",
        arguments: [
            "ftp://a/x", "nonsense", "https:nonsense", "https://93.184.216.34:70000/x", "https://93.184.216.34:0/x",
            "https://[::1%25eth0]/x", "https:///x", "file:///etc/passwd", "data:", "data:image/png;base64,A",
        ])
    func anUnusableLinkIsTheVendorsFault(_ link: String) async throws {
        let error = try #require(await failure(link, host: "", policy: AddressPolicy()))
        #expect(error.code == .unusableLink)
        #expect(error.cause == .vendor)
        guard link != "nonsense" else { return }
        try await withStorageHost { _ in
            redirect(link)
        } _: { host in
            #expect(await failure(host + "/x", host: host)?.code == .unusableLink)
        }
    }

    @Test(arguments: [
        ("data:image/png;base64,aGVsbG8=", "data:image/png"), (" DATA:Image/PNG;Base64,aGVs%62G8\n", "data:image/png"),
        ("data:,hel%6Co", "data:text/plain"), ("data:image/webp;charset=utf-8;base64,aGVs bG8", "data:image/webp"),
    ])
    func aDataLinkIsStoredLikeADownload(_ link: String, _ shown: String) async throws {
        let download = try await fetch(link, host: "").0
        // printf hello | sha256sum
        #expect(download.digest.hex == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
        #expect(download.facts.url == shown)
        #expect(download.facts.headers == ["content-type": String(shown.dropFirst(5))])
    }

    @Test func aDataLinkObeysTheSizeLimit() async throws {
        let small = DownloadLimits(bytes: 5)
        #expect(try await fetch("data:,12345", host: "", limits: small).0.bytes == 5)
        let error = await failure("data:,123456", host: "", limits: small)
        #expect(error?.code == .tooLarge)
        #expect(error?.cause == .ours)
    }

    @Test func aRetryBypassesCaches() async throws {
        let seen = Mutex<[String?]>([])
        try await withStorageHost { request in
            let pragma = request.headers.first { $0.name.canonicalName == "pragma" }?.value
            seen.withLock { $0 += [request.headers[.cacheControl], pragma] }
            return bytes("x")
        } _: { host in
            let archive = try TestArchive()
            let policy = AddressPolicy(exceptions: [host.replacing("http://", with: "")])
            let downloader = ResultDownloader(store: archive.blobs, policy: policy, clock: archive.clock)
            _ = try await downloader.fetch(ResultLink(host + "/x"))
            _ = try await downloader.fetch(ResultLink(host + "/x"), isRetry: true)
            await downloader.shutdown()
        }
        #expect(seen.withLock { $0 } == ["no-transform", nil, "no-cache, no-transform", "no-cache"])
    }

    @Test func aConnectionToAPrivateAddressIsRefused() async throws {
        // The policy lets the name through, as a name would whose answer changes between two look-ups.
        try await withStorageHost { _ in
            bytes("secret")
        } _: { host in
            let port = try #require(URL(string: host)?.port)
            let policy = AddressPolicy(exceptions: ["localhost:\(port)"])
            let allowed = try await fetch("http://localhost:\(port)/x", host: host, policy: policy).0
            #expect(allowed.bytes == 6)
            #expect(await failure("http://127.0.0.1:\(port)/x", host: host, policy: policy)?.code == .refusedAddress)
        }
    }

    @Test(
        arguments: [(404, .gone(404)), (403, .gone(403)), (410, .gone(410)), (500, .status(500)), (418, .status(418))]
            as [(Int, DownloadError.Code)])
    func anErrorStatusIsReportedWithItsCode(_ status: Int, _ code: DownloadError.Code) async throws {
        try await withStorageHost { _ in
            Response(status: .init(code: status), headers: [.retryAfter: "5"])
        } _: { host in
            let error = try #require(await failure(host + "/x?sig=1234567", host: host))
            #expect(error.code == code)
            #expect(!error.description.contains("sig"))
        }
    }

    @Test func aBlockedClientIsRecognised() async throws {
        try await withStorageHost { _ in
            Response(status: .forbidden, body: .init(byteBuffer: ByteBuffer(string: "error code: 1010")))
        } _: { host in
            #expect(await failure(host + "/x", host: host)?.code == .blocked)
        }
    }

    @Test func aFileAboveTheSizeLimitIsRefused() async throws {
        var limits = DownloadLimits()
        limits.bytes = 1000
        let small = limits
        try await withStorageHost { request in
            let body = ByteBuffer(repeating: 7, count: Int(request.uri.path.dropFirst()) ?? 0)
            guard request.uri.query == "chunked" else { return Response(status: .ok, body: .init(byteBuffer: body)) }
            return Response(
                status: .ok,
                body: .init { writer in
                    try await writer.write(body)
                    try await writer.finish(nil)
                })
        } _: { host in
            let whole = try await fetch(host + "/1000", host: host, limits: small).0
            #expect(whole.bytes == 1000)
            #expect(await failure(host + "/1001", host: host, limits: small)?.code == .tooLarge)
            #expect(await failure(host + "/1001?chunked", host: host, limits: small)?.code == .tooLarge)
        }
    }

    @Test func aDrippingBodyEndsAtTheTotalTimeout() async throws {
        var limits = DownloadLimits()
        limits.total = 10
        limits.idle = 8
        let short = limits
        try await withStorageHost { _ in
            Response(
                status: .ok,
                body: .init { writer in
                    for _ in 0..<10_000 {
                        try await writer.write(ByteBuffer(string: "x"))
                        try await JumpClock().sleep(for: .seconds(1))
                    }
                    try await writer.finish(nil)
                })
        } _: { host in
            #expect(await failure(host + "/x", host: host, limits: short)?.code == .timeout)
        }
    }

    @Test func dnsConnectionAndTLSFailuresAreDistinguished() async throws {
        let refused = await failure("http://127.0.0.1:9/x", host: "http://127.0.0.1:9")
        #expect(refused?.code == .connection)
        #expect(refused?.cause == .unknown)
        let unknown = await failure("https://no-such-host.invalid/x", host: "")
        #expect(unknown?.code == .dns)
        #expect(unknown?.cause == .ours)
        // Answers in plain HTTP what is asked in TLS.
        try await withStorageHost { _ in
            bytes("x")
        } _: { host in
            let plain = await failure(host.replacing("http:", with: "https:") + "/x?sig=0123456789", host: host)
            #expect(plain?.code == .tls)
            #expect(plain?.cause == .ours)
            #expect(plain?.detail.contains("sig") == false)
        }
    }
}
