import ArchiveModel
import Archiver
import Catalog
import Foundation
import GenerationAPI
import Hummingbird
import Synchronization
import Testing
import UpstreamSimulator

@Suite struct SweepTests {
    private static let noon = Date(timeIntervalSince1970: 1_795_000_000)

    private func task(_ number: Int, ago seconds: TimeInterval) throws -> TaskSnapshot {
        let created = Int64(Self.noon.timeIntervalSince1970 - seconds)
        return try #require(TaskSnapshot(.object(["id": .string("task-\(number)"), "created": .integer(created)])))
    }

    /// An account whose list changes while it is read.
    private final class Account: Sendable {
        private struct State {
            var tasks: [TaskSnapshot]
            var pages = 0
        }
        private let state: Mutex<State>
        private let pageSize: Int
        private let change: @Sendable (Int, inout [TaskSnapshot]) -> Void
        var pagesRead: Int { state.withLock { $0.pages } }

        init(
            _ tasks: [TaskSnapshot], pageSize: Int = 2,
            change: @escaping @Sendable (Int, inout [TaskSnapshot]) -> Void = { _, _ in }
        ) {
            state = Mutex(State(tasks: tasks))
            self.pageSize = pageSize
            self.change = change
        }

        func page(_ number: Int) -> AccountPage {
            state.withLock { state in
                state.pages += 1
                change(state.pages, &state.tasks)
                let rows = state.tasks.dropFirst((number - 1) * pageSize).prefix(pageSize)
                return AccountPage(tasks: Array(rows), rows: rows.count, total: state.tasks.count)
            }
        }

        func sweep(since: Date) async throws -> (found: Set<String>, newest: Date?) {
            let found = Mutex<Set<String>>([])
            let sweep = try await AccountSweep.run(
                since: since, page: { page($0) }, register: { tasks in found.withLock { $0.formUnion(tasks.map(\.id.text)) } })
            return (found.withLock { $0 }, sweep.newest)
        }
    }

    @Test func aSweepReadsOnlyBackToItsStart() async throws {
        let account = Account(try (0..<20).map { try task($0, ago: Double($0) * 60) })
        let (found, newest) = try await account.sweep(since: Self.noon.addingTimeInterval(-5 * 60))
        #expect(found.isSuperset(of: (0...5).map { "task-\($0)" }) && found.count == 6)
        #expect(newest == Self.noon)
        #expect(account.pagesRead == 4, "three pages of two rows, and one with only old rows")
    }

    @Test func aPageOutOfOrderDoesNotEndTheSweep() async throws {
        let ages: [Double] = [1, 9, 2, 9, 3, 9, 9]
        let account = Account(try ages.enumerated().map { try task($0.offset, ago: $0.element * 60) })
        let found = try await account.sweep(since: Self.noon.addingTimeInterval(-5 * 60)).found
        #expect(found == ["task-0", "task-2", "task-4"])
    }

    @Test func tasksHiddenByDeletionsAreFoundByASecondReading() async throws {
        // After the first page its two tasks are deleted, so that task-2 and task-3 move to a page that was read.
        let account = Account(try (0..<8).map { try task($0, ago: Double($0)) }) { read, tasks in
            if read == 2 { tasks.removeFirst(2) }
        }
        let found = try await account.sweep(since: Self.noon.addingTimeInterval(-3600)).found
        #expect(found == Set((0..<8).map { "task-\($0)" }))
    }

    @Test func newTasksCauseNoSecondReading() async throws {
        let fresh = try task(100, ago: 0)
        let account = Account(try (0..<6).map { try task($0, ago: Double($0)) }) { read, tasks in
            if read == 2 { tasks.insert(fresh, at: 0) }
        }
        let found = try await account.sweep(since: Self.noon.addingTimeInterval(-3600)).found
        #expect(found.isSuperset(of: (0..<6).map { "task-\($0)" }))
        #expect(account.pagesRead == 5, "seven rows on four pages, and an empty one")
    }

    /// As many as fill a page show the page before once more, and more of them an earlier one: neither is the list's end.
    @Test(arguments: [50, 60, 100, 130]) func manyNewTasksBetweenTwoPagesHideNoTask(_ count: Int) async throws {
        let fresh = try (1000..<1000 + count).map { try task($0, ago: 0) }
        let account = Account(try (0..<250).map { try task($0, ago: Double($0)) }, pageSize: 50) { read, tasks in
            if read == 3 { tasks.insert(contentsOf: fresh, at: 0) }
        }
        let found = try await account.sweep(since: Self.noon.addingTimeInterval(-3600)).found
        #expect(found.isSuperset(of: (0..<250).map { "task-\($0)" }))
        #expect(account.pagesRead == (250 + count + 49) / 50 + 1, "the list is read once, to an empty page")
    }

    @Test func aSweepEndsWhenAllPagesAreTheSame() async throws {
        let page = AccountPage(tasks: [try task(0, ago: 0), try task(1, ago: 1)], rows: 2, total: nil)
        var reads = 0
        let sweep = try await AccountSweep.run(
            since: Self.noon.addingTimeInterval(-3600),
            page: { _ in
                reads += 1
                return page
            }, register: { _ in })
        #expect(sweep.count == 2 && sweep.isWhole)
        #expect(reads == 3)
    }

    /// 50 tasks older than the range come first.
    @Test func aListWithTheOldestTasksFirstIsReadToItsEnd() async throws {
        let tasks = try (0..<70).map { try task($0, ago: $0 < 50 ? 90_000 - Double($0) : 3000 - Double($0)) }
        let sweep = try await AccountSweep.run(
            since: Self.noon.addingTimeInterval(-86_400),
            page: { number in
                let rows = Array(tasks.dropFirst((number - 1) * 20).prefix(20))
                return AccountPage(tasks: rows, rows: rows.count, total: 70)
            }, register: { _ in })
        #expect(sweep.count == 20 && sweep.isWhole && sweep.gap == nil)
    }

    @Test func anEndlessListIsAbandonedAsIncomplete() async throws {
        let pages = try (0..<2).map { AccountPage(tasks: [try task($0, ago: 0)], rows: 1, total: nil) }
        var reads = 0
        let sweep = try await AccountSweep.run(
            since: Self.noon.addingTimeInterval(-3600),
            page: { number in
                reads += 1
                return pages[number % 2]
            }, register: { _ in })
        #expect(sweep.count == 2 && !sweep.isWhole)
        #expect(reads == 3 * (2 + 40), "three tries, each with two new pages and 40 known ones")
    }

    @Test(arguments: [APIError.Code.notFound, .refused]) func onlyARefusedFirstPageMeansThereIsNoList(
        _ code: APIError.Code
    ) async throws {
        let refusal = APIError(code, call: "GET /v1/tasks", message: "no such page")
        let account = Account(try (0..<4).map { try task($0, ago: Double($0)) })
        let since = Self.noon.addingTimeInterval(-3600)
        let sweep = try await AccountSweep.run(
            since: since,
            page: { number in
                let page = account.page(number)
                if page.rows == 0 { throw refusal }
                return page
            }, register: { _ in })
        #expect(sweep.count == 4 && sweep.isWhole)
        let thrown = await #expect(throws: APIError.self) {
            try await AccountSweep.run(since: since, page: { _ in throw refusal }, register: { _ in })
        }
        #expect(thrown?.code == code)
    }

    /// A mark after such a sweep would hide for an hour what it has not seen.
    @Test func anIncompleteSweepIsReportedAndMovesNoMark() async throws {
        let archive = try TestArchive()
        let now = archive.clock.now
        let reads = Mutex(0)
        try await withStorageHost { request in
            guard request.uri.path == "/v1/tasks" else { return Response(status: .notFound) }
            // The total falls with each page: tasks vanish all the time.
            let total = reads.withLock { count in
                count += 1
                return 1_000_000 - count
            }
            let row = JSONValue.object([
                "id": .string("task-1"), "created_at": .integer(Int64(now.timeIntervalSince1970 - 60)),
                "status": .string("processing"), "type": .string("image"),
            ])
            let rows = request.uri.queryParameters["page"] == "1" ? [row] : []
            let body = try JSONEncoder().encode(JSONValue.object(["data": .array(rows), "total": .integer(Int64(total))]))
            return Response(status: .ok, body: .init(byteBuffer: .init(bytes: body)))
        } _: { url in
            let (archiver, downloader) = try archive.archiver(url) {
                $0.since = 86400
                $0.watch = true
                $0.sweepInterval = 5
            }
            async let summary = archiver.run()
            while archive.sweeps.count < 2 { try await archive.clock.sleep(for: .seconds(5)) }
            archiver.stop()
            _ = try await summary
            await downloader.shutdown()
        }
        #expect(archive.sweeps.allSatisfy { $0 }, "each sweep reaches as far back as the first: \(archive.sweeps)")
        let notes = archive.events.compactMap { event -> String? in
            if case .note(let text) = event { return text }
            return nil
        }
        #expect(notes.contains { $0.contains("changed during the sweep") }, "\(notes)")
    }

    @Test func sweepsOverlapAndOnceAnHourCoverADay() {
        var mark = SweepMark()
        let span: TimeInterval = 7 * 86400
        let first = mark.next(span: span, now: Self.noon)
        #expect(first == SweepMark.Reach(start: Self.noon.addingTimeInterval(-span), isDeep: true))
        #expect(mark.next(span: span, now: Self.noon) == first, "a failed sweep moves no mark")
        mark.record(first, newest: Self.noon.addingTimeInterval(-100), now: Self.noon)

        let later = Self.noon.addingTimeInterval(300)
        let second = mark.next(span: span, now: later)
        #expect(second == SweepMark.Reach(start: Self.noon.addingTimeInterval(-100 - 900), isDeep: false))
        mark.record(second, newest: nil, now: later)
        #expect(mark.next(span: span, now: later).start == second.start, "an empty page moves no mark")

        let hour = Self.noon.addingTimeInterval(3600)
        #expect(mark.next(span: span, now: hour) == SweepMark.Reach(start: hour.addingTimeInterval(-86400), isDeep: true))
        // A creation in the time to come would hide all that is created until then.
        mark.record(second, newest: later.addingTimeInterval(1e6), now: later)
        #expect(mark.next(span: span, now: later).start == later.addingTimeInterval(-900))
    }

    @Test(arguments: [403, 404]) func otherSourcesContinueWithoutAList(_ status: Int) async throws {
        let archive = try TestArchive()
        let picture = try await Drawn().picture(width: 64, height: 64, format: "png", seed: 1)
        let address = Mutex("")
        try await withStorageHost { request in
            switch request.uri.path {
            case "/v1/tasks":
                return Response(
                    status: .init(code: status), body: .init(byteBuffer: .init(string: #"{"error":{"message":"no list here"}}"#)))
            case "/v1/tasks/task-1":
                let link = address.withLock { $0 } + "/file.png"
                let answer = #"{"id":"task-1","status":"completed","results":["\#(link)"]}"#
                return Response(status: .ok, body: .init(byteBuffer: .init(string: answer)))
            default: return Response(status: .ok, body: .init(byteBuffer: .init(bytes: picture)))
            }
        } _: { url in
            address.withLock { $0 = url }
            let (archiver, downloader) = try archive.archiver(url) {
                $0.since = 86400
                $0.watch = true
                $0.sweepInterval = 5
            }
            try await archiver.register([TaskRegistration(id: try #require(TaskID("task-1")), source: "webhook")])
            async let summary = archiver.run()
            while try await archive.catalog.status(now: archive.clock.now).outputs[.archived] != 1 {
                try await archive.clock.sleep(for: .seconds(5))
            }
            try await archive.clock.sleep(for: .seconds(60))
            archiver.stop()
            let ended = try await summary
            await downloader.shutdown()
            #expect(ended.stopReason == nil && ended.archived == 1)
        }
        let refusals = archive.events.compactMap { event -> (reason: String, isPaused: Bool)? in
            if case .sweepFailed(let reason, let isPaused, _) = event { return (reason, isPaused) }
            return nil
        }
        #expect(refusals.map(\.isPaused) == [false, false, true], "asked again only after an hour")
        #expect(refusals.first?.reason.contains("no list here") == true)
    }

    @Test(arguments: [400, 403, 500]) func anUnreadableTaskDelaysNoOther(_ status: Int) async throws {
        let archive = try TestArchive()
        let picture = try await Drawn().picture(width: 64, height: 64, format: "png", seed: 1)
        let address = Mutex("")
        try await withStorageHost { request in
            switch request.uri.path {
            case "/v1/tasks/task-poison": return Response(status: .init(code: status))
            case "/v1/tasks/task-good":
                let link = address.withLock { $0 } + "/file.png"
                let answer = #"{"id":"task-good","status":"completed","results":["\#(link)"]}"#
                return Response(status: .ok, body: .init(byteBuffer: .init(string: answer)))
            case "/file.png": return Response(status: .ok, body: .init(byteBuffer: .init(bytes: picture)))
            // Without the batch call, each is asked for by its name.
            default: return Response(status: .notFound)
            }
        } _: { url in
            address.withLock { $0 = url }
            let names = ["task-poison", "task-good"].compactMap { TaskID($0) }
            let (archiver, downloader) = try archive.archiver(url) { $0.watch = true }
            try await archiver.register(names.map { TaskRegistration(id: $0, source: "webhook") })
            async let summary = archiver.run()
            while try await archive.catalog.status(now: archive.clock.now).outputs[.archived] != 1 {
                try await archive.clock.sleep(for: .seconds(5))
            }
            archiver.stop()
            let ended = try await summary
            await downloader.shutdown()
            #expect(ended.stopReason == nil)
            #expect(try await archive.catalog.task(names[0])?.state == .waiting)
        }
    }

    @Test func aSweepReportsTasksCloseToTheirDeadline() async throws {
        let archive = try TestArchive()
        let now = archive.clock.now
        @Sendable func row(_ id: String, _ age: TimeInterval) -> JSONValue {
            .object([
                "id": .string(id), "created_at": .integer(Int64(now.timeIntervalSince1970 - age)), "status": .string("completed"),
                "type": .string("image"),
            ])
        }
        try await withStorageHost { request in
            let isFirst = request.uri.path == "/v1/tasks" && request.uri.queryParameters["page"] == "1"
            let rows = isFirst ? [row("task-fresh", 600), row("task-late", 22.5 * 3600), row("task-later", 22.6 * 3600)] : []
            guard request.uri.path == "/v1/tasks" else { return Response(status: .notFound) }
            let body = try JSONEncoder().encode(JSONValue.object(["data": .array(rows), "total": .integer(3)]))
            return Response(status: .ok, body: .init(byteBuffer: .init(bytes: body)))
        } _: { url in
            _ = try await archive.run(url) {
                $0.since = 86400
                $0.patience = 0
            }
        }
        let warnings = archive.events.compactMap { event -> String? in
            if case .warning(let text) = event { return text }
            return nil
        }
        #expect(
            warnings.contains { $0.contains("less than 2 h left, 2 in total: task-late, task-later") }, "\(warnings)")
    }
}

extension TestArchive {
    /// Whether each sweep that came to its end was a deep one.
    fileprivate var sweeps: [Bool] {
        events.compactMap { event in
            if case .swept(_, _, let isDeep) = event { return isDeep }
            return nil
        }
    }
}
