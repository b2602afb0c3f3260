import ArchiveModel
package import Foundation
package import GenerationAPI

/// Decides how far back each sweep of the account reads.
///
/// The first sweep reads back as far as asked. Each later sweep reads back to the newest task already seen, plus ``overlap``,
/// since the list's order is not exact. Once an hour a deep sweep reads every task whose links may still work, to find tasks that
/// earlier sweeps missed.
package struct SweepMark: Sendable {
    /// Seconds by which a sweep reads past the newest task already seen.
    package static let overlap: TimeInterval = 15 * 60
    /// Seconds between deep sweeps.
    package static let deepInterval: TimeInterval = 3600
    /// The list is asked for at this interval after ``mostRefusals`` refusals in a row. A single one may be a proxy's or an outage's.
    static let mostRefusals = 3
    /// Refusals of the list since the last one that was read.
    var refusals = 0

    /// The range that one sweep has to read.
    package struct Reach: Sendable, Hashable {
        /// Older tasks are left out.
        package var start: Date
        package var isDeep: Bool

        package init(start: Date, isDeep: Bool) {
            self.start = start
            self.isDeep = isDeep
        }
    }

    private var newest: Date?
    private var deepDueAt = Date.distantPast
    private var hasBegun = false

    package init() {}

    /// The range of the next sweep.
    /// - Parameter span: How far back the first sweep reads, in seconds.
    package func next(span: TimeInterval, now: Date) -> Reach {
        guard hasBegun else { return Reach(start: now.addingTimeInterval(-span), isDeep: true) }
        let deep = now.addingTimeInterval(-min(span, UpstreamRules.linkLifetime))
        guard let newest, now < deepDueAt else { return Reach(start: deep, isDeep: true) }
        return Reach(start: max(deep, newest.addingTimeInterval(-Self.overlap)), isDeep: false)
    }

    /// Records a completed sweep.
    /// - Parameter newest: The creation time of the newest task seen. A time in the future counts as `now`.
    package mutating func record(_ reach: Reach, newest seen: Date?, now: Date) {
        hasBegun = true
        if let seen { newest = max(newest ?? .distantPast, min(seen, now)) }
        if reach.isDeep { deepDueAt = now.addingTimeInterval(Self.deepInterval) }
    }
}

/// One pass over the account's task list.
///
/// Rows move between page reads. New tasks push rows down, so some rows appear twice. Deleted tasks pull rows up, so some are
/// skipped; a list whose total has shrunk is therefore read again. Pages without a new row do not end the pass, since so many
/// tasks may have been created between two page reads.
package struct AccountSweep {
    /// The creation time of the newest task seen.
    package private(set) var newest: Date?
    /// The first rows of the list.
    package private(set) var head = ListHead()
    /// Distinct tasks seen in the requested time range.
    package var count: Int { seen.count }
    /// Whether the list was read back to the requested time, and no row can have been skipped.
    package private(set) var isWhole = false
    /// Why the list seems incomplete, if tasks were missing in every pass and a change of the account does not explain it;
    /// otherwise `nil`.
    package private(set) var gap: String?
    /// Rows of the last pass without a task ID.
    package private(set) var unreadable = 0
    private var seen: Set<TaskID> = []
    private var list = ListCount()

    /// Maximum number of pages of one pass. This bounds a list that returns only unreadable rows and ignores the page number.
    private static let mostPages = 20_000

    /// Maximum number of passes over a list that could not be read completely.
    private static let tries = 3
    /// The pass stops after this many consecutive pages without a new row. Either 2,000 tasks were created during the pass, or
    /// the list has no end.
    private static let mostKnownPages = 40
    /// Identical consecutive pages that show that the list ignores the page number. Two are not enough: if a full page of new
    /// tasks arrives between two reads, the previous page appears again.
    private static let sameInARow = 3
    private static let noEnd = "its pages never end"

    /// Reads the list back to `start`, and passes the tasks on page by page.
    ///
    /// - Parameters:
    ///   - page: Reads a page, counted from 1, newest tasks first.
    ///   - register: Registers tasks; durable when it returns.
    /// - Throws: Errors of `page` and `register`.
    package static func run(
        since start: Date, page: (Int) async throws -> AccountPage, register: ([TaskSnapshot]) async throws -> Void
    ) async throws -> AccountSweep {
        var sweep = AccountSweep()
        var hasGapInEachPass = true
        for _ in 0..<tries {
            let pass = try await sweep.pass(since: start, page: page, register: register)
            hasGapInEachPass = hasGapInEachPass && pass.gap != nil
            (sweep.isWhole, sweep.gap) = (pass.isWhole, hasGapInEachPass ? pass.gap : nil)
            if sweep.isWhole { break }
        }
        return sweep
    }

    /// The result of one pass.
    private struct Pass {
        /// Whether rows may have been skipped because the list has changed.
        var hasChanged = false
        /// Why tasks are missing, other than by changes of the account.
        var gap: String?
        /// Whether the list was read to its end or to the start of the range, and no row can have been skipped.
        var isWhole: Bool { !hasChanged && gap == nil }

        /// The result at the end of the list.
        func atEnd(of list: ListCount) -> Pass {
            Pass(hasChanged: hasChanged || list.isShort, gap: gap ?? list.shortage)
        }
    }

    private mutating func pass(
        since start: Date, page: (Int) async throws -> AccountPage, register: ([TaskSnapshot]) async throws -> Void
    ) async throws -> Pass {
        var pass = Pass()
        var most = Int.min
        var shown: Set<TaskID> = []
        var before: [TaskID] = []
        var same = 1
        var knownPages = 0
        var number = 1
        unreadable = 0
        list.beginReading()
        while true {
            let part = try await AccountPage.read(number, page)
            list.record(part)
            if let total = part.total {
                pass.hasChanged = pass.hasChanged || total < most
                most = max(most, total)
            }
            pass.gap = pass.gap ?? list.problem(of: part)
            unreadable += part.rows - part.tasks.count
            let young = part.tasks.filter { ($0.createdAt ?? .distantFuture) >= start }
            try await register(young)
            seen.formUnion(young.map(\.id))
            head.record(part.tasks, page: number)
            newest = (young.compactMap(\.createdAt) + [newest].compactMap { $0 }).max()
            // A page of unreadable rows is not the end of the list, nor is a short page. Only an empty page or one with only
            // older tasks is.
            if part.rows == 0 { return pass.atEnd(of: list) }
            if !part.tasks.isEmpty && young.isEmpty && !part.ascends { return pass }
            let ids = part.tasks.map(\.id)
            if !ids.isEmpty {
                same = ids == before ? same + 1 : 1
                if same == Self.sameInARow { return pass.atEnd(of: list) }
                let known = shown.count
                shown.formUnion(ids)
                knownPages = shown.count == known ? knownPages + 1 : 0
                if knownPages == Self.mostKnownPages { return Pass(gap: Self.noEnd) }
                before = ids
            }
            number += 1
            if number > Self.mostPages { return Pass(gap: Self.noEnd) }
        }
    }
}
