import ArchiveModel
import ArchiveServer
import ArchiveStore
import Archiver
import ArgumentParser
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

/// A process that archives an account's tasks and serves the archive. Its parts are listed in reverse order of shutdown.
struct ArchiveService {
    /// Seconds from a signal until unfinished work is cancelled.
    static let drainTime: TimeInterval = 7

    struct Options {
        var listen: ListenAddress
        /// How far back the first sweep reads, in seconds.
        var since: TimeInterval
        /// The watched folder for manifests.
        var watchFolder: String?
        /// The receiver of notifications.
        var notifyURL: String?
    }

    private let live: LiveInput
    private let gatewayClients: GatewayClients
    private let services: [any Service]
    private let listen: ListenAddress
    private let log: ServiceLog

    /// - Parameters:
    ///   - archive: `nil` if it can't be opened yet; the service then starts without it and keeps trying.
    ///   - load: Reads the input again, for a reload.
    init(
        _ archive: Archive?, input: ServiceInput, _ options: Options, log: ServiceLog,
        load: @escaping @Sendable () async throws -> ServiceInput
    ) async throws {
        try Notifier.check(options.notifyURL)
        let clock: any WallClock = archive?.clock ?? SystemClock()
        let health = SourceHealth(clock: clock)
        let registry = PrometheusRegistry(MetricFamily.all)
        let live = LiveInput(input)
        let guards = ServiceGuards(input.secrets)
        let gatewayClients = GatewayClients()
        let recorder = GatewayRecorder(
            .init { try live.context().context.archiver }, clock: clock, health: health, logger: log.quiet)
        let server = ArchiveServer(
            .init(
                host: options.listen.host, port: options.listen.port, access: guards.access, hooks: guards.hooks,
                riskTime: live.input.settings.riskTime),
            clock: clock, health: health,
            gateway: Gateway(
                live.input.gateway, access: guards.access, recorder: recorder, clients: gatewayClients, logger: log.quiet),
            registry: registry, version: Product.version, logger: log.quiet,
            onListening: { port in
                let address = "http://\(options.listen.text(port: port))"
                let storage = URL(filePath: live.input.settings.storage).standardizedFileURL.path
                log.line(
                    "serving    \(address), storage \(storage)", message: "serving",
                    ["address": "\(address)", "storage": "\(storage)"])
            })
        let parts = ServiceParts(
            options: options, live: live, server: server, health: health, clock: clock, metrics: ArchiveMetrics(registry),
            log: log)
        services = [
            parts.part("archive") { try await parts.run(try archive ?? Archive(live.input.settings, creating: true)) },
            Reloader(
                live: live, guards: guards, listen: options.listen, log: log, load: load, makeContext: { parts.remake($0) }),
            // Services shut down in reverse order: first the server stops taking requests, then the recorder finishes its jobs.
            recorder,
            ShutdownHook(server) {
                live.stop()
                ShutdownWatchdog.arm {
                    log.line(
                        "ended      unfinished work was cut off after \(ShutdownWatchdog.time) s; the next run continues it",
                        message: "cut off", ["after": "\(ShutdownWatchdog.time) s"])
                }
            },
        ]
        self.live = live
        self.gatewayClients = gatewayClients
        listen = options.listen
        self.log = log
    }

    /// Runs until SIGTERM or SIGINT, or until the server fails.
    func run() async throws {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: log.quiet)
        configuration.maximumGracefulShutdownDuration = .seconds(Self.drainTime)
        let result: Result<Void, any Error>
        do {
            result = .success(try await ServiceGroup(configuration: configuration).run())
        } catch let error as IOError where [EADDRINUSE, EACCES, EADDRNOTAVAIL].contains(error.errnoCode) {
            let address = listen.text(port: listen.port)
            let reason =
                error.errnoCode == EADDRINUSE ? "another program uses it" : unsafe String(cString: strerror(error.errnoCode))
            result = .failure(
                SettingsError("can't listen on \(address): \(reason). Choose another address with --listen host:port"))
        } catch {
            result = .failure(error)
        }
        let problems = (try? live.context().context.problems()) ?? []
        await live.close()
        await gatewayClients.shutdown()
        try result.get()
        for problem in problems {
            log.line(
                "ended      with a problem: \(problem)", message: "ended with a problem", ["problem": "\(problem.name.rawValue)"])
        }
        if !problems.isEmpty { throw ExitCode.foundWrong }
    }
}

/// Calls `tell` when shutdown begins, so that all parts drain at once instead of one after the other.
private struct ShutdownHook<Inner: Service>: Service {
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
