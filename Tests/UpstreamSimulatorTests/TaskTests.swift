import ArchiveModel
import Foundation
import HTTPTypes
import Testing

@testable import UpstreamSimulator

/// Reading one task, several, and the account's list.
struct TaskTests {
    @Test func aTaskProgressesWithTheClock() async throws {
        try await Bench.run {
            $0.generationTime = .seconds(10)
        } test: { bench in
            let id = try #require(try await bench.create(["prompt": .string("x"), "size": .string("1:1")]).json?["id"]?.string)
            func read() async throws -> JSONValue { try #require(try await bench.call(.get, "/v1/tasks/\(id)").json) }
            #expect(try await read()["status"]?.string == "pending")
            bench.clock.advance(by: .seconds(5))
            let half = try await read()
            #expect(half["status"]?.string == "processing")
            #expect(half["progress"]?.integer == 50)
            #expect(half["results"] == nil)
            #expect(half["usage"]?["credits_used"]?.double == 0)
            bench.clock.advance(by: .seconds(5))
            let done = try await read()
            #expect(done["status"]?.string == "completed")
            #expect(done["progress"]?.integer == 100)
            #expect(done["results"]?.array?.count == 1)
            #expect(done["duration"]?.double == 10)
            #expect(done["usage"]?["credits_used"]?.double == 4)
            #expect(done["usage"]?["cost"]?["credits"]?.double == 4)
            // 4 credits at 68 to the dollar.
            #expect(done["usage"]?["cost"]?["usd"]?.double == 0.0588)
            for secret in ["size", "resolution", "prompt"] { #expect(done[secret] == nil) }
        }
    }

    @Test func anUnknownTaskIsNotFound() async throws {
        try await Bench.run { bench in
            let answer = try await bench.call(.get, "/v1/tasks/task-unified-1757156493-imcg5zqt")
            #expect(answer.status == 404)
            #expect(answer.errorType == "not_found_error")
            #expect(answer.json?["error"]?["message"]?.string?.contains("not found or expired") == true)
        }
    }

    @Test func aBatchLeavesUnknownTasksOut() async throws {
        try await Bench.run { bench in
            let tasks = try await bench.simulator.populate(tasks: 3)
            let ids = tasks.map { JSONValue.string($0.id.text) }
            let body = JSONValue.object(["task_ids": .array([ids[2], .string("task-unknown"), ids[0], ids[2]])])
            let answer = try await bench.call(.post, "/v1/tasks/batch", body)
            #expect(answer.json?["data"]?.array?.compactMap { $0["id"] } == [ids[2], ids[0]])
            #expect(answer.json?["data"]?.array?.allSatisfy { $0.links.count == 1 } == true)
        }
    }

    @Test(arguments: [(50, 200), (51, 400)]) func aBatchAcceptsAtMostFiftyIDs(count: Int, status: Int) async throws {
        try await Bench.run { bench in
            let ids = (0..<count).map { JSONValue.string("task-\($0)") }
            let answer = try await bench.call(.post, "/v1/tasks/batch", .object(["task_ids": .array(ids)]))
            #expect(answer.status == status)
        }
    }

    @Test func theListIsPagedNewestFirst() async throws {
        try await Bench.run { bench in
            let tasks = try await bench.simulator.populate(tasks: 23)
            var rows: [JSONValue] = []
            for page in 1...3 {
                let json = try #require(
                    try await bench.call(.get, "/v1/tasks?status=completed&type=image&page=\(page)&page_size=10").json)
                #expect(json["total"]?.integer == 23)
                #expect(json["page"]?.integer == Int64(page))
                #expect(json["page_size"]?.integer == 10)
                rows += json["data"]?.array ?? []
            }
            #expect(rows.map { $0["id"]?.string } == tasks.reversed().map(\.id.text))
            let created = rows.compactMap { $0["created_at"]?.integer }
            #expect(created == created.sorted(by: >))
            for name in ["status", "model", "type", "progress", "has_results", "credits_used", "has_error"] {
                #expect(rows[0][name] != nil)
            }
            #expect(!rows.contains { $0["results"] != nil || $0["result_data"] != nil })
            #expect(try await bench.call(.get, "/v1/tasks?page=4&page_size=10").json?["data"] == .array([]))
        }
    }

    @Test func theListCanBeFiltered() async throws {
        try await Bench.run { bench in
            try await bench.simulator.populate(tasks: 2)
            _ = try await bench.create(["prompt": .string("x")])
            func count(_ query: String) async throws -> Int? {
                try await bench.call(.get, "/v1/tasks?\(query)").json?["data"]?.array?.count
            }
            #expect(try await count("") == 3)
            #expect(try await count("status=completed") == 2)
            // Queued tasks count as processing.
            #expect(try await count("status=processing") == 1)
            #expect(try await count("status=failed") == 0)
            #expect(try await count("type=video") == 0)
            #expect(try await count("model=gpt-image-2-beta") == 3)
            #expect(try await count("model=other") == 0)
            #expect(try await bench.call(.get, "/v1/tasks?status=odd").status == 400)
            #expect(try await bench.call(.get, "/v1/tasks?page=0").status == 400)
            #expect(try await bench.call(.get, "/v1/tasks?page_size=101").status == 400)
        }
    }

    @Test func creditsAreReservedThenSpent() async throws {
        try await Bench.run {
            $0.openingCredits = 100
        } test: { bench in
            _ = try await bench.create(["prompt": .string("x"), "size": .string("2048x2048")])
            // 2048 x 2048 is 4,194,304 pixels, so 2K: 4 x 1.7 = 6.8.
            var credits = try #require(try await bench.call(.get, "/v1/credits").json)
            #expect(credits["credits_reserved"]?.double == 6.8)
            #expect(credits["credits"]?.double == 93.2)
            bench.clock.advance(by: .seconds(4))
            credits = try #require(try await bench.call(.get, "/v1/credits").json)
            #expect(credits["credits_reserved"]?.double == 0)
            #expect(credits["credits_used"]?.double == 6.8)
        }
    }
}
