import ArchiveModel
import ArchiveStore
import Archiver
import ArgumentParser
import BlobStore
import Catalog
import Foundation
import GenerationAPI

struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Ask the API for a picture; the request is put on record before it is sent.",
        discussion:
            "The command prints the task ID. With --wait, the command also archives the picture and the rest of the queue.")

    @Option(help: "The prompt: a description of the picture.")
    var prompt: String

    @Option(help: "auto, a ratio such as 16:9, or pixels such as 1024x1024.")
    var size: String?

    @Option(help: "1K, 2K or 4K; only used with a ratio.")
    var resolution: String?

    @Option(name: .customLong("image-url"), help: ArgumentHelp("A reference image; up to 16 of them.", valueName: "url"))
    var imageURLs: [String] = []

    @Option(
        name: .customLong("callback-url"),
        help: ArgumentHelp("The HTTPS address to which the upstream reports the end of the task.", valueName: "url"))
    var callbackURL: String?

    @Option(help: "The model.")
    var model = GenerationRequest.defaultModel

    @Option(help: ArgumentHelp("Repeat a request whose answer was lost, without paying twice.", valueName: "key"))
    var idempotencyKey: String?

    @Flag(help: "Wait until the picture is archived.")
    var wait = false

    @OptionGroup var common: CommonOptions
    @OptionGroup var work: WorkOptions
    @OptionGroup var output: FormatOptions

    private var request: GenerationRequest {
        GenerationRequest(
            model: model, prompt: prompt, size: size, resolution: resolution, imageURLs: imageURLs, callbackURL: callbackURL)
    }

    func validate() throws {
        var told: Set<String> = []
        let problems = request.problems().map(\.description).filter { told.insert($0).inserted }
        guard problems.isEmpty else {
            throw ValidationError("the request would be refused: " + problems.joined(separator: "; "))
        }
    }

    func run() async throws {
        let settings = try await Settings.load(common, work: work)
        let key = try settings.requireKey()
        let archive = try Archive(settings, creating: true)
        let reporter = Reporter(verbose: common.verbose)
        // The address may contain the webhook's secret.
        let hidden = ServiceSecrets.known + [callbackURL].compactMap { $0 }
        let context = ArchiverContext(
            archive, settings: settings, key: key, options: settings.archiverOptions, hidden: { hidden },
            report: { reporter($0) })
        let task: TaskSnapshot
        do {
            task = try await submit(request, context)
        } catch {
            await context.close()
            throw error
        }
        if output.format == .json {
            Terminal.write(try Rendering.json(["taskId": task.id.text]))
        } else {
            Terminal.write("\(task.id)\n")
        }
        guard wait else { return await context.close() }
        let summary = try await stoppingAtSignals(context.archiver) { try await context.run() }
        Terminal.endProgress()
        if let reason = summary.stopReason { throw SettingsError(reason) }
        let entries = try await archive.catalog.entries(EntryQuery(task: task.id))
        if !summary.wasStopped, entries.isEmpty || entries.contains(where: { $0.state != .archived }) {
            throw ExitCode.foundWrong
        }
    }

    /// Stores the request before sending it, and stores the task before the caller prints the task's ID.
    private func submit(_ request: GenerationRequest, _ context: ArchiverContext) async throws -> TaskSnapshot {
        let recorded = request.recorded(at: context.archive.clock.now)
        let key = idempotencyKey ?? UUID().uuidString.lowercased()
        try await context.archiver.begin(recorded, key: key)
        let task: TaskSnapshot
        do {
            task = try await context.client.create(request, idempotencyKey: key)
        } catch let error as APIError where error.isTransient {
            Terminal.complain(
                "the request is on record. To repeat it without paying twice, add --idempotency-key \(key)")
            throw error
        } catch let error as APIError {
            try await context.archiver.drop(key: key)
            throw error
        }
        try await context.archiver.complete(task, of: recorded, key: key, source: "submit")
        return task
    }
}
