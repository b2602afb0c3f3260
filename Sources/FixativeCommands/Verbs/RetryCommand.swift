import ArchiveModel
import ArchiveStore
import Archiver
import ArgumentParser
import Catalog
import GenerationAPI

struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Try lost results again, and deliveries that could not be decoded.",
        discussion: """
            Without IDs, the command retries all such results, except those of tasks that the upstream itself calls failed \
            or cancelled. Each task is read again for fresh links. Stored files stay until a better delivery is archived. \
            Exit code 1 when something is still lost.
            """)

    @Argument(help: "Task IDs.")
    var taskIDs: [String] = []

    @OptionGroup var patience: PatienceOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var work: WorkOptions
    @OptionGroup var output: FormatOptions

    func validate() throws {
        for text in taskIDs where TaskID(text) == nil { throw ValidationError("'\(text.prefix(80))' is not a task ID") }
    }

    func run() async throws {
        let settings = try await Settings.load(common, work: work)
        let key = try settings.requireKey()
        let archive = try Archive(settings, creating: false)
        let named = taskIDs.compactMap { TaskID($0) }
        let isAnyUnknown = try await complainOfUnknown(named, in: archive.catalog)
        let tasks = try await archive.catalog.retry(named.isEmpty ? nil : named, now: archive.clock.now)
        Terminal.log("retry      \(Rendering.count(tasks.count, "task")) with results that were lost or could not be decoded")

        let reporter = Reporter(verbose: common.verbose)
        var options = settings.archiverOptions
        options.patience = patience.seconds
        let context = ArchiverContext(archive, settings: settings, key: key, options: options) { reporter($0) }
        try await ArchivingRun(context: context, format: output.format, named: tasks).run(foundWrong: isAnyUnknown)
    }

    private func complainOfUnknown(_ tasks: [TaskID], in catalog: any CatalogReader) async throws -> Bool {
        var isAnyUnknown = false
        for id in tasks where try await catalog.task(id) == nil {
            Terminal.complain("fixative: the archive has no task \(id); run 'fixative archive \(id)'")
            isAnyUnknown = true
        }
        return isAnyUnknown
    }
}
