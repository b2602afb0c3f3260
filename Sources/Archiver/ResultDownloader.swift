package import ArchiveModel
import AsyncHTTPClient
package import BlobStore
package import Foundation
import GenerationAPI
import NIOCore
import NIOHTTP1
import WorkLanes

/// Limits of one download.
package struct DownloadLimits: Sendable {
    /// The most bytes of a file.
    package var bytes: Int
    /// Seconds for the whole, redirects included.
    package var total: TimeInterval
    /// Seconds in which nothing may fail to come.
    package var idle: TimeInterval
    /// Redirects followed at the most.
    package var redirects: Int

    package init(bytes: Int = 256 << 20, total: TimeInterval = 600, idle: TimeInterval = 30, redirects: Int = 5) {
        self.bytes = bytes
        self.total = total
        self.idle = idle
        self.redirects = redirects
    }
}

/// A file that has arrived: hashed, but not published.
package struct Download: Sendable {
    package var ingest: any BlobIngest
    package var digest: Digest
    package var bytes: Int
    package var facts: DownloadFacts
}

/// Fetches result links to a store, without key, cookie or trust.
package struct ResultDownloader: Sendable {
    private let store: any BlobStore
    private let policy: AddressPolicy
    private let limits: DownloadLimits
    private let clients: PinnedClients
    private let resolverLane: WorkLane
    private let clock: any WallClock

    package init(store: any BlobStore, policy: AddressPolicy, limits: DownloadLimits = DownloadLimits(), clock: any WallClock) {
        self.store = store
        self.policy = policy
        self.limits = limits
        self.clock = clock
        clients = PinnedClients(policy: policy, idleTimeout: limits.idle)
        resolverLane = WorkLane(name: "resolver", width: 8)
    }

    /// Closes all connections. The downloader is of no use afterwards.
    package func shutdown() async { await clients.shutdown() }

    /// Fetches a link.
    ///
    /// - Throws: ``DownloadError``, ``BlobStoreError`` when the bytes can't be kept, `CancellationError`. Nothing remains then.
    package func fetch(_ link: String) async throws -> Download {
        do {
            return try await withTimeout(limits.total, clock: clock) { try await follow(link) }
        } catch let error as TimeoutError {
            throw DownloadError(.timeout, "the download was not done after \(Int(error.seconds)) s")
        }
    }

    private func follow(_ link: String) async throws -> Download {
        guard var url = URL(string: link) else { throw DownloadError(.refusedAddress, "the link is no address") }
        for hop in 0...limits.redirects {
            switch try await visit(url, hop: hop) {
            case .arrived(let download): return download
            case .elsewhere(let next): url = next
            }
        }
        throw DownloadError(.redirects, "the link was redirected more than \(limits.redirects) times")
    }

    private enum Visit {
        case arrived(Download)
        case elsewhere(URL)
    }

    private func visit(_ url: URL, hop: Int) async throws -> Visit {
        let target = try policy.target(of: url)
        let addresses: [NetworkAddress]
        do {
            addresses = try await resolverLane.run { try NetworkAddress.resolve(target.host) }
        } catch let error as ResolutionError {
            throw DownloadError(.transport, error.description)
        }
        try policy.check(addresses, of: target)
        guard let address = addresses.first else { throw DownloadError(.transport, "\(target.host) has no address") }

        let pin = PinnedClients.Pin(target: target, address: address)
        let client = await clients.borrow(pin)
        do {
            let visit = try await request(url, target: target, client: client, hop: hop)
            await clients.giveBack(pin)
            return visit
        } catch {
            await clients.giveBack(pin)
            let failure = translated(error, link: url)
            // A public host that is down comes back; a link that leads astray into a private network leads there again.
            if hop > 0, !address.isPublic, (failure as? DownloadError)?.code == .transport {
                throw DownloadError(.redirects, "the link redirects to the private address \(address), where nobody answers")
            }
            throw failure
        }
    }

    private func request(_ url: URL, target: AddressPolicy.Target, client: HTTPClient, hop: Int) async throws -> Visit {
        var request = HTTPClientRequest(url: Self.address(url, host: target.host))
        request.headers.add(name: "user-agent", value: GenerationClient.userAgent)
        request.headers.add(name: "accept", value: "image/png, image/jpeg, image/webp, */*;q=0.5")
        request.headers.add(name: "accept-encoding", value: "identity")
        let response = try await client.execute(request, timeout: .milliseconds(Int64(limits.total * 1000)))
        switch Int(response.status.code) {
        case 200: return .arrived(try await receive(response, url: url, hop: hop))
        case 301, 302, 303, 307, 308:
            guard let location = response.headers.first(name: "location"),
                let next = URL(string: location, relativeTo: url)?.absoluteURL
            else { throw DownloadError(.redirects, "\(target.host) redirects without a target") }
            return .elsewhere(next)
        case let status: throw await refusal(status, response, host: target.host)
        }
    }

    /// The link with its host in lower case, as the pinned client knows it.
    private static func address(_ url: URL, host: String) -> String {
        guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: true), parts.host != host else {
            return url.absoluteString
        }
        parts.host = host
        return parts.string ?? url.absoluteString
    }

    private func refusal(_ status: Int, _ response: HTTPClientResponse, host: String) async -> DownloadError {
        let body = try? await response.body.collect(upTo: 64 << 10)
        let text = body.map { String(decoding: $0.readableBytesView.prefix(4096), as: UTF8.self) } ?? ""
        let retryAfter = RetryPolicy.retryAfter(response.headers.first(name: "retry-after"), now: clock.now)
        switch status {
        case 403 where text.contains("1010"):
            return DownloadError(.blocked, "\(host) answered 403, code 1010: a network in front of it refuses this client")
        case 401, 403, 404, 410: return DownloadError(.gone(status), "\(host) answered \(status)")
        default: return DownloadError(.status(status), "\(host) answered \(status)", retryAfter: retryAfter)
        }
    }

    private func receive(_ response: HTTPClientResponse, url: URL, hop: Int) async throws -> Download {
        let announced = response.headers.first(name: "content-length").flatMap { Int($0) }
        let tooLarge = DownloadError(.tooLarge, "the file is larger than \(limits.bytes) bytes; --max-bytes sets the limit")
        if let announced, announced > limits.bytes { throw tooLarge }
        let ingest = try await store.beginIngest()
        do {
            var received = 0
            for try await chunk in response.body {
                received += chunk.readableBytes
                guard received <= limits.bytes else { throw tooLarge }
                try await ingest.append(Array(chunk.readableBytesView))
            }
            if let announced, announced != received {
                throw DownloadError(.transport, "\(received) bytes came, but \(announced) were announced")
            }
            let sealed = try await ingest.seal()
            let headers = Self.kept(response.headers, link: url)
            let facts = DownloadFacts(url: Redactor()(url.absoluteString), headers: headers, fetchedAt: clock.now, redirects: hop)
            return Download(ingest: ingest, digest: sealed.digest, bytes: sealed.bytes, facts: facts)
        } catch {
            await ingest.discard()
            throw error
        }
    }

    /// The answer's headers for the record, without cookies and without anything of a link's query.
    private static func kept(_ headers: HTTPHeaders, link: URL) -> [String: String] {
        let redact = Redactor(secrets: secrets(in: link))
        var kept: [String: String] = [:]
        for (name, value) in headers {
            let name = name.lowercased()
            guard !["set-cookie", "set-cookie2", "authorization", "proxy-authorization"].contains(name) else { continue }
            let clean = String(redact(value).prefix(2000))
            kept[name] = kept[name].map { "\($0), \(clean)" } ?? clean
        }
        return kept
    }

    /// A link's query, whole, and those of its values that are long enough for a signature. Shorter ones, such as a media type, are
    /// no secrets by themselves.
    static func secrets(in link: URL) -> [String] {
        let parts = URLComponents(url: link, resolvingAgainstBaseURL: true)
        let values = (parts?.queryItems ?? []).compactMap(\.value).filter { $0.count >= 20 }
        return [parts?.percentEncodedQuery, parts?.query].compactMap { $0 } + values
    }

    private func translated(_ error: any Error, link: URL) -> any Error {
        if error is DownloadError || error is BlobStoreError || error is CancellationError { return error }
        if Task.isCancelled { return CancellationError() }
        let words = Redactor(secrets: Self.secrets(in: link))("\(error)")
        if let error = error as? HTTPClientError, [.readTimeout, .connectTimeout, .deadlineExceeded].contains(error) {
            return DownloadError(.timeout, "nothing came for too long (\(words))")
        }
        return DownloadError(.transport, "the connection failed (\(words))")
    }
}
