import ArchiveModel
import Foundation
import GenerationAPI
import Testing

/// An account whose list changes between pages, as a real one does.
private final class Account {
    var rows: [(id: String, created: Int)]
    var reads = 0
    /// Runs before a page is read; told which read it is.
    var event: (Account, Int) -> Void = { _, _ in }
    var tellsTotal = true

    init(_ count: Int) { rows = (0..<count).reversed().map { ("task-\($0)", 1_800_000_000 + $0 * 60) } }

    func page(_ number: Int) throws -> AccountPage {
        reads += 1
        event(self, reads)
        let part = rows.dropFirst((number - 1) * 50).prefix(50)
        let tasks = part.compactMap {
            TaskSnapshot(
                .object(["id": .string($0.id), "status": .string("completed"), "created_at": .integer(Int64($0.created))]))
        }
        return AccountPage(tasks: tasks, rows: part.count, total: tellsTotal ? rows.count : nil)
    }
}

@Suite struct AccountListingTests {
    @Test(arguments: [0, 1, 49, 50, 51, 100, 237], [true, false])
    func anUnchangedAccountIsReadAtMostTwice(_ count: Int, tellsTotal: Bool) async throws {
        let account = Account(count)
        account.tellsTotal = tellsTotal
        let listing = try await AccountListing.read(since: nil, page: { try account.page($0) })
        #expect(listing.tasks.count == count)
        #expect(listing.isStable)
        #expect(listing.passes == (count <= 50 ? 1 : 2), "one page is consistent; several pages need a second reading")
    }

    @Test func theReadingStopsAtTasksThatAreTooOld() async throws {
        let account = Account(1000)
        let since = Date(timeIntervalSince1970: TimeInterval(1_800_000_000 + 900 * 60))
        let listing = try await AccountListing.read(since: since, page: { try account.page($0) })
        #expect(listing.tasks.count == 100)
        #expect(listing.isStable)
        #expect(account.reads == 6, "two pages and the first row of a third, twice")
    }

    @Test func newTasksCauseAnotherReading() async throws {
        let account = Account(200)
        account.event = { account, read in if read == 2 { account.rows.insert(("new", 1_900_000_000), at: 0) } }
        let listing = try await AccountListing.read(since: nil, page: { try account.page($0) })
        #expect(listing.tasks.count == 201)
        #expect(listing.isStable)
        #expect(listing.passes == 2 || listing.passes == 3)
    }

    /// What is deleted moves the rest up: a task at the border of two pages is on neither.
    @Test func deletedTasksHideNoOtherTask() async throws {
        let account = Account(200)
        let hidden = account.rows[50].id
        account.event = { account, read in if read == 2 { account.rows.removeFirst() } }
        let listing = try await AccountListing.read(since: nil, page: { try account.page($0) })
        #expect(listing.tasks.keys.contains { $0.text == hidden })
        #expect(listing.isStable)
    }

    @Test func aDeletionTogetherWithANewTaskIsNoticed() async throws {
        let account = Account(200)
        account.event = { account, read in
            if read == 3 {
                account.rows.remove(at: 10)
                account.rows.append(("late", 1_700_000_000))
            }
        }
        let hidden = account.rows[100].id
        let listing = try await AccountListing.read(since: nil, page: { try account.page($0) })
        #expect(listing.tasks.keys.contains { $0.text == hidden })
    }

    @Test func anEverChangingAccountIsReportedAsUnstable() async throws {
        let account = Account(120)
        account.event = { account, read in account.rows.insert(("new-\(read)", 1_900_000_000 + read), at: 0) }
        let listing = try await AccountListing.read(since: nil, page: { try account.page($0) })
        #expect(!listing.isStable && listing.gap == nil, "only the account changes")
        #expect(listing.passes == 5)
        #expect(listing.tasks.count >= 120)
    }

    @Test func aListThatEndsTooEarlyIsNotStable() async throws {
        let empty = try await AccountListing.read(since: nil, page: { _ in AccountPage(tasks: [], rows: 0, total: 19) })
        #expect(!empty.isStable)
        let account = Account(120)
        let holed = try await AccountListing.read(
            since: nil, page: { try $0 == 2 ? AccountPage(tasks: [], rows: 0, total: 120) : account.page($0) })
        #expect(!holed.isStable)
        let more = try await AccountListing.read(
            since: nil,
            page: { number in
                let page = try account.page(number)
                return AccountPage(tasks: page.tasks, rows: page.rows, total: 3)
            })
        #expect(!more.isStable)
    }

    /// Rows that come twice must not make up for rows at the end.
    @Test func repeatedRowsAndAChangingTotalHideNothing() async throws {
        let account = Account(237)
        var reads = 0
        let listing = try await AccountListing.read(
            since: nil,
            page: { number in
                reads += 1
                let page = try account.page(number)
                guard page.rows > 0 else { return AccountPage(tasks: [], rows: 0, total: 238) }
                let before = number > 1 ? Array(try account.page(number - 1).tasks.suffix(20)) : []
                return AccountPage(tasks: before + page.tasks, rows: before.count + page.rows, total: 236 + reads % 3)
            })
        #expect(listing.tasks.count == 237)
        #expect(listing.isStable)
    }

    /// Without a total such a list would have no end.
    @Test func aListingEndsWhenAllPagesAreTheSame() async throws {
        let account = Account(50)
        account.tellsTotal = false
        let listing = try await AccountListing.read(since: nil, page: { _ in try account.page(1) })
        #expect(!listing.isStable)
        #expect(account.reads <= 10)
    }

    @Test(arguments: [APIError.Code.notFound, .refused]) func aRefusedPageAfterTheLastIsTheEnd(_ code: APIError.Code) async throws
    {
        let account = Account(100)
        account.tellsTotal = false
        let refusal = APIError(code, call: "GET /v1/tasks", message: "no such page")
        let listing = try await AccountListing.read(
            since: nil,
            page: { number in
                let page = try account.page(number)
                if page.rows == 0 { throw refusal }
                return page
            })
        #expect(listing.tasks.count == 100)
        #expect(listing.isStable)
        let thrown = await #expect(throws: APIError.self) {
            try await AccountListing.read(since: nil, page: { _ in throw refusal })
        }
        #expect(thrown?.code == code, "a refused first page means that there is no list")
    }

    @Test func aListWithTruncatedPagesIsNotStable() async throws {
        let account = Account(30)
        let listing = try await AccountListing.read(
            since: nil,
            page: { number in
                var page = try account.page(number)
                page.isIncomplete = true
                return page
            })
        #expect(listing.tasks.count == 30)
        #expect(!listing.isStable)
    }

    @Test func rowsWithoutATaskIDAreCounted() async throws {
        let listing = try await AccountListing.read(
            since: nil, page: { AccountPage(tasks: [], rows: $0 == 1 ? 5 : 0, total: 5) })
        #expect(listing.unreadable == 5)
    }
}
