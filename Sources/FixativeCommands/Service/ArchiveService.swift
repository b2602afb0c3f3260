import ArchiveModel
import ArchiveServer
import Archiver
import AsyncHTTPClient
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import Logging
import NIOCore
import Notifications
import ServiceLifecycle
import Telemetry
import UnixSignals

/// One process that archives what an account generates, and serves it: its parts, in the order in which they end.
struct ArchiveService {
    /// Seconds from a signal until what still works is cut off.
    private static let drainTime: TimeInterval = 7

    struct Options {
        var listen: ListenAddress
        /// How far back the first sweep looks, in seconds.
        var since: TimeInterval
        var guards: ServiceGuards
        var gateway: Gateway.Options
        /// Where manifests are dropped.
        var watchFolder: String?
        /// Who is told what happens.
        var notifyURL: String?
    }

    private let workshop: Workshop
    private let gatewayClient: HTTPClient
    private let services: [any Service]
    private let listen: ListenAddress
    private let log: ServiceLog

    init(_ archive: OpenArchive, settings: Settings, key: APIKey, _ options: Options, log: ServiceLog) async throws {
        let health = SourceHealth(clock: archive.clock)
        let registry = PrometheusRegistry(MetricFamily.all)
        let metrics = ArchiveMetrics(registry)
        let report: @Sendable (ArchiveEvent) -> Void = { event in
            health.note(event)
            log.report(event)
        }
        let notifier = try await Notifier.wanted(options.notifyURL, archive: archive, metrics: metrics) {
            report(.warning($0))
        }
        let gallery = try GalleryCommand.live(archive)

        var archiving = settings.archiverOptions
        archiving.watch = true
        archiving.since = options.since
        archiving.drainTime = Self.drainTime - 1
        let workshop = Workshop(
            archive, settings: settings, key: key, options: archiving,
            vault: KeyVault(key, salt: archive.folder.marker.archiveID), metrics: metrics, report: report)
        let gatewayClient = Gateway.makeHTTPClient()
        let recorder = GatewayRecorder(.init(workshop.archiver), clock: archive.clock, health: health, logger: log.quiet)
        let server = ArchiveServer(
            .init(
                host: options.listen.host, port: options.listen.port, access: options.guards.access,
                hooks: options.guards.hooks, riskTime: settings.riskTime),
            blobs: archive.blobs, records: archive.records, catalog: archive.catalog, clock: archive.clock, gallery: gallery,
            register: { try await workshop.archiver.register($0) }, health: health,
            gateway: Gateway(
                options.gateway, access: options.guards.access, recorder: recorder, http: gatewayClient, logger: log.quiet),
            registry: registry, version: GenerationClient.version, logger: log.quiet,
            onListening: { port in
                let address = "http://\(options.listen.text(port: port))"
                log.note(
                    "serving    \(address), storage \(archive.folder.path)", message: "serving",
                    ["address": "\(address)", "storage": "\(archive.folder.path)"])
            })

        func part(_ name: String, _ work: @escaping @Sendable () async throws -> Void) -> Supervisor {
            Supervisor(name: name, health: health, clock: archive.clock, logger: log.logger, work: work)
        }
        var services: [any Service] = [
            part("archiver") {
                try await archive.blobs.sweepIngest()
                let summary = try await workshop.archiver.run()
                if !summary.wasStopped { throw SettingsError(summary.stopReason ?? "it ended by itself") }
            }
        ]
        if let notifier { services.append(part("notifications") { try await notifier.run() }) }
        if let path = options.watchFolder {
            let folder = ManifestFolder(
                path: path, clock: archive.clock, register: { try await workshop.archiver.register($0) }, report: report)
            services.append(part("watch-dir") { try await cancelWhenGracefulShutdown { try await folder.run() } })
        }
        // The last to begin is the first to end: no new requests, then what passed through is put on record.
        services += [
            recorder,
            FirstToEnd(server) {
                workshop.archiver.stop()
                Backstop.arm {
                    log.note(
                        "ended      what was still under way was cut off after \(Backstop.time) s; the next run takes it up",
                        message: "cut off", ["after": "\(Backstop.time) s"])
                }
            },
        ]
        self.services = services
        self.workshop = workshop
        self.gatewayClient = gatewayClient
        listen = options.listen
        self.log = log
    }

    /// Works until SIGTERM or SIGINT, or until the server fails.
    func run() async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: log.quiet)
        configuration.maximumGracefulShutdownDuration = .seconds(Self.drainTime)
        let result: Result<Void, any Error>
        do {
            try await workshop.startDecoders()
            result = .success(try await ServiceGroup(configuration: configuration).run())
        } catch let error as IOError where [EADDRINUSE, EACCES, EADDRNOTAVAIL].contains(error.errnoCode) {
            let address = listen.text(port: listen.port)
            let reason =
                error.errnoCode == EADDRINUSE ? "another program uses it" : unsafe String(cString: strerror(error.errnoCode))
            result = .failure(
                SettingsError("\(address) can't be listened at: \(reason). Give another by --listen host:port"))
        } catch {
            result = .failure(error)
        }
        await workshop.close()
        try? await gatewayClient.shutdown()
        try result.get()
    }
}

extension SourceHealth {
    /// Takes in what an event says of a part.
    fileprivate func note(_ event: ArchiveEvent) {
        switch event {
        case .swept: isRunning("sweep")
        case .sweepFailed(let reason, true, let date): isLimited("sweep", reason: reason, nextTry: date)
        case .sweepFailed(let reason, false, let date): failed("sweep", reason: reason, nextTry: date, isEnd: false)
        case .sourceStopped(let reason): failed("archiver", reason: reason, nextTry: nil, isEnd: false)
        default: break
        }
    }
}

/// A service that tells others when the end begins, so that all drain at once instead of one after the other.
private struct FirstToEnd<Inner: Service>: Service {
    private let inner: Inner
    private let tell: @Sendable () -> Void

    init(_ inner: Inner, tell: @escaping @Sendable () -> Void) {
        self.inner = inner
        self.tell = tell
    }

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await inner.run()
        } onGracefulShutdown: {
            tell()
        }
    }
}
