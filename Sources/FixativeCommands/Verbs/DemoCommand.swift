import ArchiveModel
import ArchiveStore
import Archiver
import ArgumentParser
import Audit
import BlobStore
import Catalog
import Foundation
import GenerationAPI
import Networking
import Secrets
import UpstreamSimulator

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Archive, audit and show pictures of a simulated account, without a key.",
        discussion: "Only the upstream is simulated. Files, catalog, audit, and the gallery in the archive's gallery/ are real.")

    @Option(help: "Tasks of the simulated account (default: 24, or one for each image of --images).")
    var tasks: Int?

    @Option(help: ArgumentHelp("Deliver the pictures of this folder instead of drawn ones.", valueName: "dir"))
    var images: String?

    @Option(help: "The seed of all random choices; the same seed gives the same pictures and faults.")
    var seed: UInt64 = 1

    @Option(help: "The faults of the simulated upstream.")
    var faults: FaultProfile = .real

    @Option(help: "How the simulated upstream charges.")
    var billing: BillingProfile = .real

    @OptionGroup var common: CommonOptions
    @OptionGroup var work: WorkOptions
    @OptionGroup var output: FormatOptions

    private struct JSONOutput: Encodable {
        var archived: Int
        var newBytes: Int64
        var audit: AuditReport.Summary
        var gallery: String
    }

    func validate() throws {
        guard (1...100_000).contains(tasks ?? 1) else { throw ValidationError("--tasks takes a number from 1 to 100000") }
    }

    func run() async throws {
        var options = SimulatorOptions()
        options.images = images
        options.faults = faults
        options.billing = billing
        options.seed = seed
        let simulator = try UpstreamSimulator(options: options, pictures: SyntheticPictureSource())
        let populated = try await simulator.populate(tasks: tasks ?? 24)
        var settings = try await Settings.load(common, work: work)
        let started = ContinuousClock.now
        let (archive, summary) = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await simulator.run() }
            settings.apiURL = try await simulator.baseURL()
            Terminal.log(
                "a simulated account with \(Rendering.count(populated.count, "completed task")) at \(settings.apiURL), faults: \(faults.rawValue)"
            )
            let result = try await Self.archive(populated, billing: billing, settings: settings, verbose: common.verbose)
            group.cancelAll()
            return result
        }
        Terminal.endProgress()
        let seconds = TimeInterval(ContinuousClock.now - started)
        if summary.wasStopped { return Terminal.log("stopped; the same command continues") }
        let reader = try await AuditReader.whole(archive, prices: settings.prices)
        let audit = try await reader.summary()
        let gallery = archive.files.path + "/gallery"
        _ = try await GalleryCommand.write(archive, to: gallery, title: "Fixative demo", originals: true, link: true)
        if output.format == .json {
            let result = JSONOutput(
                archived: summary.archived, newBytes: summary.newBytes, audit: audit, gallery: gallery + "/index.html")
            return Terminal.write(try Rendering.json(result))
        }
        let time = String(format: "%.1f s", seconds)
        Terminal.write(
            "\(Rendering.count(summary.archived, "picture")) archived in \(time), \(Rendering.bytes(summary.newBytes)) new\n")
        Terminal.write(AuditText.text(audit))
        let lost = AuditReport(lost: try await reader.unarchived().lost, tasks: try await reader.tasks()).lost
        for lost in lost { Terminal.write(AuditText.line(lost)) }
        let program = CommandLine.arguments.first ?? "fixative"
        let flag = settings.storage == "storage" ? "" : " --storage \(settings.storage)"
        Terminal.write(
            """
            gallery: \(gallery)/index.html
            next:    \(program) list\(flag)
                     \(program) audit\(flag)
                     \(program) verify --deep\(flag)

            """)
    }

    /// Runs the real archiver on the account's tasks, registered with their requests as from a manifest.
    private static func archive(
        _ tasks: [SimulatedTask], billing: BillingProfile, settings: Settings, verbose: Bool
    ) async throws -> (Archive, ArchiveSummary) {
        guard let key = APIKey("demonstration-key"), let url = URL(string: settings.apiURL), let host = url.host,
            let port = url.port
        else {
            throw SettingsError("the simulator has no address")
        }
        let archive = try Archive(settings, creating: true)
        let reporter = Reporter(verbose: verbose)
        // A local upstream needs shorter waits than a remote one. Only its own address is allowed.
        var options = settings.archiverOptions
        options.retry = RetryPolicy(base: 0.2, ceiling: 2)
        options.pace = 0.5...2
        // Tasks that fail on purpose stay in the queue, since their window closes only tomorrow.
        options.patience = 1
        var limits = DownloadLimits()
        limits.total = 60
        limits.idle = 10
        let context = ArchiverContext(
            archive, settings: settings, key: key, options: options, policy: AddressPolicy(exceptions: ["\(host):\(port)"]),
            apiRetry: RetryPolicy(base: 0.1, ceiling: 1), limits: limits
        ) { reporter($0) }
        let now = archive.clock.now
        try await context.register(
            tasks.enumerated().map { number, task in
                var request = task.request.recorded
                request.size = request.size ?? "auto"
                request.recordedAt = now
                // With wrong charges, the charge of some calls is all that is known about the request.
                let isUnknown = billing == .wrong && number % 9 == 4
                return TaskRegistration(
                    id: task.id, source: "demo", request: isUnknown ? nil : request, createdAt: task.created)
            })
        let summary = try await stoppingAtSignals(context.archiver) { try await context.run() }
        if let reason = summary.stopReason { throw SettingsError(reason) }
        return (archive, summary)
    }
}
