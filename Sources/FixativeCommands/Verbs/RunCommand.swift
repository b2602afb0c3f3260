import ArchiveModel
import ArchiveServer
import Archiver
import ArgumentParser
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import Logging
import Notifications
import ServiceLifecycle
import Synchronization
import Telemetry
import UnixSignals

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Archive everything the account generates, and serve it, until told to stop.",
        discussion: """
            Looks at the account again and again, takes the upstream's callbacks when FIXATIVE_HOOK_SECRET is set, and answers \
            readers over HTTP. FIXATIVE_READ_TOKEN and FIXATIVE_ADMIN_TOKEN guard it; without one it listens on this machine only, \
            and nothing can be changed through it. Several tokens or secrets have commas between them. SIGTERM ends it within 10 s.
            """)

    @Option(help: ArgumentHelp("The address to serve at.", valueName: "host:port"))
    var listen = ListenAddress(host: "127.0.0.1", port: 8080)

    @Option(help: ArgumentHelp("How far back the account is looked at: 24h, 7d.", valueName: "span"))
    var since = TimeLength(seconds: 86400)

    @Option(help: ArgumentHelp("Seconds between looks at the account (default: 300).", valueName: "seconds"))
    var sweepInterval: Int?

    @Option(
        help: ArgumentHelp(
            "Tell this address what is archived, mismatched, at risk or lost: Standard Webhooks, signed with FIXATIVE_NOTIFY_SECRET.",
            valueName: "url"))
    var notifyURL: String?

    @OptionGroup var common: CommonOptions
    @OptionGroup var work: WorkOptions

    func validate() throws {
        guard (sweepInterval ?? 1) > 0 else { throw ValidationError("--sweep-interval takes seconds above 0") }
    }

    func run() async throws {
        let settings = try await Settings.load(common, work: work, sweepInterval: sweepInterval)
        let key = try APIKey.required()
        var options = ArchiveServer.Options(
            host: listen.host, port: listen.port,
            access: AccessControl(readTokens: try Self.secrets("READ_TOKEN"), adminTokens: try Self.secrets("ADMIN_TOKEN")),
            hooks: HookSecrets(try Self.secrets("HOOK_SECRET")))
        options.riskTime = settings.riskTime
        guard options.access.isGuarded || options.isLoopback else {
            throw SettingsError(
                "\(listen.host) can be reached from other machines. Set FIXATIVE_READ_TOKEN or FIXATIVE_ADMIN_TOKEN, or listen on 127.0.0.1"
            )
        }
        let archive = try OpenArchive(settings, creating: true)
        var archiving = settings.archiverOptions
        archiving.watch = true
        archiving.since = since.seconds
        let reporter = Reporter(verbose: common.verbose)
        let stopped = StoppedSource()
        let registry = PrometheusRegistry(MetricFamily.all)
        let notifier = try await Notifier.wanted(notifyURL, archive: archive, metrics: ArchiveMetrics(registry))
        let workshop = Workshop(
            archive, settings: settings, key: key, options: archiving, metrics: ArchiveMetrics(registry)
        ) { event in
            if case .sourceStopped(let reason) = event { stopped.note(reason) }
            reporter(event)
        }
        let logger = Logger(label: "fixative") { StreamLogHandler.standardError(label: $0) }
        let server = ArchiveServer(
            options, blobs: archive.blobs, records: archive.records, catalog: archive.catalog, clock: archive.clock,
            register: { try await workshop.archiver.register($0) }, stoppedSource: { stopped.reason },
            registry: registry, version: GenerationClient.version, logger: Self.quiet(logger),
            onListening: { [listen] port in
                Terminal.note("serving    http://\(listen.text(port: port)), storage \(archive.folder.path)")
            })
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: server, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: ArchivingService(workshop: workshop), successTerminationBehavior: .gracefullyShutdownGroup),
                ] + (notifier.map { [.init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)] } ?? []),
                gracefulShutdownSignals: [.sigterm, .sigint], logger: Self.quiet(logger)))
        try await group.run()
    }

    /// Without the libraries' own news.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = .warning
        return logger
    }

    /// Tokens or secrets from the environment, each long enough not to be guessed.
    private static func secrets(_ name: String) throws -> [String] {
        let variable = "FIXATIVE_\(name)"
        let all = (ProcessInfo.processInfo.environment[variable] ?? "").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        guard all.allSatisfy({ $0.utf8.count >= 16 && $0.allSatisfy(\.isASCII) && !$0.contains("/") }) else {
            throw SettingsError(
                "\(variable) holds a secret shorter than 16 characters, or one with other characters than an address takes")
        }
        return all
    }
}

/// The archiver as a service of the process.
private struct ArchivingService: Service {
    let workshop: Workshop

    func run() async throws {
        let summary = try await withGracefulShutdownHandler {
            try await workshop.run()
        } onGracefulShutdown: {
            Terminal.note("stopping: what is on its way is finished or put back")
            workshop.archiver.stop()
        }
        Terminal.endProgress()
        if let reason = summary.stopReason, !summary.wasStopped { throw SettingsError(reason) }
    }
}

/// Why a source delivers nothing any more.
private final class StoppedSource: Sendable {
    private let text = Mutex<String?>(nil)
    var reason: String? { text.withLock { $0 } }
    func note(_ reason: String) { text.withLock { $0 = reason } }
}

/// An address to listen at: `127.0.0.1:8080`, `[::1]:8080`, `0.0.0.0:80`.
struct ListenAddress: ExpressibleByArgument {
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"), let port = Int(argument[argument.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        let host = argument[..<colon]
        self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
        self.port = port
        guard !self.host.isEmpty else { return nil }
    }

    func text(port: Int) -> String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    var defaultValueDescription: String { text(port: port) }
}
