package import ArchiveModel
import AsyncHTTPClient
package import BlobStore
import BlockingThreads
package import Foundation
import GenerationAPI
import NIOCore
import NIOHTTP1
package import Networking

/// Limits of one download.
package struct DownloadLimits: Sendable {
    /// Maximum size of a file in bytes.
    package var bytes: Int
    /// Seconds for the whole download, including redirects.
    package var total: TimeInterval
    /// Longest time in seconds without receiving any byte.
    package var idle: TimeInterval
    /// Maximum number of redirects followed.
    package var redirects: Int
    /// Maximum number of resumptions of one download after a broken connection. Each must bring more of the file.
    package var resumptions: Int
    /// Longest pause of a host, in seconds, that is waited for while holding a slot. A longer pause is returned as `hostBusy`.
    package var maxQueueWait: TimeInterval
    /// A transfer of fewer than `slowestRate` bytes per second over `slowestTime` seconds fails; 0 disables the rule.
    package var slowestRate: Double
    package var slowestTime: TimeInterval
    /// Maximum number of concurrent downloads in total; each host gets a share.
    package var places: Int

    package init(
        bytes: Int = 256 << 20, total: TimeInterval = 600, idle: TimeInterval = 30, redirects: Int = 5, resumptions: Int = 5,
        maxQueueWait: TimeInterval = 2, slowestRate: Double = 1024, slowestTime: TimeInterval = 30, places: Int = 16
    ) {
        self.slowestRate = slowestRate
        self.slowestTime = slowestTime
        self.places = places
        self.bytes = bytes
        self.total = total
        self.idle = idle
        self.redirects = redirects
        self.resumptions = resumptions
        self.maxQueueWait = maxQueueWait
    }
}

/// A complete download: hashed, but not published.
package struct Download: Sendable {
    package var ingest: any BlobIngest
    package var digest: Digest
    package var bytes: Int
    package var facts: DownloadFacts
    /// Whether the host stated where the file ends: by a length, a range or the last chunk. If only the end of the connection
    /// ends the file, it may be cut short (RFC 9112, section 8).
    package var isEndStated: Bool
}

/// Fetches result links into a store. Sends no key and no cookies, and does not trust the hosts.
package struct ResultDownloader: Sendable {
    let store: any BlobStore
    private let policy: AddressPolicy
    let limits: DownloadLimits
    private let clients: PinnedClients
    private let shares: HostShares
    let gate: HostRateLimiter
    private let resolverThreads: BlockingThreadPool
    private let resolve: @Sendable (String) throws -> [NetworkAddress]
    let clock: any WallClock
    let secrets: @Sendable () -> [String]

    /// - Parameters:
    ///   - secrets: Texts that are removed from a host's answer before it is stored, such as the API key.
    ///   - resolve: Returns every address of a host. Called once per hop, on a thread that it may block.
    package init(
        store: any BlobStore, policy: AddressPolicy, limits: DownloadLimits = DownloadLimits(),
        hostLimits: HostLimits = HostLimits(), clock: any WallClock,
        secrets: @escaping @Sendable () -> [String] = { [] },
        resolve: @escaping @Sendable (String) throws -> [NetworkAddress] = { try NetworkAddress.resolve($0) }
    ) {
        self.resolve = resolve
        self.secrets = secrets
        self.store = store
        self.policy = policy
        self.limits = limits
        self.clock = clock
        gate = HostRateLimiter(limits: hostLimits, clock: clock)
        clients = PinnedClients(policy: policy, idleTimeout: limits.idle, connections: hostLimits.concurrent)
        shares = HostShares(places: limits.places, clock: clock)
        // Wider than any one host's share, so that names that resolve slowly do not delay the others.
        resolverThreads = BlockingThreadPool(name: "resolver", width: max(16, limits.places))
    }

    /// Closes all connections. The downloader can't be used afterwards.
    package func shutdown() async { await clients.shutdown() }

    /// Fetches a link, or decodes a `data:` link. A broken connection is resumed if the host confirms that the file is unchanged.
    /// The digest always covers the whole file.
    ///
    /// - Parameter isRetry: Whether an earlier attempt failed. Caches are then told not to repeat their answer.
    /// - Throws: ``DownloadError``, ``BlobStoreError`` if the bytes can't be stored, `CancellationError`. No partial file remains
    ///   then.
    package func fetch(_ link: ResultLink, isRetry: Bool = false) async throws -> Download {
        do {
            if DataLink.isOne(link.unsafeText) { return try await decode(DataLink(link.unsafeText)) }
            let url = try FetchableURL(link.unsafeText)
            return try await withTimeout(limits.total, clock: clock) { try await followThrough(url, isRetry: isRetry) }
        } catch let error as LinkError {
            throw DownloadError(error)
        } catch let error as TimeoutError {
            throw DownloadError(.timeout, "the download took longer than \(Int(error.seconds)) s")
        }
    }

    /// Maximum number of parts in which a host may deliver one file without range requests by this client.
    private static let mostParts = 256

    /// Follows a link, and resumes as long as each attempt brings more of the file.
    private func followThrough(_ url: FetchableURL, isRetry: Bool) async throws -> Download {
        let wait = RetryPolicy(base: 0.2, ceiling: 5)
        var generator = SystemRandomNumberGenerator()
        var partial: PartialDownload?
        var (breaks, parts) = (0, 0)
        while true {
            do {
                return try await follow(url, resuming: partial, isRetry: isRetry || breaks > 0)
            } catch let part as InterruptedDownload
                where part.isCleanPart && part.partial.bytes > partial?.bytes ?? 0 && parts < Self.mostParts
            {
                parts += 1
                partial = part.partial
                continue
            } catch let cut as InterruptedDownload {
                guard cut.partial.bytes > partial?.bytes ?? 0, breaks < limits.resumptions else {
                    await cut.partial.ingest.discard()
                    throw cut.cause
                }
                partial = cut.partial
            } catch let change as StartOver {
                await partial?.ingest.discard()
                partial = nil
                guard breaks < limits.resumptions else { throw change.cause }
            } catch {
                await partial?.ingest.discard()
                throw error
            }
            breaks += 1
            do {
                try await clock.sleep(for: .seconds(wait.delay(failures: breaks, using: &generator)))
            } catch {
                await partial?.ingest.discard()
                throw error
            }
        }
    }

    private func follow(
        _ link: FetchableURL, resuming partial: PartialDownload?, isRetry: Bool
    ) async throws -> Download {
        var (url, previous) = (link, FetchableURL?.none)
        // A host may repeat the signature of one hop in a header, address or name of another.
        var guardian = HopSecrets(link)
        // The link's own host holds a slot of its share until the file has arrived, wherever it redirects to.
        let first = try policy.target(of: link, from: nil)
        return try await withPlace(of: first) {
            do {
                for hop in 0...limits.redirects {
                    let target = try policy.target(of: url, from: previous)
                    let step = Hop(url: url, target: target, first: first, number: hop, isRetry: isRetry, begun: clock.now)
                    switch try await visit(step, resuming: partial) {
                    case .arrived(var download):
                        download.facts = guardian.clean(download.facts)
                        return download
                    case .elsewhere(let next):
                        (url, previous) = (next, url)
                        guardian.go(to: next)
                    }
                }
            } catch {
                throw guardian.clean(error)
            }
            throw DownloadError(.redirects, "the link was redirected more than \(limits.redirects) times")
        }
    }

    /// Runs `body` while holding a slot of the host's share.
    private func withPlace<Value>(of target: AddressPolicy.Target, _ body: () async throws -> Value) async throws -> Value {
        let key = target.key
        let concurrency = { @Sendable [gate] in await gate.concurrency(of: key) }
        if let date = try await shares.acquire(key, concurrency: concurrency, maxWait: limits.maxQueueWait) {
            throw DownloadError(.hostBusy, "\(target.host) already uses its share of the connections", retryAfter: date)
        }
        do {
            let value = try await body()
            let isFile = value is Download || (value as? Visit)?.isFile == true
            await shares.release(key, isFile ? .delivered : .other)
            return value
        } catch {
            let code = (error as? DownloadError ?? (error as? InterruptedDownload)?.cause)?.code
            await shares.release(key, code == .timeout ? .slow : .other)
            throw error
        }
    }

    private enum Visit {
        case arrived(Download)
        case elsewhere(FetchableURL)

        var isFile: Bool { if case .arrived = self { true } else { false } }
    }

    /// One URL of the redirect chain, after the policy has allowed it.
    struct Hop {
        var url: FetchableURL
        var target: AddressPolicy.Target
        /// The target of the original link.
        var first: AddressPolicy.Target
        /// 0 for the original link.
        var number: Int
        var isRetry: Bool
        var begun: Date
    }

    /// Requests a URL within its host's share of the connections.
    private func visit(_ hop: Hop, resuming partial: PartialDownload?) async throws -> Visit {
        guard hop.target.key != hop.first.key else { return try await connect(hop, resuming: partial) }
        return try await withPlace(of: hop.target) { try await connect(hop, resuming: partial) }
    }

    /// Whether a transfer must end so that other hosts get its slot.
    func isTrialOver(_ hop: Hop) async -> Bool {
        await shares.isTrialOver(of: [hop.first.key, hop.target.key], since: hop.begun)
    }

    private func connect(_ hop: Hop, resuming partial: PartialDownload?) async throws -> Visit {
        let target = hop.target
        let addresses: [NetworkAddress]
        do {
            addresses = try await resolverThreads.run { [resolve] in try resolve(target.host) }
        } catch let error as ResolutionError {
            throw DownloadError(.dns, "\(error); check the DNS settings of this machine")
        }
        try policy.check(addresses, of: target)
        if let pauseEnd = try await gate.acquire(target.key, maxWait: limits.maxQueueWait) {
            throw DownloadError(.hostBusy, "\(target.host) requested a pause", retryAfter: pauseEnd)
        }
        do {
            let visit = try await request(hop, addresses, resuming: partial)
            await gate.release(target.key)
            return visit
        } catch {
            await gate.release(target.key)
            throw error
        }
    }

    /// Requests a URL from the host's addresses, until one of them can be connected to.
    private func request(_ hop: Hop, _ addresses: [NetworkAddress], resuming partial: PartialDownload?) async throws -> Visit {
        let candidates = await clients.order(addresses, of: hop.target)
        for (place, address) in candidates.enumerated() {
            let pin = PinnedClients.Pin(target: hop.target, address: address)
            let client = await clients.borrow(pin)
            do {
                let visit = try await request(hop, client: client, resuming: partial)
                await clients.giveBack(pin)
                await clients.prefer(address, of: hop.target)
                return visit
            } catch {
                await clients.giveBack(pin)
                let translated = translated(error, link: hop.url, phase: .connecting)
                guard Self.isWithoutConnection(error, translated) else { throw translated }
                guard place + 1 < candidates.count else {
                    await clients.avoid(candidates, among: addresses, of: hop.target)
                    throw translated
                }
            }
        }
        throw DownloadError(.dns, "\(hop.target.host) has no address; check the DNS settings of this machine")
    }

    /// Whether another address may be reached, although this one was not.
    private static func isWithoutConnection(_ error: any Error, _ translated: any Error) -> Bool {
        if (error as? HTTPClientError) == .connectTimeout { return true }
        let code = (translated as? DownloadError)?.code
        return code == .connection || code == .tls
    }

    private func request(_ hop: Hop, client: HTTPClient, resuming partial: PartialDownload?) async throws -> Visit {
        let (url, target) = (hop.url, hop.target)
        var request = HTTPClientRequest(url: url.text)
        request.headers.add(name: "user-agent", value: Product.userAgent)
        // Named formats would let some networks deliver a re-encoded copy in place of the original (RFC 9111, section 5.2.1.6).
        request.headers.add(name: "accept", value: "*/*")
        request.headers.add(name: "accept-encoding", value: "identity")
        request.headers.add(name: "cache-control", value: hop.isRetry ? "no-cache, no-transform" : "no-transform")
        if hop.isRetry { request.headers.add(name: "pragma", value: "no-cache") }
        if let partial {
            request.headers.add(name: "range", value: "bytes=\(partial.bytes)-")
            request.headers.add(name: "if-range", value: partial.validator)
        }
        // This timeout ends with the response head; the body has its own limits.
        let headTimeout = min(limits.total, 2 * limits.idle)
        let response = try await client.execute(request, timeout: .milliseconds(Int64(headTimeout * 1000)))
        let status = Int(response.status.code)
        if (200..<400).contains(status) { await gate.recordSuccess(of: target.key) }
        switch (status, partial) {
        // A transforming proxy turns a 200 into a 203 (RFC 9110, section 15.3.4).
        case (200, let partial), (203, let partial):
            await partial?.ingest.discard()
            return .arrived(try await receiveWhole(response, hop))
        case (206, nil): return .arrived(try await receivePart(response, hop))
        case (206, let partial?): return .arrived(try await resume(partial, response, hop))
        case (416, let partial?):
            let range = ContentRange(response.headers)
            // The file is complete: only the announced length was wrong.
            if range?.range == nil, range?.total == partial.bytes {
                var whole = partial
                whole.isEndStated = true
                return .arrived(try await seal(whole))
            }
            throw StartOver(cause: DownloadError(.transport, "\(target.host) no longer has the rest of the file"))
        case (416, nil): throw DownloadError(.transport, "\(target.host) answered 416, although no part was requested")
        case (301, _), (302, _), (303, _), (307, _), (308, _): return .elsewhere(try redirect(response, from: url))
        case (300, _) where response.headers.contains(name: "location"): return .elsewhere(try redirect(response, from: url))
        default: throw await refusal(status, response, target: target)
        }
    }

    private func redirect(_ response: HTTPClientResponse, from url: FetchableURL) throws -> FetchableURL {
        guard let location = response.headers.first(name: "location") else {
            throw DownloadError(.redirects, "\(url.host) sent a redirect without a target")
        }
        return try url.resolving(location)
    }

    private func refusal(_ status: Int, _ response: HTTPClientResponse, target: AddressPolicy.Target) async -> DownloadError {
        let host = target.host
        // The status is known; a long or slow error page adds nothing.
        let body = try? await withTimeout(5, clock: clock) { try await response.body.collect(upTo: 64 << 10) }
        let text = body.map { String(decoding: $0.readableBytesView.prefix(4096), as: UTF8.self) } ?? ""
        let retryAfter = RetryPolicy.retryAfter(response.headers.first(name: "retry-after"), now: clock.now)
        if status == 429 || (status == 503 && retryAfter != nil) {
            await gate.recordRefusal(of: target.key, retryAfter: retryAfter)
        }
        switch status {
        case 403 where text.contains("1010"):
            return DownloadError(.blocked, "\(host) answered 403, code 1010: a CDN in front of it refuses this client")
        case 401, 403, 404, 410: return DownloadError(.gone(status), "\(host) answered \(status)")
        default: return DownloadError(.status(status), "\(host) answered \(status)", retryAfter: retryAfter)
        }
    }

    func translated(_ error: any Error, link: FetchableURL, phase: TransferFailure.Phase) -> any Error {
        if error is DownloadError || error is BlobStoreError || error is CancellationError || error is InterruptedDownload
            || error is StartOver
        {
            return error
        }
        if let error = error as? CodingError {
            return DownloadError(error.isOurLimit ? .tooLarge : .coding, "\(link.host): \(error.detail)")
        }
        if let error = error as? LinkError { return DownloadError(error) }
        if Task.isCancelled { return CancellationError() }
        let words = Redactor(secrets: HopSecrets.secrets(in: link.text))("\(error)".cut(to: 500))
        return TransferFailure(error: error, phase: phase, host: link.host, words: words).downloadError
    }
}
