import ArchiveModel
import Foundation
import GenerationAPI
import Networking
import Testing

@Suite struct TaskSnapshotTests {
    private func snapshot(_ json: String) throws -> TaskSnapshot? {
        TaskSnapshot(try JSONDecoder().decode(JSONValue.self, from: Data(json.utf8)))
    }

    @Test func theDocumentedAnswerIsRead() throws {
        let task = try #require(
            try snapshot(
                """
                {"created":1757156493,"id":"task-unified-1757156493-imcg5zqt","model":"gpt-image-2-beta","object":"image.generation.task",
                 "progress":100,"results":["https://files.example/a.png?sig=1"],"status":"completed",
                 "task_info":{"can_cancel":false},"type":"image"}
                """))
        #expect(task.id.text == "task-unified-1757156493-imcg5zqt")
        #expect(task.status == .completed)
        #expect(task.createdAt == Date(timeIntervalSince1970: 1_757_156_493))
        #expect(task.deadline == Date(timeIntervalSince1970: 1_757_156_493 + 86400))
        #expect(task.links == ["https://files.example/a.png?sig=1"])
    }

    @Test(
        "Fields that are missing, null or of another type are tolerated",
        arguments: [
            #"{"id":"t"}"#, #"{"id":"t","created":null,"status":null,"results":null}"#,
            #"{"id":"t","created":{},"status":3,"results":"not a link","error":[],"model":1}"#,
            #"{"id":"t","results":{},"result_data":5,"created":"soon"}"#, #"{"id":"t","created":1e300,"created_at":-5}"#,
        ])
    func missingOrMistypedFieldsAreTolerated(_ json: String) throws {
        let task = try #require(try snapshot(json))
        #expect(task.status == nil)
        #expect(task.createdAt == nil)
        #expect(task.links == [])
        #expect(task.failure == nil)
    }

    @Test(arguments: ["{}", #"{"id":5}"#, #"{"id":""}"#, #"{"id":"a b"}"#, "[]", "null", "3"])
    func anAnswerWithoutAnIDIsNotATask(_ json: String) throws { #expect(try snapshot(json) == nil) }

    @Test(
        arguments: [
            ("1757156493", 1_757_156_493), ("1757156493000", 1_757_156_493), (#""1757156493""#, 1_757_156_493),
            (#""2025-09-06T11:01:33Z""#, 1_757_156_493), ("1757156493.0", 1_757_156_493),
        ] as [(String, Double)])
    func datesAreReadInManyFormats(_ text: String, _ seconds: Double) throws {
        #expect(try snapshot(#"{"id":"t","created_at":\#(text)}"#)?.createdAt == Date(timeIntervalSince1970: seconds))
    }

    @Test func aFailureKeepsTheTextOfTheUpstream() throws {
        let task = try snapshot(
            #"{"id":"t","status":"failed","error":{"code":4001,"message":"prompt refused","suggestion":"rephrase"}}"#)
        #expect(task?.status == .failed)
        #expect(task?.failure == "4001: prompt refused: rephrase")
    }

    @Test func unknownFieldsAreKept() throws {
        #expect(
            try snapshot(#"{"id":"t","new":{"x":[1,2.5,true,null]}}"#)?.json["new"]?["x"]
                == .array([.integer(1), .number(2.5), .bool(true), .null]))
    }
}

extension TaskSnapshotTests {
    @Test(
        "Any status with results is fetched",
        arguments: [
            ("completed", .delivered, .completed), ("succeed", .delivered, .completed), ("done", .delivered, .completed),
            ("FINISHED", .delivered, .completed), ("partially_completed", .delivered, .completed),
            ("failed", .delivered, .failed), ("canceled", .delivered, .cancelled), ("processing", .delivered, .unfinished),
            ("in-progress", .delivered, .unfinished), ("zzz", .delivered, .unfinished),
        ] as [(String, TaskSnapshot.Stage, TaskSnapshot.Stage)])
    func anyStatusWithResultsIsFetched(_ word: String, _ withResults: TaskSnapshot.Stage, _ without: TaskSnapshot.Stage) throws {
        #expect(try snapshot(#"{"id":"t","status":"\#(word)","results":["https://a.example/1"]}"#)?.stage == withResults)
        #expect(try snapshot(#"{"id":"t","status":"\#(word)"}"#)?.stage == without)
    }

    @Test func anErrorWithAnUnknownStatusIsNotFinal() throws {
        #expect(try snapshot(#"{"id":"t","status":"zzz","error":{"message":"refused"}}"#)?.stage == .unclear)
        #expect(try snapshot(#"{"id":"t","status":"running","error":{"message":"slow"}}"#)?.stage == .unfinished)
    }

    @Test func aFailedTaskWithResultsKeepsItsReason() throws {
        let task = try snapshot(
            #"{"id":"t","status":"failed","error":{"code":"partial","message":"1 of 2 blocked"},"results":["https://a.example/1"]}"#
        )
        #expect(task?.stage == .delivered)
        #expect(task?.failure == "partial: 1 of 2 blocked")
    }

    @Test(arguments: [
        #"{"id":"t-1","status":"completed"}"#, #"{"code":200,"data":{"id":"t-1","status":"completed"}}"#,
        #"{"id":"request-7","data":{"id":"t-1","status":"completed"}}"#, #"{"data":[{"id":"t-1","status":"completed"}]}"#,
        #"{"id":"t-1","status":"completed","data":{"images":["https://a.example/1"]}}"#,
    ])
    func aTaskIsFoundInAWrappedAnswer(_ text: String) throws {
        let json = try #require(JSONValue(text: text))
        let task = try #require(TaskSnapshot.find(in: json, expected: TaskID("t-1")))
        #expect(task.id.text == "t-1")
        #expect(task.status == .completed)
    }

    /// A picture of 3000 bytes in base64 has 4000 characters; its SHA-256 is that of 3000 zero bytes, by sha256sum.
    @Test(arguments: [
        #""data:image/png;base64,@""#, #"{"b64_json":"@"}"#, #""{\"b64_json\":\"@\"}""#,
        #"{"text":"![picture](data:image/png;base64,@)"}"#,
    ])
    func filesInAnAnswerAreRecordedAsDigests(_ shape: String) throws {
        let base64 = String(repeating: "A", count: 4000)
        let text = #"{"id":"t","results":[\#(shape.replacing("@", with: base64))]}"#
        let task = try #require(try snapshot(text))
        let archived = try JSONEncoder.archive(pretty: false).encode(task.json)
        #expect(archived.count < 300)
        let words = String(decoding: archived, as: UTF8.self)
        #expect(words.contains("3000 bytes, SHA-256 c81ca5eda5947c7826ad046fdbdc2a25a846b835a6c34c237cc8b3afbe9ec6cc"))
        #expect(TaskSnapshot(task.json)?.results.count == 1, "the archived answer still counts its results")
    }
}

@Suite struct RetryPolicyTests {
    private let now = Date(milliseconds: 1_795_348_800_000)

    @Test func waitsGrowToTheCeilingWithFullJitter() {
        let policy = RetryPolicy(base: 1, ceiling: 10)
        var generator = SystemRandomNumberGenerator()
        for (failures, bound) in [(1, 1.0), (2, 2), (3, 4), (4, 8), (5, 10), (60, 10)] {
            let waits = (0..<400).map { _ in policy.delay(failures: failures, using: &generator) }
            #expect(waits.allSatisfy { (0...bound).contains($0) })
            #expect((waits.min() ?? 1) < bound * 0.1)
            #expect((waits.max() ?? 0) > bound * 0.9)
        }
    }

    @Test func noWaitIsShorterThanRetryAfter() {
        var generator = SystemRandomNumberGenerator()
        let next = RetryPolicy(base: 1).nextTry(
            after: now, failures: 1, retryAfter: now.addingTimeInterval(30), using: &generator)
        #expect(next == now.addingTimeInterval(30))
    }

    @Test func oneMoreTryAlwaysFitsBeforeTheDeadline() {
        var generator = SystemRandomNumberGenerator()
        let policy = RetryPolicy(base: 3600, ceiling: 7200)
        for left in [5.0, 59, 61, 120, 3600] {
            let deadline = now.addingTimeInterval(left)
            for retryAfter in [nil, now.addingTimeInterval(9000)] {
                let next = policy.nextTry(after: now, failures: 3, retryAfter: retryAfter, deadline: deadline, using: &generator)
                #expect(next <= deadline)
            }
        }
        let past = policy.nextTry(
            after: now, failures: 3, retryAfter: now.addingTimeInterval(9000), deadline: now.addingTimeInterval(-1),
            using: &generator)
        #expect(past >= now.addingTimeInterval(9000))
    }

    /// A host that asks for more time than is left gets its last try a minute before the deadline, or at the deadline itself.
    @Test(arguments: [(3600.0, 3540.0), (61, 1), (60, 60), (5, 5)])
    func theLastTryIsAMinuteBeforeTheDeadline(left: TimeInterval, wait: TimeInterval) {
        var generator = SystemRandomNumberGenerator()
        let next = RetryPolicy(base: 1).nextTry(
            after: now, failures: 1, retryAfter: now.addingTimeInterval(9000), deadline: now.addingTimeInterval(left),
            using: &generator)
        #expect(next == now.addingTimeInterval(wait))
    }

    @Test(
        arguments: [
            ("0", 0), ("7", 7), (" 2.5 ", 2.5), ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ] as [(String, Double)])
    func retryAfterIsSecondsOrADate(_ text: String, _ seconds: Double) {
        #expect(RetryPolicy.retryAfter(text, now: now) == now.addingTimeInterval(seconds))
    }

    @Test(arguments: [nil, "", "soon", "-1", "nan", "Sun, 99 Nov 2026 12:00:30 GMT"])
    func anInvalidRetryAfterIsIgnored(_ text: String?) { #expect(RetryPolicy.retryAfter(text, now: now) == nil) }
}
