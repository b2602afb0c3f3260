import ArchiveModel
import Archiver
import ArchiveStore
import ArgumentParser
import Catalog
import GenerationAPI

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Try again what was given up: results that were lost, and deliveries that were no whole picture.",
        discussion: """
            Without ids, everything that was given up is tried again, except what the upstream itself calls failed or cancelled. A \
            task is read anew for fresh links. What came before is kept until something better has come. Exit code 1 when something \
            is still lost afterwards.
            """)

    @Argument(help: "Task ids.")
    var taskIDs: [String] = []

    @OptionGroup var patience: PatienceOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var work: WorkOptions
    @OptionGroup var output: FormatOptions

    func validate() throws {
        for text in taskIDs where TaskID(text) == nil { throw ValidationError("'\(text.prefix(80))' is no task id") }
    }

    func run() async throws {
        let settings = try await Settings.load(common, work: work)
        let key = try settings.requireKey()
        let archive = try Archive(settings, creating: false)
        let named = taskIDs.compactMap { TaskID($0) }
        let isAnyUnknown = try await complainOfUnknown(named, in: archive.catalog)
        let tasks = try await archive.catalog.retry(named.isEmpty ? nil : named, now: archive.clock.now)
        Terminal.log("again      \(Rendering.count(tasks.count, "task")) of which something was given up")

        let reporter = Reporter(verbose: common.verbose)
        var options = settings.archiverOptions
        options.patience = patience.seconds
        let context = ArchiverContext(archive, settings: settings, key: key, options: options) { reporter($0) }
        try await ArchivingRun(context: context, format: output.format, named: tasks).run(foundWrong: isAnyUnknown)
    }

    private func complainOfUnknown(_ tasks: [TaskID], in catalog: any CatalogReader) async throws -> Bool {
        var isAnyUnknown = false
        for id in tasks where try await catalog.task(id) == nil {
            Terminal.complain("fixative: the archive does not know the task \(id); 'fixative archive \(id)' takes it up")
            isAnyUnknown = true
        }
        return isAnyUnknown
    }
}
