import ArchiveModel
import Foundation
import GenerationAPI
import Synchronization
import TestSupport
import Testing

/// Answers of the API that need much memory.
@Suite(.timeLimit(.minutes(2))) struct LargeAnswerTests {
    private static let results = #""results":["https://a.example/1.png?s=1"]"#
    private static let many = "[" + String(repeating: "{\"k\":1},", count: 60_000) + "1]"

    /// 60,000 objects with one number each are 120,000 values.
    @Test func atMost100000ValuesOfATaskAreRead() async throws {
        let body = #"{"id":"t-1","status":"completed",\#(Self.results),"x":\#(Self.many)}"#
        try await withServer([(200, [:], body)]) { client, _, seen in
            let task = try await client.task(try #require(TaskID("t-1")))
            #expect(task.links == ["https://a.example/1.png?s=1"])
            let kept = try #require(task.json["x"]?.array)
            #expect((49_900...50_000).contains(kept.count))
            #expect(seen().count == 1)
        }
    }

    /// A row that our limit has cut may lack results. It is read again alone.
    @Test func aRowCutByTheLimitIsAGapInItsBatch() async throws {
        let whole = #"{"id":"t-1","status":"completed",\#(Self.results)}"#
        let long = "[\(Self.many),\(Self.many)]"
        for rest in [#""status":"completed","x":\#(long)"#, #""x":\#(long),\#(Self.results)"#] {
            let body = #"{"data":[\#(whole),{"id":"t-2",\#(rest)}]}"#
            try await withServer([(200, [:], body), (200, [:], body)]) { client, _, _ in
                let batch = try await client.tasks(try ["t-1", "t-2"].map { try #require(TaskID($0)) })
                #expect(batch.tasks.keys.map(\.text) == ["t-1"] && batch.hasGaps)
            }
        }
    }

    /// The values that were left out may be the results, so that their absence proves nothing. The limit is ours.
    @Test func anAnswerWithoutItsResultsIsNoAnswer() async throws {
        let body = #"{"id":"t-1","status":"completed","x":\#(Self.many),\#(Self.results)}"#
        try await withServer([(200, [:], body)]) { client, _, _ in
            let error = await #expect(throws: APIError.self) { try await client.task(try #require(TaskID("t-1"))) }
            #expect(error?.code == .tooLarge)
        }
    }

    @Test func largeAnswersGiveTheirPlacesBack() async throws {
        let long = String(repeating: "a", count: 5 << 20)
        let task = #"{"id":"t-1","status":"completed",\#(Self.results),"x":"\#(long)"}"#
        try await withServer([(400, [:], task), (200, [:], task)]) { client, _, seen in
            let id = try #require(TaskID("t-1"))
            _ = await #expect(throws: APIError.self) { try await client.task(id) }
            for _ in 0..<4 { #expect(try await client.task(id).links.count == 1) }
            #expect(seen().count == 5)
        }
    }

    private final class Log: Sendable {
        let lines = Mutex<[String]>([])
    }

    @Test func theWaitForAPlaceIsMeasured() async throws {
        let clock = HandClock(now: Date(timeIntervalSince1970: 1_800_000_000))
        let answers = LargeAnswers(clock: clock)
        let (first, second, third) = (answers.place(), answers.place(), answers.place())
        try await first.take()
        try await second.take()
        clock.pass(5)
        #expect(first.waited == 0 && third.waited == 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await third.take() }
            for _ in 0..<1000 { await Task.yield() }
            clock.pass(70)
            #expect(third.waited == 70)
            await first.giveBack()
            try await group.waitForAll()
        }
        clock.pass(3)
        #expect(third.waited == 70)
    }

    @Test func aThirdLargeAnswerWaitsForAPlace() async throws {
        let answers = LargeAnswers(clock: LeapingClock())
        let (first, second) = (answers.place(), answers.place())
        try await first.take()
        try await second.take()
        try await second.take()
        let log = Log()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await answers.place().take()
                log.lines.withLock { $0.append("third has a place") }
            }
            for _ in 0..<1000 { await Task.yield() }
            log.lines.withLock { $0.append("first is given back") }
            await first.giveBack()
            try await group.waitForAll()
        }
        #expect(log.lines.withLock { $0 } == ["first is given back", "third has a place"])
        await first.giveBack()
        await second.giveBack()
        try await first.take()
    }
}
