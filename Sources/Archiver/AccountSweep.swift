import ArchiveModel
package import Foundation
package import GenerationAPI

/// How far back the sweeps of an account look.
///
/// The first looks back as far as asked. Then each goes as far as the last one saw, and somewhat further, since the list's order is not
/// exact; and once an hour one looks at all tasks whose links may still live, so that what a sweep overlooked is found in time.
package struct SweepMark: Sendable {
    /// How much further than its mark a sweep looks, in seconds.
    package static let overlap: TimeInterval = 15 * 60
    /// Seconds between deep sweeps.
    package static let deepInterval: TimeInterval = 3600

    /// What one sweep is to look at.
    package struct Reach: Sendable, Hashable {
        /// Tasks created before it are left out.
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

    /// - Parameter span: How far back the first sweep looks, in seconds.
    package func next(span: TimeInterval, now: Date) -> Reach {
        guard hasBegun else { return Reach(start: now.addingTimeInterval(-span), isDeep: true) }
        let deep = now.addingTimeInterval(-min(span, TaskSnapshot.linkLifetime))
        guard let newest, now < deepDueAt else { return Reach(start: deep, isDeep: true) }
        return Reach(start: max(deep, newest.addingTimeInterval(-Self.overlap)), isDeep: false)
    }

    /// Takes in a sweep that came to its end.
    /// - Parameter newest: The creation of the newest task that it saw. A time to come counts as now.
    package mutating func note(_ reach: Reach, newest seen: Date?, now: Date) {
        hasBegun = true
        if let seen { newest = max(newest ?? .distantPast, min(seen, now)) }
        if reach.isDeep { deepDueAt = now.addingTimeInterval(Self.deepInterval) }
    }
}

/// One look at the account's list.
///
/// Rows move while pages are read: new tasks push them down, which only shows some twice, and tasks that vanish pull them up, which
/// hides some. So a list whose total has fallen is read again. Pages of nothing but rows that were shown before are passed over: so many
/// tasks may have come between two pages.
package struct AccountSweep {
    /// The creation of the newest task seen.
    package private(set) var newest: Date?
    /// The list's beginning.
    package private(set) var head = ListHead()
    /// How many tasks of the time were seen, each counted once.
    package var count: Int { seen.count }
    /// Whether the list was read as far as asked, and no row can have been hidden meanwhile.
    package private(set) var isWhole = false
    /// Rows of the last pass that name no task.
    package private(set) var unreadable = 0
    private var seen: Set<TaskID> = []

    /// Pages of one pass at the most: a list of rows that can't be read, and that does not turn its pages, has no other end.
    private static let mostPages = 20_000

    /// How often a list that is not read whole is read from its start.
    private static let tries = 3
    /// Pages in a row without a new row after which a list is left: 2000 tasks that came while a few pages were read, or no end at all.
    private static let mostKnownPages = 40
    /// How often in a row the same page shows that a list does not turn its pages. Twice is not enough: as many new tasks as fill a page
    /// show the page before once more.
    private static let sameInARow = 3

    /// Reads the list as far as `start`, and hands over the tasks page by page.
    ///
    /// - Parameters:
    ///   - page: Reads a page, counted from 1, the newest tasks first.
    ///   - register: Takes up tasks; durable when it returns.
    /// - Throws: What `page` and `register` throw.
    package static func run(
        since start: Date, page: (Int) async throws -> TaskPage, register: ([TaskSnapshot]) async throws -> Void
    ) async throws -> AccountSweep {
        var sweep = AccountSweep()
        for _ in 0..<tries {
            sweep.isWhole = try await sweep.pass(since: start, page: page, register: register)
            if sweep.isWhole { break }
        }
        return sweep
    }

    /// - Returns: Whether the list was read to its end or to `start`, and no row can have been hidden.
    private mutating func pass(
        since start: Date, page: (Int) async throws -> TaskPage, register: ([TaskSnapshot]) async throws -> Void
    ) async throws -> Bool {
        var most = Int.min
        var hasFallen = false
        var shown: Set<TaskID> = []
        var before: [TaskID] = []
        var same = 1
        var knownPages = 0
        var number = 1
        unreadable = 0
        while true {
            let part = try await TaskPage.read(number, page)
            if let total = part.total {
                hasFallen = hasFallen || total < most
                most = max(most, total)
            }
            // What a cut or broken page does not name may be there all the same.
            hasFallen = hasFallen || part.isIncomplete
            unreadable += part.rows - part.tasks.count
            let young = part.tasks.filter { ($0.createdAt ?? .distantFuture) >= start }
            try await register(young)
            seen.formUnion(young.map(\.id))
            head.note(part.tasks, page: number)
            newest = (young.compactMap(\.createdAt) + [newest].compactMap { $0 }).max()
            // A page of rows that can't be read is no end, and neither is a short one: only an empty one is, or one that is too old.
            if part.rows == 0 || (!part.tasks.isEmpty && young.isEmpty) { return !hasFallen }
            let ids = part.tasks.map(\.id)
            if !ids.isEmpty {
                same = ids == before ? same + 1 : 1
                if same == Self.sameInARow { return !hasFallen }
                let known = shown.count
                shown.formUnion(ids)
                knownPages = shown.count == known ? knownPages + 1 : 0
                if knownPages == Self.mostKnownPages { return false }
                before = ids
            }
            number += 1
            if number > Self.mostPages { return false }
        }
    }
}
