import ArchiveModel
import ArchiveServer
import ArchiveStore
import Archiver
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import Notifications
import Secrets
import ServiceLifecycle
import Synchronization
import Telemetry
import Upkeep

/// The parts of a service that need an open archive.
struct ServiceParts: Sendable {
    let options: ArchiveService.Options
    let live: LiveInput
    let server: ArchiveServer
    let health: SourceHealth
    let clock: any WallClock
    let metrics: ArchiveMetrics
    let log: ServiceLog
    private let opened = Opened()
    /// Time between two checks of the catalog file.
    private static let catalogCheckInterval = Duration.seconds(2)

    /// The archive, once it is open, and the vault of the current key.
    private final class Opened: Sendable {
        let archive = Mutex<Archive?>(nil)
        let vault = Mutex<KeyVault?>(nil)
    }

    init(
        options: ArchiveService.Options, live: LiveInput, server: ArchiveServer, health: SourceHealth, clock: any WallClock,
        metrics: ArchiveMetrics, log: ServiceLog
    ) {
        self.options = options
        self.live = live
        self.server = server
        self.health = health
        self.clock = clock
        self.metrics = metrics
        self.log = log
    }

    /// Supervises a task until the service ends.
    func part(_ name: String, _ work: @escaping @Sendable () async throws -> Void) -> Supervisor {
        Supervisor(
            name: name, health: health, clock: clock, logger: log.logger, generation: { [live] in live.generation }, work: work)
    }

    /// Serves an archive and works on it until the service ends.
    func run(_ archive: Archive) async throws {
        let gallery = try GalleryCommand.live(archive, riskTime: { [live] in live.input.settings.riskTime })
        opened.archive.withLock { $0 = archive }
        live.begin { context($0, archive) }
        server.open(
            .init(
                blobs: archive.blobs, records: archive.records, catalog: archive.catalog, hints: archive.catalog,
                gallery: gallery, register: register))
        let parts = parts(archive)
        await withDiscardingTaskGroup { group in
            for part in parts { group.addTask { try? await part.run() } }
        }
    }

    private func parts(_ archive: Archive) -> [Supervisor] {
        var parts = [
            part("archiver") { try await archiveOnAndOn(archive) },
            part("catalog-file") {
                while !Task.isShuttingDownGracefully {
                    if let client = try? live.context().context.client { archive.checkFiles(client.monitor) }
                    try await cancelWhenGracefulShutdown { try await clock.sleep(for: Self.catalogCheckInterval) }
                }
            },
            part("hints") {
                let reader = HintReader(
                    hints: archive.catalog, catalog: archive.catalog, client: { try live.context().context.client },
                    clock: clock,
                    register: register)
                try await cancelWhenGracefulShutdown { try await reader.run() }
            },
            part("notifications") {
                let notifier = try await Notifier.wanted(options.notifyURL, archive: archive, metrics: metrics) {
                    report(.warning($0))
                }
                try await notifier?.run()
            },
            part("seals") { try await cancelWhenGracefulShutdown { try await sealer(archive).run() } },
        ]
        if let path = options.watchFolder {
            let folder = ManifestFolder(path: path, clock: clock, register: register, report: report)
            parts.append(part("watch-dir") { try await cancelWhenGracefulShutdown { try await folder.run() } })
        }
        return parts
    }

    private func sealer(_ archive: Archive) -> DailySealer {
        DailySealer(
            clock: clock,
            seal: { [live] in
                let settings = live.input.settings
                let stamp = try SealMaker.stamp(settings.tsa, allowsPlainHTTP: settings.allowsPrivateHosts)
                return try await SealMaker(archive, stamp: stamp).seal()
            }, report: report)
    }

    @Sendable private func register(_ tasks: [TaskRegistration]) async throws {
        try await live.context().context.archiver.register(tasks)
    }

    /// Runs archivers one after another. A reload stops the current one, and the next one uses the new settings.
    private func archiveOnAndOn(_ archive: Archive) async throws {
        _ = try await archive.blobs.sweepIngest(trying: false)
        while true {
            for context in live.takeRetired() { await context.close() }
            let (context, generation) = try live.context()
            try await context.startDecoders()
            let summary = try await context.archiver.run()
            if live.generation != generation, !Task.isShuttingDownGracefully { continue }
            if !summary.wasStopped { throw SettingsError(summary.stopReason ?? "the archiver ended without a request to stop") }
            return
        }
    }

    /// - Returns: `nil` before the archive is open.
    func remake(_ input: ServiceInput) -> ArchiverContext? { opened.archive.withLock { $0 }.map { context(input, $0) } }

    private func context(_ input: ServiceInput, _ archive: Archive) -> ArchiverContext {
        var archiving = input.settings.archiverOptions
        archiving.watch = true
        archiving.since = options.since
        archiving.drainTime = ArchiveService.drainTime - 1
        let vault = opened.vault.withLock { vault in
            let new = KeyVault(input.key, salt: archive.files.archiveID, earlier: vault)
            vault = new
            return new
        }
        return ArchiverContext(
            archive, settings: input.settings, key: input.key, options: archiving, vault: vault,
            hidden: { [log] in log.secrets }, metrics: metrics, report: report)
    }

    @Sendable private func report(_ event: ArchiveEvent) {
        health.update(event)
        log.report(event)
    }
}

extension SourceHealth {
    /// Updates the state of the part that an event is about.
    func update(_ event: ArchiveEvent) {
        switch event {
        case .swept: isRunning("sweep")
        case .sweepFailed(let reason, true, let date): isLimited("sweep", reason: reason, nextTry: date)
        case .sweepFailed(let reason, false, let date): failed("sweep", reason: reason, nextTry: date, isEnd: false)
        case .sourceStopped(let reason): failed("archiver", reason: reason, nextTry: nil, isEnd: false)
        case .sourceResumed: isRunning("archiver")
        case .problemFound(let problem): isFailing(problem.name.rawValue, reason: problem.description)
        case .problemCleared(let name): clear(name.rawValue)
        default: break
        }
    }
}
