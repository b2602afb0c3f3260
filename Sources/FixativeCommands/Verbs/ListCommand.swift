import ArchiveModel
import ArchiveStore
import Archiver
public import ArgumentParser
import Audit
package import Catalog
import Foundation
public import SizeContract

extension Verdict: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument.lowercased()) }
    public static var allValueStrings: [String] { allCases.map(\.rawValue) }
}

extension Tier: ExpressibleByArgument {
    public init?(argument: String) { self.init(parsing: argument) }
    public static var allValueStrings: [String] { allCases.map(\.rawValue) }
}

extension ListCursor: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List outputs, the newest first.",
        discussion: "A table on a terminal ends after 100 lines, unless --limit or --all is given. "
            + "When more lines follow, stderr shows the cursor for --after.")

    @Option(help: "Words that the prompt must contain, each as a word or the beginning of one.")
    var query: String?

    @Option(help: "Only outputs with this verdict.")
    var verdict: Verdict?

    @Option(help: ArgumentHelp("Only outputs and tasks created since this time: 24h or 7d ago, or a date.", valueName: "span"))
    var since: TimeSpan?

    @Flag(help: "Only lost outputs with the reasons, and tasks that failed.")
    var lost = false

    @Flag(help: "Only outputs and tasks that wait with little time left, the most urgent first.")
    var atRisk = false

    @Flag(help: "Only outputs and tasks that wait after a failure: cause, tries, next try, end of the window, reason.")
    var failing = false

    @Option(help: ArgumentHelp("Only pictures in this price class: 1K, 2K or 4K.", valueName: "tier"))
    var tier: Tier?

    @Option(help: "Only pictures of this model.")
    var model: String?

    @OptionGroup var credentials: CredentialFilterOptions

    @Option(help: "The maximum number of lines.")
    var limit: Int?

    @Flag(help: "All lines, also on a terminal.")
    var all = false

    @Option(help: ArgumentHelp("Continue an earlier list after the cursor that it printed.", valueName: "cursor"))
    var after: ListCursor?

    @OptionGroup var common: CommonOptions
    @Option(help: "table, json or csv.")
    var format: OutputFormat = .table

    func validate() throws {
        guard (limit ?? 1) > 0 else { throw ValidationError("--limit takes a number above 0") }
        guard limit == nil || !all else { throw ValidationError("--limit and --all are opposites; give one of them") }
        let isFiltered =
            lost || query != nil || verdict != nil || since != nil || tier != nil || model != nil || after != nil
            || credentials.isSet
        guard !atRisk || !(isFiltered || failing) else {
            throw ValidationError("--at-risk can only be combined with --limit and --format")
        }
        guard !failing || !isFiltered else { throw ValidationError("--failing can only be combined with --limit and --format") }
        if after?.isAmongTasks == true, !lost {
            throw ValidationError("this cursor belongs to a list with --lost; add --lost")
        }
    }

    private struct Row: Encodable {
        var view: OutputView
        /// Whether little of its time is left. The reason then says how much.
        var isAtRisk = false

        private enum CodingKeys: CodingKey { case atRisk }

        func encode(to encoder: any Encoder) throws {
            try view.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            if isAtRisk { try container.encode(true, forKey: .atRisk) }
        }
    }

    func run() async throws {
        let settings = try await Settings.load(common)
        let archive = try Archive(settings, creating: false, reading: true)
        if failing { return try await listFailing(archive) }
        if atRisk { return try await listRisks(archive, riskTime: settings.riskTime) }
        let now = archive.clock.now
        let since = since?.date(from: archive.clock.now)
        let terminalLimit = Terminal.isInteractive && format == .table && !all ? 100 : nil
        var rest = limit ?? terminalLimit
        var output = Output(format)
        var next: ListCursor?
        if after?.isAmongTasks != true {
            var query = EntryQuery(
                text: query, verdict: verdict, states: lost ? [.unavailable] : nil, deliveredTier: tier, model: model,
                since: since, limit: rest)
            credentials.narrow(&query)
            try await archive.catalog.forEachPage(query, after: after) { page in
                for entry in page.entries { try output.write(Self.row(entry, riskTime: settings.riskTime, now: now)) }
                rest = rest.map { $0 - page.entries.count }
                next = page.next
            }
        }
        if lost, next == nil, verdict == nil, tier == nil, model == nil, !credentials.isSet {
            next = try await listTasks(archive.catalog, since: since, rest: rest, &output)
        }
        try output.finish()
        if let next {
            Terminal.log("more lines follow: continue with --after \(next)\(limit == nil ? ", or list all with --all" : "")")
        }
    }

    private func listFailing(_ archive: Archive) async throws {
        let failing = try await archive.catalog.failing(limit: limit ?? .max)
        let rows = Array(failing.rows(now: archive.clock.now).prefix(limit ?? .max))
        if format == .json {
            Terminal.write(try Rendering.json(rows))
        } else {
            let columns: [Table.Column] = [
                .init("SINCE"), .init("TASK"), .init("#", .right), .init("STATE"), .init("CAUSE"), .init("TRIES", .right),
                .init("NEXT TRY"), .init("WINDOW ENDS"), .init("REASON", limit: 80),
            ]
            var lines = RowStream(columns: columns, format: format)
            for row in rows {
                try lines.append([
                    Rendering.minute(row.since), row.taskId.text, row.index.map { "\($0)" } ?? "-", row.state,
                    row.cause.rawValue, "\(row.tries)", row.nextTry.iso8601, Rendering.minute(row.windowEnds), row.reason,
                ])
            }
            try lines.finish()
        }
        if !failing.isEmpty { throw ExitCode.foundWrong }
    }

    private func listRisks(_ archive: Archive, riskTime: TimeInterval) async throws {
        let now = archive.clock.now
        var output = Output(format)
        let risk = try await AtRisk.find(in: archive.catalog, now: now, time: riskTime, limit: limit ?? .max)
        for entry in risk.outputs { try output.write(Self.row(entry, riskTime: riskTime, now: now)) }
        for task in risk.tasks.prefix((limit ?? .max) - risk.outputs.count) {
            var row = Self.row(task)
            row.isAtRisk = true
            row.view.reason = AtRisk.reason(deadline: AtRisk.deadline(of: task), last: task.reason, now: now)
            try output.write(row)
        }
        try output.finish()
        if !risk.isEmpty { throw ExitCode.foundWrong }
    }

    /// Lists failed tasks after the lost outputs.
    private func listTasks(
        _ catalog: some CatalogReader, since: Date?, rest: Int?, _ output: inout Output
    ) async throws -> ListCursor? {
        if rest == 0 { return .beforeTasks }
        let start = after.flatMap { $0.isAmongTasks ? $0 : nil }
        var next: ListCursor?
        try await catalog.forEachEndedTask(EndedTaskQuery(text: query, since: since, limit: rest), after: start) { page in
            for task in page.tasks { try output.write(Self.row(task)) }
            next = page.next
        }
        return next
    }

    /// Writes rows in one of the formats.
    private struct Output {
        // Exactly one is set. An enum would copy its whole payload for each row.
        private var json: JSONArrayStream<Row>?
        private var lines: RowStream?

        init(_ format: OutputFormat) {
            if format == .json {
                json = JSONArrayStream(of: Row.self, depth: 0)
            } else {
                lines = RowStream(columns: columns, format: format)
            }
        }

        mutating func write(_ row: Row) throws {
            try json?.append(row)
            try lines?.append(ListCommand.cells(row))
        }

        mutating func finish() throws {
            try json?.finish()
            if json != nil { Terminal.write("\n") }
            try lines?.finish()
        }
    }

    private static func row(_ entry: OutputEntry, riskTime: TimeInterval, now: Date) -> Row {
        let ended = entry.state == .archived || entry.state == .unavailable
        var row = Row(view: OutputView(entry))
        if !ended, let deadline = entry.deadline, deadline.timeIntervalSince(now) < riskTime {
            row.isAtRisk = true
            row.view.reason = AtRisk.reason(deadline: deadline, last: entry.reason, now: now)
        }
        return row
    }

    private static func row(_ task: TaskEntry) -> Row {
        Row(
            view: OutputView(
                task: task.id, state: task.state, request: task.request, createdAt: task.createdAt, reason: task.reason))
    }

    private static let columns: [Table.Column] = [
        .init("CREATED"), .init("TASK"), .init("#", .right), .init("STATE"), .init("ASKED"), .init("DELIVERED"),
        .init("FORMAT"), .init("BYTES", .right), .init("VERDICT"), .init("SHA256", limit: 13),
        .init("PROMPT OR REASON", limit: 60),
    ]

    private static func cells(_ row: Row) -> [String] {
        let (view, delivered) = (row.view, row.view.delivered)
        let pixels = delivered.flatMap { file in file.width.flatMap { width in file.height.map { "\(width)x\($0)" } } }
        let prompt = view.requested?.prompt
        return [
            Rendering.minute(view.createdAt), view.taskId.text, view.index.map { "\($0)" } ?? "-",
            row.isAtRisk ? "at risk" : view.state ?? "-", view.requested.flatMap(\.sizeText) ?? "-", pixels ?? "-",
            delivered?.format ?? "-", delivered.map { "\($0.bytes)" } ?? "-", view.verdict?.rawValue ?? "-",
            delivered?.sha256.hex ?? "-", view.state == "archived" ? prompt ?? "" : view.reason ?? prompt ?? "",
        ]
    }
}
