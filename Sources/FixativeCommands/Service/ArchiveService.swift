import ArchiveModel
import ArchiveServer
import Archiver
import AsyncHTTPClient
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import Logging
import ServiceLifecycle
import UnixSignals

/// One process that archives what an account generates, and serves it: its parts, in the order in which they end.
struct ArchiveService {
    /// Seconds from a signal until what still works is cut off.
    private static let drainTime: TimeInterval = 8

    private let workshop: Workshop
    private let gatewayClient: HTTPClient
    private let health: SourceHealth
    private let services: [any Service]
    private let log: ServiceLog

    init(
        _ archive: OpenArchive, settings: Settings, key: APIKey, guards: ServiceGuards, listen: ListenAddress,
        gateway: Gateway.Options, since: TimeInterval, log: ServiceLog
    ) throws {
        var archiving = settings.archiverOptions
        archiving.watch = true
        archiving.since = since
        archiving.drainTime = Self.drainTime - 1
        let health = SourceHealth(clock: archive.clock)
        let workshop = Workshop(
            archive, settings: settings, key: key, options: archiving,
            vault: KeyVault(key, salt: archive.folder.marker.archiveID)
        ) { event in
            Self.note(event, health)
            log.report(event)
        }
        let gatewayClient = Gateway.makeHTTPClient()
        let recorder = GatewayRecorder(.init(workshop.archiver), clock: archive.clock, logger: log.quiet)
        let server = ArchiveServer(
            .init(
                host: listen.host, port: listen.port, access: guards.access, hooks: guards.hooks, riskTime: settings.riskTime),
            blobs: archive.blobs, records: archive.records, catalog: archive.catalog, clock: archive.clock,
            gallery: try GalleryCommand.live(archive), register: { try await workshop.archiver.register($0) }, health: health,
            gateway: Gateway(gateway, access: guards.access, recorder: recorder, http: gatewayClient, logger: log.quiet),
            logger: log.quiet,
            onListening: { port in
                log.note(
                    "serving    http://\(listen.text(port: port)), storage \(archive.folder.path)",
                    ["address": "http://\(listen.text(port: port))", "storage": "\(archive.folder.path)"])
            })
        let worker = Supervisor(name: "archiver", health: health, clock: archive.clock, logger: log.logger) {
            try await archive.blobs.sweepIngest()
            let summary = try await workshop.archiver.run()
            if summary.wasStopped { return }
            throw SettingsError(summary.stopReason ?? "it ended by itself")
        }
        // The last to begin is the first to end: no new requests, then what passed through is put on record.
        services = [worker, recorder, FirstToEnd(server) { workshop.archiver.stop() }]
        self.workshop = workshop
        self.gatewayClient = gatewayClient
        self.health = health
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
            result = .success(try await ServiceGroup(configuration: configuration).run())
        } catch {
            result = .failure(error)
        }
        await workshop.close()
        try? await gatewayClient.shutdown()
        try result.get()
    }

    /// What an event says of a part's health.
    private static func note(_ event: ArchiveEvent, _ health: SourceHealth) {
        switch event {
        case .swept: health.isRunning("sweep")
        case .sweepFailed(let reason, true, let date): health.isLimited("sweep", reason: reason, nextTry: date)
        case .sweepFailed(let reason, false, let date): health.failed("sweep", reason: reason, nextTry: date)
        case .sourceStopped(let reason): health.failed("archiver", reason: reason, nextTry: nil)
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
