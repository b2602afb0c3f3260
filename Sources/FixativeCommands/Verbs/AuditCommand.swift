import ArchiveModel
import ArchiveStore
import ArgumentParser
import Audit
import Catalog
import Foundation
import SizeContract

/// Output formats of an audit.
enum AuditFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json, csv, html
}

/// A group, since a verb below `audit` gets an option of `audit` only as part of the same group.
struct AuditFormatOption: ParsableArguments {
    @Option(help: "table, json, csv or html (one page that needs no other file).")
    var format: AuditFormat = .table
}

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Compare what was requested, delivered and charged.",
        discussion: """
            Exit code 0 when every picture is exact, accepted, unrequested or unread and none is lost, 1 otherwise; --fail-on and \
            --tolerance change that. 'fixative audit evidence TASK_ID OUT' packs everything that is known of one task, and \
            'fixative audit claim' a claim for all refunds of a period.
            """,
        subcommands: [AuditEvidenceCommand.self, AuditClaimCommand.self, AuditClaimsCommand.self])

    @OptionGroup(title: "Filters") var filter: AuditFilter

    @Option(
        name: .customLong("group-by"),
        help: ArgumentHelp(
            "Sum up by day, week, month, model, account, size, verdict or finding instead of listing each picture; also by two, separated by a comma.",
            valueName: "what"))
    var groupings: AuditGroupings?

    @Flag(help: "Only the totals.")
    var summary = false

    @OptionGroup(title: "Money") var price: PriceOptions

    @Option(
        help: ArgumentHelp("'exact', or 'ratio': the verdict 'resized' passes as well.", valueName: "how"))
    var tolerance = AuditRule.Tolerance.exact

    @Option(
        help: ArgumentHelp(
            "What leads to exit code 1: verdicts, 'overcharged', 'undercharged', 'unexplained' and 'lost', separated by commas, or 'none'. Default: every mismatch and loss.",
            valueName: "list"))
    var failOn: Failures?

    @Flag(help: "Compare the archive with the account's list of tasks: is everything archived?")
    var againstAccount = false

    @Flag(help: "Look for pictures that contradict each other or their links, and for the same bytes under different prompts.")
    var consistency = false

    @Flag(help: "Look for pictures whose Content Credentials are missing, do not hold, or contradict the order.")
    var provenance = false

    @Option(
        help: ArgumentHelp(
            "With --consistency: also find pictures whose hashes differ in at most this many of 64 bits.", valueName: "bits"))
    var near: Int?

    @OptionGroup var form: AuditFormatOption

    @Option(name: .shortAndLong, help: ArgumentHelp("Write to this file instead of stdout.", valueName: "file"))
    var output: String?

    @Option(
        help: ArgumentHelp("The columns of the table or CSV file, separated by commas: see docs/audit.md.", valueName: "names"))
    var columns: AuditColumns?

    @Option(help: "The delimiter of a CSV file: ',', ';', '|' or 'tab'.")
    var delimiter: CSVDelimiter?

    @Option(help: "The decimal sign of a CSV file: '.' or ','.")
    var decimal: CSVDecimal?

    @Flag(help: "Begin a CSV file with the byte order mark that Excel needs.")
    var bom = false

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard !summary || (groupings == nil && (format == .table || format == .json)) else {
            throw ValidationError("--summary needs --format table or json, and can't be combined with --group-by")
        }
        guard failOn == nil || tolerance == .exact else {
            throw ValidationError("--tolerance and --fail-on can't be combined; give one of them")
        }
        let isComparison = groupings == nil && !summary && !consistency && filter.hasLosses && filter.isTimeAlone
        guard !againstAccount || (isComparison && !price.isGiven && failOn == nil && tolerance == .exact) else {
            throw ValidationError("--against-account can only be combined with --since, --until, --format and --output")
        }
        guard !againstAccount || format != .html, !consistency || format != .html, groupings == nil || format != .html else {
            throw ValidationError("--format html can't be combined with --against-account, --consistency or --group-by")
        }
        guard !consistency || (groupings == nil && !summary) else {
            throw ValidationError("--consistency can't be combined with --group-by or --summary")
        }
        let isAlone = groupings == nil && !summary && !consistency && !againstAccount && format != .html
        guard !provenance || isAlone else {
            throw ValidationError(
                "--provenance can't be combined with --group-by, --summary, --consistency, --against-account or --format html")
        }
        guard near == nil || (consistency && (0...NearDuplicates.most).contains(near ?? 0)) else {
            throw ValidationError("--near needs --consistency, and takes 0 to \(NearDuplicates.most) bits")
        }
        guard failOn?.rule.failsWhenLost != true || filter.hasLosses else {
            throw ValidationError(
                "--fail-on lost can't be combined with --verdict or --tier: a lost picture has no verdict and no price class")
        }
        guard format == .csv || (!bom && delimiter == nil && decimal == nil) else {
            throw ValidationError("--bom, --delimiter and --decimal need --format csv")
        }
        let isList = groupings == nil && !summary && !againstAccount && !consistency && (format == .csv || format == .table)
        guard columns == nil || isList else {
            throw ValidationError("--columns needs a list of pictures with --format table or csv")
        }
    }

    private var format: AuditFormat { form.format }

    /// The rule that decides on exit code 1.
    private var rule: AuditRule { failOn?.rule ?? AuditRule(tolerance) }

    private var layout: AuditLayout {
        AuditLayout(
            format: format, columns: columns?.all, delimiter: delimiter?.character ?? ",", decimal: decimal?.character ?? ".")
    }

    func run() async throws {
        let settings = try await Settings.load(common)
        let archive = try Archive(settings, creating: false, reading: true)
        let sink = try OutputFile(file: output)
        if bom { sink.write("\u{FEFF}") }
        let passes = try await write(archive, settings, sink)
        try sink.finish()
        if !passes { throw ExitCode.foundWrong }
    }

    /// - Returns: Whether the audit passes.
    private func write(_ archive: Archive, _ settings: Settings, _ sink: OutputFile) async throws -> Bool {
        if againstAccount { return try await AccountAudit(archive, settings, filter, format, sink).run() }
        // The counters know nothing about money.
        if summary, filter.isTimeAlone, !price.isGiven, rule.findings.isEmpty {
            return try summarise(try await AuditReader.countedSummary(archive, filter), sink).passes(rule)
        }
        let reader = try await AuditReader(archive, filter, price, prices: settings.prices)
        if consistency { return try await ConsistencyAudit(reader, near, format, sink).run() }
        if provenance { return try await ProvenanceAudit(reader, format, sink).run() }
        let total = try await write(archive, settings, reader, sink)
        if let warning = reader.warning(total) { Terminal.complain("WARNING: \(warning)") }
        return total.passes(rule)
    }

    /// - Returns: The totals.
    private func write(
        _ archive: Archive, _ settings: Settings, _ reader: AuditReader, _ sink: OutputFile
    ) async throws -> AuditReport.Summary {
        if summary { return try summarise(try await reader.summary(), sink) }
        if let groupings { return try await AuditGroupWriter(layout, sink).write(reader, groupings.all) }
        if format == .html { return try await AuditPageWriter(archive, sink, output, filter, settings.decoders).write(reader) }
        return try await AuditWriter(layout, sink).report(reader)
    }

    private func summarise(_ summary: AuditReport.Summary, _ sink: OutputFile) throws -> AuditReport.Summary {
        sink.write(format == .json ? try Rendering.json(Whole(summary: summary)) : AuditText.text(summary))
        return summary
    }

    struct Whole: Encodable {
        var summary: AuditReport.Summary
    }
}

/// The delimiter of a CSV file.
struct CSVDelimiter: ExpressibleByArgument {
    let character: Character

    init?(argument: String) {
        switch argument {
        case ",", ";", "|": character = Character(argument)
        case "tab": character = "\t"
        default: return nil
        }
    }
}

/// The decimal sign of a CSV file.
struct CSVDecimal: ExpressibleByArgument {
    let character: Character

    init?(argument: String) {
        guard argument == "." || argument == "," else { return nil }
        character = Character(argument)
    }
}
