import ArchiveModel
import Archiver
import ArchiveStore
import ArgumentParser
import Catalog
import Foundation
import GenerationAPI

struct ArchiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive",
        abstract: "Archive tasks by id, from a manifest, or from the account's list.",
        discussion: """
            Without ids, --from and --since it goes on with what is still in the queue. A line of a manifest is \
            {"task_id":"...","size":"16:9","resolution":"2K","prompt":"..."}, all but task_id optional: what was asked is judged \
            against what came. What fails is tried again until its window closes, 24 hours after the task was created: the run ends \
            with exit code 1 when no try is due within --patience, says what still waits, and the same command or 'fixative run' \
            goes on. Ctrl-C and SIGTERM leave a state that the next run goes on from.
            """)

    @Argument(help: "Task ids.")
    var taskIDs: [String] = []

    @Option(help: ArgumentHelp("A manifest of tasks, one JSON object a line; - reads stdin.", valueName: "file"))
    var from: String?

    @Option(help: ArgumentHelp("Also archive what the account completed since then: 24h, 7d, or a date.", valueName: "span"))
    var since: TimeSpan?

    @Flag(help: "Go on for ever: look for new tasks in the account again and again.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds between looks at the account, with --watch (default: 300).", valueName: "seconds"))
    var sweepInterval: Int?

    @OptionGroup var patience: PatienceOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var work: WorkOptions
    @OptionGroup var output: FormatOptions

    func validate() throws {
        for text in taskIDs where TaskID(text) == nil { throw ValidationError("'\(text.prefix(80))' is no task id") }
        guard !watch || since != nil else { throw ValidationError("--watch needs --since, to know how far back to look") }
        guard (sweepInterval ?? 1) > 0 else { throw ValidationError("--sweep-interval takes seconds above 0") }
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
