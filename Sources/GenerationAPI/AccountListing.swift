package import ArchiveModel
package import Foundation

/// The account's image tasks of a time, read page by page.
package struct AccountListing: Sendable {
    /// Each task once, as the newest telling has it.
    package private(set) var tasks: [TaskID: TaskSnapshot] = [:]
    /// The list's beginning.
    package private(set) var head = ListHead()
    /// How often the list was gone through.
    package private(set) var passes = 0
    /// Whether the list stood still: it fits one page, or two passes one after the other found the same. A task that is deleted while
    /// pages are read moves all that follow it to earlier places, so that one at the border of two pages is on neither.
    package private(set) var isStable = false
    /// Rows that have no usable id.
    package private(set) var unreadable = 0

    /// The most passes: an account that never rests is read as often, and every task of any pass counts.
    private static let mostPasses = 5

    /// Goes through the list until it stood still.
    ///
    /// - Parameters:
    ///   - since: Tasks created before it are left out; `nil` for the whole account.
    ///   - page: Reads a page, counted from 1, the newest tasks first.
    ///   - progress: How many tasks were seen so far.
    /// - Throws: What `page` throws.
    package static func read(
        since: Date?, page: (Int) async throws -> TaskPage, progress: (Int) -> Void = { _ in }
    ) async throws -> AccountListing {
        var listing = AccountListing()
        var before: Set<TaskID>?
        repeat {
            listing.passes += 1
            let pass = try await listing.pass(since: since, page: page, progress: progress)
            listing.isStable = pass.isWhole && !pass.isBroken && (pass.pages <= 1 || pass.seen == before)
            before = pass.seen
        } while !listing.isStable && listing.passes < mostPasses
        return listing
    }

    /// What one pass has found.
    private struct Pass {
        /// The tasks of the time.
        var seen: Set<TaskID> = []
        var pages = 0
        /// Whether the list was read to where it says that it ends, or to what is too old.
        var isWhole = true
        /// Whether a page was cut or broken.
        var isBroken = false
    }

    private mutating func pass(
        since: Date?, page: (Int) async throws -> TaskPage, progress: (Int) -> Void
    ) async throws -> Pass {
        var pass = Pass()
        var ids: Set<TaskID> = []
        // Rows may come twice, and the total may change while pages are read: what counts is how many different ones were found.
        var totals: ClosedRange<Int>?
        unreadable = 0
        while true {
            let part = try await TaskPage.read(pass.pages + 1, page)
            if let total = part.total {
                totals = min(totals?.lowerBound ?? total, total)...max(totals?.upperBound ?? total, total)
            }
            pass.isBroken = pass.isBroken || part.isIncomplete
            guard part.rows > 0 else {
                pass.isWhole = totals?.contains(ids.count + unreadable) ?? true
                return pass
            }
            pass.pages += 1
            unreadable += part.rows - part.tasks.count
            head.note(part.tasks, page: pass.pages)
            let inside = part.tasks.filter { task in since.map { (task.createdAt ?? .distantFuture) >= $0 } ?? true }
            for task in inside { tasks[task.id] = task }
            pass.seen.formUnion(inside.map(\.id))
            progress(tasks.count)
            // The order may be off by a few places, not by a page.
            if inside.isEmpty, !part.tasks.isEmpty { return pass }
            let known = ids.count
            ids.formUnion(part.tasks.map(\.id))
            if part.total == ids.count + unreadable { return pass }
            // A list that shows the same page again and again would have no end.
            if ids.count == known {
                pass.isWhole = false
                return pass
            }
        }
    }
}

extension TaskPage {
    /// Reads a page of a list; an empty one where the API refuses it because the list ends before it. Every list has a first page: that
    /// this one is refused means that there is no list.
    ///
    /// - Throws: What `page` throws.
    package static func read(_ number: Int, _ page: (Int) async throws -> TaskPage) async throws -> TaskPage {
        do {
            return try await page(number)
        } catch let error as APIError where number > 1 && (error.code == .notFound || error.code == .refused) {
            return TaskPage(tasks: [], rows: 0, total: nil)
        }
    }
}

extension GenerationClient {
    /// The account's image tasks created since then; `nil` for all.
    /// - Throws: ``APIError``; code `notFound` or `forbidden` where the list is not to be had.
    package func account(since: Date?, progress: (Int) -> Void = { _ in }) async throws -> AccountListing {
        try await AccountListing.read(since: since, page: { try await page($0) }, progress: progress)
    }
}
