import ArchiveModel
import Archiver
import Foundation
import GenerationAPI
import Hummingbird
import Synchronization
import Testing

/// Lists of 120 tasks that do not show all of them, and accounts that change while they are read.
@Suite struct IncompleteListTests {
    private static let noon = Date(timeIntervalSince1970: 1_795_000_000)
    private static let since = noon.addingTimeInterval(-3600)

    enum Fault: CaseIterable {
        case empty, ended, contradictory, refused, blocked, damaged, repeated, endless

        /// What the message says.
        var words: String {
            switch self {
            case .empty: "it announces 120 tasks, but shows only 0"
            case .ended, .contradictory, .refused, .repeated: "it announces 120 tasks, but shows only 50"
            case .blocked, .damaged: "pages of it are cut off, damaged or refused"
            case .endless: "its pages never end"
            }
        }
    }

    /// - Parameter numbers: The seconds before noon at which each task was created.
    private static func page(_ numbers: some Collection<Int>, total: Int?, isIncomplete: Bool = false) -> AccountPage {
        let tasks = numbers.compactMap { number in
            let created = Int64(noon.timeIntervalSince1970) - Int64(number)
            return TaskSnapshot(.object(["id": .string("task-\(number)"), "created": .integer(created)]))
        }
        return AccountPage(tasks: tasks, rows: tasks.count, total: total, isIncomplete: isIncomplete)
    }

    private static func refusal(_ code: APIError.Code, _ status: Int) -> APIError {
        APIError(code, status: status, call: "GET /v1/tasks", message: "no")
    }

    private static func page(_ number: Int, _ fault: Fault?) throws -> AccountPage {
        switch (fault, number) {
        case (.empty, _): return page([], total: 120)
        case (.ended, 2...): return page([], total: 120)
        case (.contradictory, 2...): return page([], total: 0)
        case (.refused, 2...): throw refusal(.notFound, 404)
        // Without a total, the status alone tells a firewall from the end of the list.
        case (.blocked, 1): return page(0..<50, total: nil)
        case (.blocked, _): throw refusal(.refused, 451)
        case (.damaged, 1): return page(0..<30, total: nil, isIncomplete: true)
        case (.damaged, _): return page([], total: nil)
        case (.repeated, _): return page(0..<50, total: 120)
        case (.endless, _): return page([number % 2], total: nil)
        default:
            let start = min(120, (number - 1) * 50)
            return page(start..<min(120, start + 50), total: 120)
        }
    }

    @Test(arguments: Fault.allCases) func aListWithMissingTasksIsIncomplete(_ fault: Fault) async throws {
        let sweep = try await AccountSweep.run(
            since: Self.since, page: { try Self.page($0, fault) }, register: { _ in })
        #expect(!sweep.isWhole)
        #expect(sweep.gap == fault.words)
        let listing = try await AccountListing.read(since: nil, page: { try Self.page($0, fault) })
        #expect(!listing.isStable)
        // The audit stops at the first page without a new task, so it meets no endless list.
        #expect(listing.gap == (fault == .endless ? nil : fault.words))
    }

    @Test(arguments: [405, 451]) func anyRefusalAfterTheLastAnnouncedTaskIsTheEnd(_ status: Int) async throws {
        let sweep = try await AccountSweep.run(
            since: Self.since,
            page: { number in
                guard number < 4 else { throw Self.refusal(.refused, status) }
                return try Self.page(number, nil)
            }, register: { _ in })
        #expect(sweep.count == 120 && sweep.isWhole && sweep.gap == nil)
    }

    @Test func aFaultThatPassesLeavesNoGap() async throws {
        var reads = 0
        let sweep = try await AccountSweep.run(
            since: Self.since,
            page: { number in
                reads += 1
                return try Self.page(number, reads <= 2 ? .empty : nil)
            }, register: { _ in })
        #expect(sweep.count == 120 && sweep.isWhole && sweep.gap == nil)
    }

    @Test func tasksBeforeTheRangeAreNotMissed() async throws {
        let start = Self.noon.addingTimeInterval(-10)
        let sweep = try await AccountSweep.run(
            since: start, page: { try Self.page($0, nil) }, register: { _ in })
        #expect(sweep.count == 11 && sweep.isWhole && sweep.gap == nil, "120 are announced, and 11 are in the range")
    }

    enum Change: CaseIterable { case grows, shrinks, expires, miscounts }

    @Test(arguments: Change.allCases) func aChangingAccountHasNoGap(_ change: Change) async throws {
        var (rows, reads) = (Array(0..<120), 0)
        let sweep = try await AccountSweep.run(
            since: Self.since,
            page: { number in
                reads += 1
                switch change {
                case .grows: rows.insert(-reads, at: 0)
                case .shrinks: rows.removeFirst(2)
                case .expires:
                    rows.insert(-reads, at: 0)
                    rows.removeLast()
                case .miscounts: break
                }
                // More than there are, and each time another number.
                let error = change == .miscounts ? [3, 1, 2][reads % 3] : 0
                return Self.page(rows.dropFirst((number - 1) * 50).prefix(50), total: rows.count + error)
            }, register: { _ in })
        #expect(sweep.gap == nil)
        #expect(sweep.count >= 96, "at most twelve pages are read, and two tasks deleted before each")
    }

    /// The number in an answer may be anything.
    @Test(arguments: [Int.min, -1, 0, Int.max]) func anyTotalCanBeCompared(_ total: Int) async throws {
        let sweep = try await AccountSweep.run(
            since: Self.since, page: { Self.page($0 == 1 ? 0..<2 : 0..<0, total: $0 == 1 ? total : 2) }, register: { _ in })
        #expect(sweep.count == 2)
        #expect((sweep.gap != nil) == (total == Int.max))
    }

    @Test func anIncompleteListIsAProblemUntilItIsWhole() async throws {
        let archive = try TestArchive()
        let created = Int64(archive.clock.now.timeIntervalSince1970 - 60)
        let isBlocked = Mutex(true)
        try await withStorageHost { request in
            guard request.uri.path == "/v1/tasks" else { return Response(status: .notFound) }
            let page = request.uri.queryParameters["page"].flatMap { Int($0) } ?? 1
            if page > 1, isBlocked.withLock({ $0 }) { return Response(status: .notFound) }
            let row = JSONValue.object([
                "id": .string("task-\(page)"), "created_at": .integer(created), "status": .string("processing"),
                "type": .string("image"),
            ])
            let list = JSONValue.object(["data": .array(page <= 2 ? [row] : []), "total": .integer(2)])
            return Response(status: .ok, body: .init(byteBuffer: .init(bytes: try JSONEncoder().encode(list))))
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url) {
                $0.since = 86400
                $0.watch = true
                $0.sweepInterval = 5
            }
            async let summary = archiver.run()
            while archive.listProblems.count < 1 { try await archive.clock.sleep(for: .seconds(5)) }
            isBlocked.withLock { $0 = false }
            while archive.listProblems.count < 2 { try await archive.clock.sleep(for: .seconds(5)) }
            archiver.stop()
            _ = try await summary
            await downloader.shutdown()
        }
        #expect(archive.listProblems == ["it announces 2 tasks, but shows only 1", "solved"])
    }
}

extension TestArchive {
    /// The reported problems of the account's list, without their common beginning.
    fileprivate var listProblems: [String] {
        events.compactMap { event -> String? in
            switch event {
            case .problemFound(let problem) where problem.name == .incompleteList:
                problem.detail.replacing("the account's list is incomplete: ", with: "")
            case .problemCleared(.incompleteList): "solved"
            default: nil
            }
        }
    }
}
