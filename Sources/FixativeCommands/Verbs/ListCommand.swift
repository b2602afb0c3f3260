import ArchiveModel
public import ArgumentParser
import Catalog
import Foundation
public import SizeContract

extension Verdict: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument.lowercased()) }
    public static var allValueStrings: [String] { allCases.map(\.rawValue) }
}

struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List outputs, the newest first.")

    @Option(help: "Words that the prompt must hold, each as a word or the beginning of one.")
    var query: String?

    @Option(help: "Only outputs of this verdict.")
    var verdict: Verdict?

    @Option(help: ArgumentHelp("Only what was created since then: 24h, 7d, or a date.", valueName: "span"))
    var since: TimeSpan?

    @Flag(help: "Only what can't be had, with the reasons: also tasks that failed.")
    var lost = false

    @Option(help: "The most lines.")
    var limit: Int?

    @OptionGroup var common: CommonOptions
    @Option(help: "table, json or csv.")
    var format: OutputFormat = .table

    func validate() throws {
        guard (limit ?? 1) > 0 else { throw ValidationError("--limit takes a number above 0") }
    }

    private struct Row: Encodable {
        var taskId: TaskID
        var index: Int?
        var state: String
        var createdAt: Date?
        var prompt: String?
        var requested: String?
        var delivered: String?
        var format: String?
        var bytes: Int?
        var sha256: Digest?
        var verdict: Verdict?
        var reason: String?
    }

    func run() async throws {
        let archive = try OpenArchive(try await Settings.load(common), creating: false)
        let entries = try await archive.catalog.entries(
            EntryQuery(
                text: query, verdict: verdict, states: lost ? [.unavailable] : nil, since: since?.date(from: archive.clock.now),
                limit: limit))
        var rows = entries.map(Self.row)
        if lost {
            let start = since?.date(from: archive.clock.now) ?? .distantPast
            let words = (query ?? "").lowercased().split(separator: " ")
            let tasks = try await archive.catalog.endedTasks(limit: .max).filter { task in
                let prompt = (task.request?.prompt ?? "").lowercased()
                return verdict == nil && (task.createdAt ?? task.discoveredAt) >= start
                    && words.allSatisfy { prompt.contains($0) }
            }
            rows += tasks.map {
                Row(
                    taskId: $0.id, state: $0.state.rawValue, createdAt: $0.createdAt, prompt: $0.request?.prompt,
                    reason: $0.reason)
            }
            rows = Array(rows.prefix(limit ?? .max))
        }
        switch format {
        case .json: Terminal.write(try Rendering.json(rows))
        case .table: Terminal.write(Self.table(rows).text)
        case .csv: Terminal.write(Self.table(rows).csv)
        }
    }

    private static func row(_ entry: OutputEntry) -> Row {
        let request = entry.request
        return Row(
            taskId: entry.id.task, index: entry.id.index, state: entry.state.rawValue, createdAt: entry.createdAt,
            prompt: request?.prompt,
            requested: request?.size.map { size in size.contains(":") ? "\(size) \(request?.resolution ?? "1K")" : size },
            delivered: entry.judgement?.delivered.map { "\($0)" }, format: entry.original?.format, bytes: entry.original?.bytes,
            sha256: entry.original?.digest, verdict: entry.judgement?.verdict, reason: entry.reason)
    }

    private static func table(_ rows: [Row]) -> Table {
        var table = Table(columns: [
            .init("CREATED"), .init("TASK"), .init("#", .right), .init("STATE"), .init("ASKED"), .init("DELIVERED"),
            .init("FORMAT"),
            .init("BYTES", .right), .init("VERDICT"), .init("SHA256", limit: 13), .init("PROMPT OR REASON", limit: 60),
        ])
        for row in rows {
            table.rows.append([
                Rendering.minute(row.createdAt), row.taskId.text, row.index.map { "\($0)" } ?? "-", row.state,
                row.requested ?? "-",
                row.delivered ?? "-", row.format ?? "-", row.bytes.map { "\($0)" } ?? "-", row.verdict?.rawValue ?? "-",
                row.sha256?.hex ?? "-", row.state == "archived" ? row.prompt ?? "" : row.reason ?? row.prompt ?? "",
            ])
        }
        return table
    }
}
