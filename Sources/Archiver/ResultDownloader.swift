package import ArchiveModel
import AsyncHTTPClient
package import BlobStore
package import Foundation
package import GenerationAPI
import NIOCore
import NIOHTTP1
package import Networking
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
    /// How often one download goes on where its connection broke off, as long as each time brings more of the file.
    package var resumptions: Int
    /// Seconds that a pause of the host is waited for with a place held; a longer one is given back as `hostBusy`.
    package var patience: TimeInterval

    package init(
        bytes: Int = 256 << 20, total: TimeInterval = 600, idle: TimeInterval = 30, redirects: Int = 5, resumptions: Int = 5,
        patience: TimeInterval = 2
    ) {
        self.bytes = bytes
        self.total = total
        self.idle = idle
        self.redirects = redirects
        self.resumptions = resumptions
        self.patience = patience
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
    private let gate: HostGate
    private let resolverLane: WorkLane
    private let resolve: @Sendable (String) throws -> [NetworkAddress]
    private let clock: any WallClock
    private let secrets: [String]

    /// - Parameters:
    ///   - secrets: What is taken out of a host's answer before it is kept, such as the API key.
    ///   - resolve: Every address of a host; asked once a hop, on a thread that it may block.
    package init(
        store: any BlobStore, policy: AddressPolicy, limits: DownloadLimits = DownloadLimits(),
        hostLimits: HostLimits = HostLimits(), clock: any WallClock, secrets: [String] = [],
        resolve: @escaping @Sendable (String) throws -> [NetworkAddress] = { try NetworkAddress.resolve($0) }
    ) {
        self.resolve = resolve
        self.secrets = secrets
        self.store = store
        self.policy = policy
        self.limits = limits
        self.clock = clock
        gate = HostGate(limits: hostLimits, clock: clock)
        clients = PinnedClients(policy: policy, idleTimeout: limits.idle)
        resolverLane = WorkLane(name: "resolver", width: 8)
    }

    /// Closes all connections. The downloader is of no use afterwards.
    package func shutdown() async { await clients.shutdown() }

    /// Fetches a link, or decodes a `data:` link. A connection that breaks off in the middle is taken up again where it broke, if the
    /// host says that the file is still the same; the digest is that of the whole file either way.
    ///
    /// - Parameter isRetry: Whether an earlier try failed: then caches on the way are told not to repeat their answer.
    /// - Throws: ``DownloadError``, ``BlobStoreError`` when the bytes can't be kept, `CancellationError`. Nothing remains then.
    package func fetch(_ link: String, isRetry: Bool = false) async throws -> Download {
        do {
            if DataLink.isOne(link) { return try await decode(DataLink(link)) }
            let url = try FetchableURL(link)
            return try await withTimeout(limits.total, clock: clock) { try await followThrough(url, isRetry: isRetry) }
        } catch let error as LinkError {
            throw DownloadError(error)
        } catch let error as TimeoutError {
            throw DownloadError(.timeout, "the download was not done after \(Int(error.seconds)) s")
        }
    }

    /// Follows a link, again and again while each try brings more of the file.
    private func followThrough(_ url: FetchableURL, isRetry: Bool) async throws -> Download {
        let wait = RetryPolicy(base: 0.2, ceiling: 5)
        var generator = SystemRandomNumberGenerator()
        var partial: PartialDownload?
        for resumption in 0... {
            do {
                return try await follow(url, resuming: partial, isRetry: isRetry)
            } catch let cut as BrokenOff {
                guard cut.partial.bytes > partial?.bytes ?? 0, resumption < limits.resumptions else {
                    await cut.partial.ingest.discard()
                    throw cut.cause
                }
                partial = cut.partial
            } catch {
                await partial?.ingest.discard()
                throw error
            }
            do {
                try await clock.sleep(for: .seconds(wait.delay(failures: resumption + 1, using: &generator)))
            } catch {
                await partial?.ingest.discard()
                throw error
            }
        }
        preconditionFailure("the loop ends by returning or throwing")
    }

    private func follow(
        _ link: FetchableURL, resuming partial: PartialDownload?, isRetry: Bool
    ) async throws -> Download {
        var (url, previous) = (link, FetchableURL?.none)
        for hop in 0...limits.redirects {
            let step = Hop(url: url, target: try policy.target(of: url, from: previous), number: hop, isRetry: isRetry)
            switch try await visit(step, resuming: partial) {
            case .arrived(let download): return download
            case .elsewhere(let next): (url, previous) = (next, url)
            }
        }
        throw DownloadError(.redirects, "the link was redirected more than \(limits.redirects) times")
    }

    private enum Visit {
        case arrived(Download)
        case elsewhere(FetchableURL)
    }

    /// One URL on the way, after the policy has let it through.
    private struct Hop {
        var url: FetchableURL
        var target: AddressPolicy.Target
        /// 0 for the link itself.
        var number: Int
        var isRetry: Bool
    }

    private func visit(_ hop: Hop, resuming partial: PartialDownload?) async throws -> Visit {
        let target = hop.target
        let addresses: [NetworkAddress]
        do {
            addresses = try await resolverLane.run { [resolve] in try resolve(target.host) }
        } catch let error as ResolutionError {
            throw DownloadError(.dns, "\(error); check the DNS settings of this machine")
        }
        try policy.check(addresses, of: target)
        guard let address = addresses.first else {
            throw DownloadError(.dns, "\(target.host) has no address; check the DNS settings of this machine")
        }

        if let pauseEnd = try await gate.enter(target.key, patience: limits.patience) {
            throw DownloadError(.hostBusy, "\(target.host) asked for a pause", retryAfter: pauseEnd)
        }
        let pin = PinnedClients.Pin(target: target, address: address)
        let client = await clients.borrow(pin)
        do {
            let visit = try await request(hop, client: client, resuming: partial)
            await clients.giveBack(pin)
            await gate.leave(target.key)
            return visit
        } catch {
            await clients.giveBack(pin)
            await gate.leave(target.key)
            throw translated(error, link: hop.url, phase: .connecting)
        }
    }

    private func request(_ hop: Hop, client: HTTPClient, resuming partial: PartialDownload?) async throws -> Visit {
        let (url, target) = (hop.url, hop.target)
        var request = HTTPClientRequest(url: url.text)
        request.headers.add(name: "user-agent", value: GenerationClient.userAgent)
        request.headers.add(name: "accept", value: "image/png, image/jpeg, image/webp, */*;q=0.5")
        request.headers.add(name: "accept-encoding", value: "identity")
        if hop.isRetry {
            request.headers.add(name: "cache-control", value: "no-cache")
            request.headers.add(name: "pragma", value: "no-cache")
        }
        if let partial {
            request.headers.add(name: "range", value: "bytes=\(partial.bytes)-")
            request.headers.add(name: "if-range", value: partial.validator)
        }
        let response = try await client.execute(request, timeout: .milliseconds(Int64(limits.total * 1000)))
        let status = Int(response.status.code)
        if (200..<400).contains(status) { await gate.noteGoodAnswer(of: target.key) }
        switch (status, partial) {
        case (200, _):
            await partial?.ingest.discard()
            return .arrived(try await receive(response, url: url, hop: hop.number))
        case (206, let partial?): return .arrived(try await resume(partial, response, url: url))
        case (416, let partial?) where ContentRange(response.headers)?.total == partial.bytes:
            // The file ends where the connection broke off: only the announced length was wrong.
            return .arrived(try await seal(partial))
        case (206, _), (416, _):
            throw DownloadError(.transport, "\(target.host) answered \(status) with a part that was not asked for")
        case (301, _), (302, _), (303, _), (307, _), (308, _):
            guard let location = response.headers.first(name: "location") else {
                throw DownloadError(.redirects, "\(target.host) redirects without a target")
            }
            return .elsewhere(try url.resolving(location))
        default: throw await refusal(status, response, target: target)
        }
    }

    private func refusal(_ status: Int, _ response: HTTPClientResponse, target: AddressPolicy.Target) async -> DownloadError {
        let host = target.host
        let body = try? await response.body.collect(upTo: 64 << 10)
        let text = body.map { String(decoding: $0.readableBytesView.prefix(4096), as: UTF8.self) } ?? ""
        let retryAfter = RetryPolicy.retryAfter(response.headers.first(name: "retry-after"), now: clock.now)
        if status == 429 || (status == 503 && retryAfter != nil) {
            await gate.noteRefusal(of: target.key, retryAfter: retryAfter)
        }
        switch status {
        case 403 where text.contains("1010"):
            return DownloadError(.blocked, "\(host) answered 403, code 1010: a network in front of it refuses this client")
        case 401, 403, 404, 410: return DownloadError(.gone(status), "\(host) answered \(status)")
        default: return DownloadError(.status(status), "\(host) answered \(status)", retryAfter: retryAfter)
        }
    }

    // MARK: Bytes

    private func receive(_ response: HTTPClientResponse, url: FetchableURL, hop: Int) async throws -> Download {
        let announced = response.headers.first(name: "content-length").flatMap { Int($0) }
        if let announced, announced > limits.bytes { throw tooLarge }
        let headers = kept(response.headers, link: url)
        let partial = PartialDownload(
            ingest: try await store.beginIngest(), validator: ContentRange.validator(response.headers) ?? "", total: announced,
            facts: DownloadFacts(
                url: url.origin + (url.path.isEmpty ? "/" : url.path), headers: headers, fetchedAt: clock.now, redirects: hop))
        return try await receive(response, into: partial, url: url)
    }

    /// Takes the rest of a file that is begun.
    private func resume(_ partial: PartialDownload, _ response: HTTPClientResponse, url: FetchableURL) async throws -> Download {
        guard let range = ContentRange(response.headers), range.start == partial.bytes,
            ContentRange.validator(response.headers).map({ $0 == partial.validator }) ?? true
        else { throw DownloadError(.transport, "the host answered with another part of the file than was asked for") }
        var partial = partial
        partial.total = range.total ?? partial.total
        return try await receive(response, into: partial, url: url)
    }

    /// - Throws: ``BrokenOff`` when the connection ends early and what came can be gone on from.
    private func receive(_ response: HTTPClientResponse, into begun: PartialDownload, url: FetchableURL) async throws -> Download
    {
        var partial = begun
        do {
            for try await chunk in response.body {
                partial.bytes += chunk.readableBytes
                guard partial.bytes <= limits.bytes else { throw tooLarge }
                try await partial.ingest.append(Array(chunk.readableBytesView))
            }
            if let total = partial.total, total != partial.bytes {
                throw DownloadError(.transport, "\(partial.bytes) bytes came, but \(total) were announced")
            }
        } catch {
            let cause = translated(error, link: url, phase: .receiving)
            if let cause = cause as? DownloadError, cause.isBrokenOff, partial.bytes > 0, !partial.validator.isEmpty {
                throw BrokenOff(partial: partial, cause: cause)
            }
            await partial.ingest.discard()
            throw cause
        }
        return try await seal(partial)
    }

    /// A file inside its link.
    private func decode(_ link: DataLink) async throws -> Download {
        let facts = DownloadFacts(url: link.shown, headers: ["content-type": link.mediaType], fetchedAt: clock.now, redirects: 0)
        var partial = PartialDownload(ingest: try await store.beginIngest(), validator: "", total: nil, facts: facts)
        do {
            var chunks = link.chunks()
            while let chunk = try chunks.next() {
                partial.bytes += chunk.count
                guard partial.bytes <= limits.bytes else { throw tooLarge }
                try await partial.ingest.append(chunk)
            }
        } catch {
            await partial.ingest.discard()
            throw error
        }
        return try await seal(partial)
    }

    private func seal(_ partial: PartialDownload) async throws -> Download {
        do {
            let sealed = try await partial.ingest.seal()
            var facts = partial.facts
            facts.fetchedAt = clock.now
            return Download(ingest: partial.ingest, digest: sealed.digest, bytes: sealed.bytes, facts: facts)
        } catch {
            await partial.ingest.discard()
            throw error
        }
    }

    private var tooLarge: DownloadError {
        DownloadError(.tooLarge, "the file is larger than \(limits.bytes) bytes; --max-bytes sets the limit")
    }

    /// The answer's headers for the record, without cookies and without anything of a link's query.
    private func kept(_ headers: HTTPHeaders, link: FetchableURL) -> [String: String] {
        let redact = Redactor(secrets: Self.secrets(in: link.text) + secrets)
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
    static func secrets(in link: URL) -> [String] { secrets(in: link.absoluteString) }

    static func secrets(in link: String) -> [String] {
        let parts = URLComponents(string: link)
        let values = (parts?.queryItems ?? []).compactMap(\.value).filter { $0.count >= 20 }
        return [parts?.percentEncodedQuery, parts?.query].compactMap { $0 } + values
    }

    private func translated(_ error: any Error, link: FetchableURL, phase: TransferFailure.Phase) -> any Error {
        if error is DownloadError || error is BlobStoreError || error is CancellationError || error is BrokenOff { return error }
        if let error = error as? LinkError { return DownloadError(error) }
        if Task.isCancelled { return CancellationError() }
        let words = Redactor(secrets: Self.secrets(in: link.text))(String("\(error)".prefix(500)))
        return TransferFailure(error: error, phase: phase, host: link.host, words: words).downloadError
    }
}
