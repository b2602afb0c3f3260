import ArchiveModel
import ArchiveStore
public import ArgumentParser
import BlobStore
import DecoderPool
import Foundation

/// The root command; each subcommand has its own file.
public struct FixativeCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "fixative",
        abstract: "Archives generated pictures before their links expire, and audits what was requested, delivered and billed.",
        discussion: """
            The API key comes from FIXATIVE_API_KEY, EVOLINK_API_KEY, or the file in FIXATIVE_API_KEY_FILE; never from a flag.
            Exit codes: 0 all well; 1 something is wrong (a mismatch, a damaged file, a lost picture); 2 the work could not \
            be done; 64 wrong usage.
            """,
        version: "fixative \(Product.version) (commit \(buildCommit), archive format \(ArchiveFiles.formatVersion))",
        groupedSubcommands: [
            CommandGroup(name: "Try it:", subcommands: [DemoCommand.self, SimulateCommand.self, DoctorCommand.self]),
            CommandGroup(
                name: "Archive:",
                subcommands: [SubmitCommand.self, ArchiveCommand.self, RunCommand.self, RetryCommand.self, GiveUpCommand.self]),
            CommandGroup(
                name: "Look:",
                subcommands: [
                    StatusCommand.self, ListCommand.self, ShowCommand.self, CatCommand.self, AuditCommand.self,
                    ProvenanceCommand.self, GalleryCommand.self, ExportCommand.self,
                ]),
            CommandGroup(
                name: "Keep:", subcommands: [VerifyCommand.self, RepairCommand.self, GcCommand.self, RebuildCommand.self]),
        ])

    public init() {}

    /// If this process was started as a decoder, serves as one and then ends the process. Call this before anything else.
    public static func decodeIfAsked() { DecodeWorker.serveIfAsked() }

    /// Parses the command line, runs the subcommand, and ends the process with the documented exit code.
    public static func start() async -> Never {
        FixedLocale.set()
        CrashHandling.prepare()
        var verb: any ParsableCommand
        do {
            verb = try parseAsRoot()
        } catch {
            exit(withError: error)
        }
        do {
            if var asynchronous = verb as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try verb.run()
            }
            Foundation.exit(0)
        } catch let error as ExitCode {
            exit(withError: error)
        } catch let error where error is ValidationError || exitCode(for: error) == .success {
            exit(withError: error)
        } catch {
            Terminal.complain("fixative: \(error)")
            Foundation.exit(2)
        }
    }
}

extension ExitCode {
    /// The command worked, and found a problem.
    static let foundWrong = ExitCode(1)
    /// The command failed.
    static let couldNot = ExitCode(2)
}
