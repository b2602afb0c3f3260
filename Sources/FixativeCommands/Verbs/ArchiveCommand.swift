import ArchiveModel
import ArchiveStore
import Archiver
import ArgumentParser
import Catalog
import Foundation
import GenerationAPI

struct ArchiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Archive tasks by ID, from a manifest, or from the account's list.",
        discussion: """
            Without IDs, --from and --since, the command continues the queue. A line of a manifest is \
            {"task_id":"...","size":"16:9","resolution":"2K","prompt":"..."}; only task_id is required. The other fields are \
            the request, with which the delivery is compared. A failed download is tried again until its window closes, 24 \
            hours after the task was created. When no try is due within --patience, the command prints what still waits and \
            ends with exit code 1. The same command or 'fixative run' continues. Ctrl-C and SIGTERM stop the command \
            cleanly, and the next run continues.
            """)

    @Argument(help: "Task IDs.")
    var taskIDs: [String] = []

    @Option(help: ArgumentHelp("A list of tasks (a manifest), one JSON object per line; '-' means stdin.", valueName: "file"))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "Also archive tasks that the account completed since this time: 24h or 7d ago, or a date.", valueName: "span"))
    var since: TimeSpan?

    @Flag(help: "Do not end: read the account's list again and again; needs --since.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds between sweeps of the account, with --watch (default: 300).", valueName: "seconds"))
    var sweepInterval: Int?

    @OptionGroup var patience: PatienceOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var work: WorkOptions
    @OptionGroup var output: FormatOptions

    func validate() throws {
        for text in taskIDs where TaskID(text) == nil { throw ValidationError("'\(text.prefix(80))' is not a task ID") }
        guard !watch || since != nil else {
            throw ValidationError("--watch needs --since: how far back the account's list is read")
        }
        guard (sweepInterval ?? 1) > 0 else { throw ValidationError("--sweep-interval takes a number of seconds above 0") }
    }

    func run() async throws {
        let settings = try await Settings.load(common, work: work, sweepInterval: sweepInterval)
        let key = try settings.requireKey()
        let archive = try Archive(settings, creating: true)
        let now = archive.clock.now
        var options = settings.archiverOptions
        options.watch = watch
        options.patience = patience.seconds
        options.since = since?.seconds(until: now)
        let reporter = Reporter(verbose: common.verbose)
        var tasks = taskIDs.compactMap { TaskID($0) }.map { TaskRegistration(id: $0, source: "command line", reopens: true) }
        let manifest = try from.map { try Self.manifest($0, now: now) }
        tasks += manifest?.tasks ?? []
        let context = ArchiverContext(archive, settings: settings, key: key, options: options) { reporter($0) }
        try await context.register(tasks)
        for problem in manifest?.problems ?? [] { Terminal.complain("\(from ?? "") \(problem)") }

        try await ArchivingRun(context: context, format: output.format, named: tasks.map(\.id))
            .run(foundWrong: manifest?.problems.isEmpty == false)
    }

    private static func manifest(_ path: String, now: Date) throws -> Manifest {
        let data = path == "-" ? try FileHandle.standardInput.readToEnd() ?? Data() : FileManager.default.contents(atPath: path)
        guard let data else { throw SettingsError("the manifest \(path) can't be read") }
        return Manifest(Array(data), now: now)
    }
}
