package import ArchiveModel
package import Foundation

/// The account's image tasks of a time range, read page by page.
package struct AccountListing: Sendable {
    /// Every task once, in its most recently read state.
    package private(set) var tasks: [TaskID: TaskSnapshot] = [:]
    /// The first rows of the list.
    package private(set) var head = ListHead()
    /// How many passes were made over the list.
    package private(set) var passes = 0
    /// Whether the list is complete: it fits on one page, or two consecutive passes found the same tasks. A task deleted between
    /// two page reads shifts all later tasks forward, so that a task at a page border may be on neither page.
    package private(set) var isStable = false
    /// Rows without a usable ID.
    package private(set) var unreadable = 0
    /// Why tasks were missing in each pass, other than by changes of the account; `nil` if nothing suggests it.
    package private(set) var gap: String?
    private var list = ListCount()

    /// Maximum number of passes over a list that keeps changing. The tasks of all passes are kept.
    private static let mostPasses = 5

    /// Reads the list repeatedly until two consecutive passes agree.
    ///
    /// - Parameters:
    ///   - since: Older tasks are left out; `nil` for the whole account.
    ///   - page: Reads a page, counted from 1, newest tasks first.
    ///   - progress: Called with the number of tasks seen so far.
    /// - Throws: Errors of `page`.
    package static func read(
        since: Date?, page: (Int) async throws -> AccountPage, progress: (Int) -> Void = { _ in }
    ) async throws -> AccountListing {
        var listing = AccountListing()
        var before: Set<TaskID>?
        var hasGapInEachPass = true
        repeat {
            listing.passes += 1
            let pass = try await listing.pass(since: since, page: page, progress: progress)
            listing.isStable = pass.isWhole && pass.gap == nil && (pass.pages <= 1 || pass.seen == before)
            hasGapInEachPass = hasGapInEachPass && pass.gap != nil
            listing.gap = hasGapInEachPass ? pass.gap : nil
            before = pass.seen
        } while !listing.isStable && listing.passes < mostPasses
        return listing
    }

    /// The result of one pass.
    private struct Pass {
        /// Tasks in the requested time range.
        var seen: Set<TaskID> = []
        var pages = 0
        /// Whether the list was read to its announced end, or to tasks older than the range.
        var isWhole = true
        /// Why tasks are missing, other than by changes of the account.
        var gap: String?
    }

    private mutating func pass(
        since: Date?, page: (Int) async throws -> AccountPage, progress: (Int) -> Void
    ) async throws -> Pass {
        var pass = Pass()
        var ids: Set<TaskID> = []
        // Rows may repeat, and the total may change during a pass, so compare the total with the number of distinct tasks.
        var totals: ClosedRange<Int>?
        unreadable = 0
        list.beginReading()
        while true {
            let part = try await AccountPage.read(pass.pages + 1, page)
            list.record(part)
            if let total = part.total {
                totals = min(totals?.lowerBound ?? total, total)...max(totals?.upperBound ?? total, total)
            }
            pass.gap = pass.gap ?? list.problem(of: part)
            guard part.rows > 0 else {
                pass.isWhole = totals?.contains(ids.count + unreadable) ?? true
                pass.gap = pass.gap ?? list.shortage
                return pass
            }
            pass.pages += 1
            unreadable += part.rows - part.tasks.count
            head.record(part.tasks, page: pass.pages)
            let inside = part.tasks.filter { task in since.map { (task.createdAt ?? .distantFuture) >= $0 } ?? true }
            for task in inside { tasks[task.id] = task }
            pass.seen.formUnion(inside.map(\.id))
            progress(tasks.count)
            // The order may be off by a few rows, but not by a whole page.
            if inside.isEmpty, !part.tasks.isEmpty, !part.ascends { return pass }
            let known = ids.count
            ids.formUnion(part.tasks.map(\.id))
            if part.total == ids.count + unreadable { return pass }
            // Without this check, a list that repeats the same page would never end.
            if ids.count == known {
                pass.isWhole = false
                pass.gap = pass.gap ?? list.shortage
                return pass
            }
        }
    }
}

extension AccountPage {
    /// Whether the oldest tasks come first. Old tasks then do not end the list.
    package var ascends: Bool {
        let dates = tasks.compactMap(\.createdAt)
        return dates.first.flatMap { first in dates.last.map { $0 > first } } ?? false
    }

    /// Reads a page of a list. If the API refuses a page after the first one, the list has ended, and the page is empty. If it
    /// refuses the first page, there is no list.
    ///
    /// A status that does not mean "no such page" may come from a firewall: 405, 409, 451 and the like. The page is then incomplete.
    ///
    /// - Throws: Errors of `page`.
    package static func read(_ number: Int, _ page: (Int) async throws -> AccountPage) async throws -> AccountPage {
        do {
            return try await page(number)
        } catch let error as APIError where number > 1 && (error.code == .notFound || error.code == .refused) {
            let isEnd = error.status.map { [400, 404, 410, 416, 422].contains($0) } ?? true
            return AccountPage(tasks: [], rows: 0, total: nil, isIncomplete: !isEnd)
        }
    }
}

extension GenerationClient {
    /// The account's image tasks created since a date; `nil` for all.
    /// - Throws: ``APIError``; code `notFound` or `forbidden` if the API does not provide the list.
    package func account(since: Date?, progress: (Int) -> Void = { _ in }) async throws -> AccountListing {
        try await AccountListing.read(since: since, page: { try await page($0) }, progress: progress)
    }
}
