import ArchiveModel
import ArchiveStore
import Archiver
import AsyncHTTPClient
import BlobStore
import Catalog
import DecoderPool
import Foundation
import GenerationAPI
import Networking
import Secrets
import Telemetry

extension Archive {
    /// Opens the archive that the settings name.
    /// - Parameters:
    ///   - creating: Whether an empty folder becomes an archive. Read-only subcommands do not create one.
    ///   - reading: Whether the archive is only read. A copy of the catalog is then used if the disk accepts no writes.
    init(_ settings: Settings, creating: Bool, reading: Bool = false, clock: any WallClock = SystemClock()) throws {
        try self.init(
            path: settings.storage, permissions: settings.permissions, creating: creating, reading: reading, clock: clock)
        if readsCopy {
            Terminal.log("the disk of \(files.path) can't be written, so a copy of the catalog is read; run 'fixative doctor'")
        }
    }

    /// Reports or clears the problem `catalog-replaced`.
    func checkFiles(_ monitor: UpstreamMonitor) {
        if let problem = fileProblem() {
            monitor.report(UpstreamProblem(.catalogReplaced, problem))
        } else {
            monitor.clear(.catalogReplaced)
        }
    }
}

/// Everything needed for archiving: the open archive, the API client, the downloader and the archiver.
struct ArchiverContext: Sendable {
    let archive: Archive
    let archiver: Archiver
    let client: GenerationClient
    private let http: HTTPClient
    private let downloader: ResultDownloader

    /// - Parameter hidden: Texts that no record may contain besides the key; `nil` for the service's secrets in the environment.
    init(
        _ archive: Archive, settings: Settings, key: APIKey, options: ArchiverOptions, vault: KeyVault? = nil,
        policy: AddressPolicy? = nil, apiRetry: RetryPolicy = RetryPolicy(), limits: DownloadLimits = DownloadLimits(),
        hidden: (@Sendable () -> [String])? = nil, metrics: ArchiveMetrics = .none,
        report: @escaping @Sendable (ArchiveEvent) -> Void
    ) {
        let hidden: @Sendable () -> [String] = hidden ?? { [known = ServiceSecrets.known] in known }
        var limits = limits
        limits.bytes = settings.maxBytes
        limits.places = settings.downloads
        limits.slowestRate = settings.lowSpeedBytes
        limits.slowestTime = settings.lowSpeedSeconds
        self.archive = archive
        http = GenerationClient.makeHTTPClient()
        client = GenerationClient(
            baseURL: settings.apiURL, key: key, http: http, clock: archive.clock, retry: apiRetry,
            monitor: UpstreamMonitor { change in
                switch change {
                case .found(let problem): report(.problemFound(problem))
                case .cleared(let name): report(.problemCleared(name))
                }
            }, hidden: hidden, onRetry: metrics.retried(call:))
        downloader = ResultDownloader(
            store: archive.blobs,
            policy: policy
                ?? AddressPolicy(allowsPrivateHosts: settings.allowsPrivateHosts, resultHosts: settings.resultHosts),
            limits: limits, hostLimits: settings.hostLimits, clock: archive.clock,
            secrets: { [client] in client.secrets })
        archiver = Archiver(
            options: options, blobs: archive.blobs, records: archive.records, catalog: archive.catalog, client: client,
            vault: vault, downloader: downloader, clock: archive.clock, metrics: metrics, report: report)
    }

    /// Problems that may hide the real state of the account or the archive; checks the catalog file now.
    func problems() -> [UpstreamProblem] {
        archive.checkFiles(client.monitor)
        return client.monitor.problems
    }

    /// Registers tasks. On failure, closes all connections, since releasing an open client crashes a debug build.
    func register(_ tasks: [TaskRegistration]) async throws {
        do {
            try await archiver.register(tasks)
        } catch {
            await close()
            throw error
        }
    }

    /// Checks that pictures can be decoded before any is fetched.
    /// - Throws: ``SettingsError``.
    func startDecoders() async throws {
        do {
            try await archiver.decoders.start()
        } catch let error as DecoderFailure {
            throw SettingsError(
                "\(error). This system refuses the sandbox of the decoders; use '--decoders in-process' to decode without it")
        }
    }

    /// Removes leftovers of earlier processes, runs the archiver, and closes all connections.
    func run() async throws -> ArchiveSummary {
        do {
            try await startDecoders()
            _ = try await archive.blobs.sweepIngest(trying: false)
            let summary = try await archiver.run()
            await close()
            return summary
        } catch {
            await close()
            throw error
        }
    }

    func close() async {
        archiver.decoders.close()
        await downloader.shutdown()
        try? await http.shutdown()
    }
}

extension APIKey {
    /// The key from the environment.
    /// - Throws: ``SettingsError`` if there is none.
    static func required() throws -> APIKey {
        guard let key = try find(in: ProcessInfo.processInfo.environment) else {
            throw SettingsError(
                "there is no API key. Set FIXATIVE_API_KEY, or FIXATIVE_API_KEY_FILE to a file that contains it; 'fixative demo' needs none"
            )
        }
        return key
    }
}
