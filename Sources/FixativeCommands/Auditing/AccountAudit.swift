import ArchiveModel
import ArchiveStore
import ArgumentParser
import AsyncHTTPClient
import Audit
import Catalog
import Foundation
import GenerationAPI

/// Implements `audit --against-account`.
struct AccountAudit {
    private let archive: Archive
    private let settings: Settings
    private let filter: AuditFilter
    private let format: AuditFormat
    private let sink: OutputFile

    init(_ archive: Archive, _ settings: Settings, _ filter: AuditFilter, _ format: AuditFormat, _ sink: OutputFile) {
        self.archive = archive
        self.settings = settings
        self.filter = filter
        self.format = format
        self.sink = sink
    }

    /// - Returns: Whether everything that the account completed is archived.
    func run() async throws -> Bool {
        let now = archive.clock.now
        let since = filter.since(now)
        let until = filter.until(now)
        let (listing, problems) = try await listing(since: since, now: now)
        var comparison = AccountComparison(since: since)
        comparison.isStable = listing.isStable && problems.isEmpty
        comparison.unreadable = listing.unreadable
        try await archive.catalog.forEachAuditPage(EntryQuery(since: since, before: until), []) { page in
            for entry in page.entries { comparison.hold(entry) }
        }
        for task in listing.tasks.values where until.map({ (task.createdAt ?? .distantPast) < $0 }) ?? true {
            let isCompleted: Bool? =
                switch task.status {
                case .completed: true
                case .failed, .cancelled: false
                default: nil
                }
            try await comparison.list(task.id, isCompleted: isCompleted, createdAt: task.createdAt) {
                guard let known = try await archive.catalog.task(task.id) else { return "the task is not in the archive" }
                return Self.standing(known)
            }
        }
        comparison.finish(listed: Set(listing.tasks.keys))
        try write(comparison)
        for problem in problems { Terminal.complain("fixative: \(problem)") }
        return comparison.isComplete
    }

    /// - Returns: The account's list, and reasons not to trust it.
    private func listing(since: Date?, now: Date) async throws -> (AccountListing, [UpstreamProblem]) {
        let key = try settings.requireKey()
        let http = GenerationClient.makeHTTPClient()
        let client = GenerationClient(baseURL: settings.apiURL, key: key, http: http, clock: archive.clock)
        do {
            let listing = try await client.account(since: since) { Terminal.progress("\($0) tasks of the account read") }
            Terminal.endProgress()
            client.monitor.recordList(gap: listing.gap)
            try await client.checkList(listing.head, before: try await archive.catalog.newestListed(before: now), now: now)
            archive.checkFiles(client.monitor)
            try? await http.shutdown()
            return (listing, client.monitor.problems)
        } catch {
            Terminal.endProgress()
            try? await http.shutdown()
            guard let problem = client.monitor.problems.first else { throw error }
            Terminal.complain("fixative: \(error)\nfixative: \(problem)")
            throw ExitCode.foundWrong
        }
    }

    private static func standing(_ task: TaskEntry) -> String? {
        let reason = task.reason.map { ": \($0)" } ?? ""
        return switch task.state {
        case .waiting, .leased: "the task waits in the queue\(reason)"
        case .held: "the task is held in the queue\(reason)"
        case .resolved: nil
        case .failed, .cancelled, .unavailable: "the archive lists it as \(task.state.rawValue)\(reason)"
        }
    }

    private func write(_ comparison: AccountComparison) throws {
        guard format != .json else { return sink.write(try Rendering.json(comparison)) }
        var table = Table(columns: [.init("FINDING"), .init("TASK"), .init("INDEX", .right), .init("REASON")])
        table.rows += comparison.missing.map { ["missing", $0.taskId.text, "-", $0.reason] }
        table.rows += comparison.lost.map { ["lost", $0.taskId.text, "\($0.index)", $0.reason] }
        table.rows += comparison.unlisted.map {
            ["unlisted", $0.taskId.text, "\($0.index)", "archived here, and no longer listed by the account"]
        }
        guard format == .table else { return sink.write(table.csv) }
        if !table.rows.isEmpty { sink.write(table.text + "\n") }
        sink.write(Self.text(comparison, filter.calendar))
    }

    private static func text(_ comparison: AccountComparison, _ calendar: AuditCalendar) -> String {
        let time = comparison.since.map { " since \(calendar.minute($0)) \(calendar.name)" } ?? ""
        var text =
            "the account lists \(Rendering.count(comparison.listed, "task"))\(time): \(comparison.completed) completed, "
            + "\(comparison.failed) failed, \(comparison.underWay) under way\n"
        let claim = comparison.isComplete ? "everything is archived: " : "archived: "
        text +=
            "\(claim)\(comparison.archived) of \(comparison.completed) completed tasks, with \(Rendering.count(comparison.pictures, "picture"))\n"
        if !comparison.missing.isEmpty {
            text +=
                "missing: \(comparison.missing.count); run 'fixative archive TASK_ID…' before their links expire\n"
        }
        if !comparison.lost.isEmpty { text += "lost: \(Rendering.count(comparison.lost.count, "picture"))\n" }
        if !comparison.unlisted.isEmpty {
            text += "archived, but no longer listed by the account: \(Rendering.count(comparison.unlisted.count, "picture"))\n"
        }
        if comparison.unreadable > 0 {
            text += "rows of the account's list without a task ID: \(comparison.unreadable); they can't be compared\n"
        }
        if !comparison.isStable {
            text +=
                "the account's list changed each time it was read, or was incomplete, so other tasks are possible. Run the audit again\n"
        }
        return text
    }
}
