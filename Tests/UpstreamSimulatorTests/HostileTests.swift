import ArchiveModel
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import UpstreamSimulator

/// The hostile service, without a network in between.
struct HostileTests {
    private static let plan = FaultPlan(profile: .hostile, seed: 7)

    /// Runs `test` with every task of a hostile account.
    private static func run(_ count: Int, test: @escaping @Sendable (Bench, [SimulatedTask]) async throws -> Void) async throws {
        try await Bench.run {
            $0.faults = .hostile
            $0.seed = 7
            $0.clock = InstantClock()
        } test: { bench in
            try await test(bench, try await bench.simulator.populate(tasks: count))
        }
    }

    /// Fetches a link until it is answered as it will be for ever; a cut connection counts as an attempt.
    private static func settle(_ bench: Bench, _ link: String) async throws -> TestResponse? {
        var last: TestResponse?
        for _ in 1...4 { last = try? await bench.fetch(link) }
        return last
    }

    @Test(arguments: [nil, "", "curl/8.5.0", "python-requests/2.32", "Go-http-client/1.1", "AsyncHTTPClient/1.37"] as [String?])
    func libraryUserAgentsAreBlocked(userAgent: String?) async throws {
        try await Self.run(1) { bench, tasks in
            var headers = HTTPFields()
            headers[.userAgent] = userAgent
            let response = try await bench.client.execute(uri: "/files/x/0.png", method: .get, headers: headers)
            #expect(response.status == .forbidden)
            #expect(String(buffer: response.body) == "error code: 1010")
        }
    }

    @Test func aVanishedTaskIsListedButCannotBeRead() async throws {
        try await Self.run(200) { bench, tasks in
            let vanished = try #require(tasks.first { $0.fate == .vanished })
            for _ in 1...5 {
                let answer = try await bench.call(.get, "/v1/tasks/\(vanished.id)")
                #expect(answer.status != 200 || answer.json == nil || answer.json?["id"] == nil)
            }
            #expect(try await bench.call(.get, "/v1/tasks/\(vanished.id)").status == 404)
            let body = JSONValue.object(["task_ids": .array([.string(vanished.id.text)])])
            for _ in 1...3 { _ = try? await bench.call(.post, "/v1/tasks/batch", body) }
            #expect(try await bench.call(.post, "/v1/tasks/batch", body).json?["data"] == .array([]))
            #expect(await bench.simulator.allTasks().contains { $0.id == vanished.id })
        }
    }

    @Test func everyPlannedFateHappens() async throws {
        try await Self.run(400) { bench, tasks in
            var seen: Set<String> = []
            for task in tasks where task.fate != .vanished && task.fate != .ordinary {
                let name = String("\(task.fate)".prefix { $0 != "(" })
                guard seen.insert(name).inserted else { continue }
                let link = try #require(try await bench.links(of: task.id).first)
                switch task.fate {
                case .linkDiesOnce(let status):
                    #expect(try await bench.fetch(link).status.code == status)
                    #expect(try await bench.fetch(link).status.code == status)
                    let fresh = try #require(try await bench.links(of: task.id).first)
                    #expect(fresh != link)
                    #expect(try await Self.settle(bench, fresh)?.status == .ok)
                case .linkDead(let status):
                    #expect(try await bench.fetch(link).status.code == status)
                    let fresh = try #require(try await bench.links(of: task.id).first)
                    #expect(fresh != link)
                    #expect(try await bench.fetch(fresh).status.code == status)
                case .redirectLoop:
                    var next = link
                    var visited: [String] = []
                    for _ in 1...4 {
                        let response = try await bench.fetch(next)
                        #expect(response.status.kind == .redirection)
                        next = try #require(response.headers[.location])
                        visited.append(next)
                    }
                    #expect(visited[0] == visited[2] && visited[1] == visited[3] && visited[0] != visited[1])
                case .redirectToPrivateAddress:
                    let location = try await bench.fetch(link).headers[.location]
                    #expect(location?.hasPrefix("http://127.0.0.1:9/") == true)
                case .alwaysHTML:
                    let response = try await Self.settle(bench, link)
                    #expect(response?.status == .ok)
                    #expect(response.map { String(buffer: $0.body).hasPrefix("<!DOCTYPE html>") } == true)
                case .truncated:
                    let response = try #require(try await Self.settle(bench, link))
                    #expect(response.status == .ok)
                    #expect(response.headers[.contentLength] == String(response.body.readableBytes))
                    let again = try #require(try await Self.settle(bench, link))
                    #expect(again.body == response.body)
                    let isWhole = Array(response.body.readableBytesView).suffix(8).starts(with: Array("IEND".utf8))
                    #expect(!isWhole)
                case .ordinary, .vanished: break
                }
            }
            #expect(seen.count == 6, "\(seen)")
        }
    }

    @Test func everyOrdinaryTaskIsDeliveredInTheEnd() async throws {
        try await Self.run(60) { bench, tasks in
            for task in tasks where task.fate == .ordinary {
                let links = try await bench.links(of: task.id)
                #expect(links.count == task.outputs.count)
                for (link, output) in zip(links, task.outputs) {
                    let response = try #require(try await Self.settle(bench, link))
                    #expect(response.status == .ok)
                    #expect(PictureHeader.format(of: Data(response.body.readableBytesView)) == output.format)
                }
            }
            #expect(bench.simulator.violations.isEmpty)
        }
    }

    @Test func requestOrderAndConcurrencyChangeNothing() async throws {
        let histories = NIOLockedValueBox<[[TaskID: [String]]]>([])
        for isConcurrent in [false, true] {
            try await Self.run(80) { bench, tasks in
                @Sendable func history(of task: SimulatedTask) async -> (TaskID, [String]) {
                    var seen: [String] = []
                    for _ in 1...4 {
                        let answer = try? await bench.call(.get, "/v1/tasks/\(task.id)")
                        seen.append(answer.map { "\($0.status) \($0.text.utf8.count)" } ?? "cut")
                    }
                    for _ in 1...4 {
                        guard let link = try? await bench.links(of: task.id).first else { continue }
                        let response = try? await bench.fetch(link)
                        seen.append(response.map { "\($0.status.code) \($0.body.readableBytes)" } ?? "cut")
                    }
                    return (task.id, seen)
                }
                var all: [TaskID: [String]] = [:]
                if isConcurrent {
                    await withTaskGroup(of: (TaskID, [String]).self) { group in
                        for task in tasks.reversed() { group.addTask { await history(of: task) } }
                        for await (id, seen) in group { all[id] = seen }
                    }
                } else {
                    for task in tasks {
                        let (id, seen) = await history(of: task)
                        all[id] = seen
                    }
                }
                let result = all
                histories.withLockedValue { $0.append(result) }
            }
        }
        let (sequential, concurrent) = histories.withLockedValue { ($0[0], $0[1]) }
        #expect(sequential == concurrent)
        #expect(sequential.values.contains { $0.contains { !$0.hasPrefix("200") } })
    }

    /// The first attempt at a file of each kind of fault that needs no broken connection.
    @Test func downloadsFailAsPlanned() async throws {
        try await Self.run(1200) { bench, tasks in
            var seen: Set<String> = []
            for task in tasks where task.fate == .ordinary {
                guard let fault = Self.plan.downloadFault("\(task.id)/0", attempt: 1) else { continue }
                let name = "\(fault)".replacing(/milliseconds: \d+|percent: \d+/, with: "")
                guard seen.insert(name).inserted else { continue }
                if case .cut = fault { continue }
                if case .announcedTooLong = fault { continue }
                let link = try #require(try await bench.links(of: task.id).first)
                let response = try await bench.fetch(link)
                let length = response.headers[.contentLength].flatMap { Int($0) } ?? -1
                switch fault {
                case .tooManyRequests(.seconds(let seconds)):
                    #expect(response.status == .tooManyRequests)
                    #expect(response.headers[.retryAfter] == "\(seconds)")
                case .tooManyRequests(.date):
                    #expect(response.headers[.retryAfter]?.hasSuffix(" GMT") == true)
                case .serverError(let code): #expect(response.status.code == code)
                case .htmlPage: #expect(response.headers[.contentType]?.hasPrefix("text/html") == true)
                case .emptyBody: #expect(response.status == .ok && length == 0)
                case .truncated, .drip, .late: #expect(response.status == .ok && length == response.body.readableBytes)
                case .announcedTooShort: #expect(length == response.body.readableBytes * 7 / 8)
                case .redirectRelative, .redirectAbsolute:
                    let location = try #require(response.headers[.location])
                    #expect(location.hasPrefix(fault == .redirectRelative ? "/files/" : "http://127.0.0.1:"))
                    #expect(try await bench.fetch(location).status == .ok)
                case .cut, .announcedTooLong: break
                }
            }
            #expect(seen.count == 16, "\(seen)")
        }
    }

    @Test func pagesOfTheListAreNoisyButComplete() async throws {
        try await Self.run(120) { bench, tasks in
            var ids: [String] = []
            var totals: Set<Int64> = []
            var page = 1
            while page < 20 {
                var json: JSONValue?
                for _ in 1...4 where json?["data"] == nil {
                    json = try? await bench.call(.get, "/v1/tasks?page=\(page)&page_size=10").json
                }
                let rows = try #require(json?["data"]?.array)
                if rows.isEmpty { break }
                ids += rows.compactMap { $0["id"]?.string }
                if let total = json?["total"]?.integer { totals.insert(total) }
                page += 1
            }
            #expect(Set(ids) == Set(tasks.map(\.id.text)))
            #expect(ids.count > tasks.count)
            #expect(totals.count > 1)
        }
    }

    @Test func answersDifferInForm() async throws {
        try await Bench.run {
            $0.faults = .real
        } test: { bench in
            let tasks = try await bench.simulator.populate(tasks: 150)
            var answers: [JSONValue] = []
            for task in tasks {
                let json = try #require(try await bench.call(.get, "/v1/tasks/\(task.id)").json)
                #expect(json["id"]?.string == task.id.text)
                #expect(json["status"]?.string == "completed")
                #expect(json.links.count == task.outputs.count)
                answers.append(json)
            }
            #expect(answers.contains { $0["results"]?.array?.isEmpty ?? true })
            #expect(answers.contains { if case .object = $0["result_data"] { true } else { false } })
            #expect(answers.contains { $0["usage"] == nil })
            #expect(answers.contains { $0["usage"] == .null })
            #expect(answers.contains { $0["progress"]?.string == "100" })
            #expect(answers.contains { $0["trace"] != nil })
        }
    }
}
