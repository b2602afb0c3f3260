import ArgumentParser

/// `provenance` without a verb of its own is the report. It takes no options: they would shadow those of its verbs.
struct ProvenanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provenance", abstract: "Show what pictures say about their origin, and whether it holds.",
        subcommands: [
            ProvenanceReportCommand.self, ProvenanceShowCommand.self, ProvenanceCheckCommand.self, ProvenanceSealCommand.self,
        ],
        defaultSubcommand: ProvenanceReportCommand.self)
}
