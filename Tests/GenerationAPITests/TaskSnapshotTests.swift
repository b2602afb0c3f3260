import ArchiveModel
import Foundation
import GenerationAPI
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
        "results are found wherever they are told",
        arguments: [
            #"{"id":"t","results":["https://a.example/1","https://a.example/2","https://a.example/1"]}"#,
            #"{"id":"t","results":null,"result_data":[{"image_url":"https://a.example/1"},{"url":"https://a.example/2"}]}"#,
            #"{"id":"t","results":[{"url":"https://a.example/1"},7,null,"",{"image_url":{"url":"https://a.example/2"}}]}"#,
        ])
    func results(_ json: String) throws {
        #expect(try snapshot(json)?.links == ["https://a.example/1", "https://a.example/2"])
    }

    @Test(
        "fields that are missing, null or of another type are no reason to fail",
        arguments: [
            #"{"id":"t"}"#, #"{"id":"t","created":null,"status":null,"results":null}"#,
            #"{"id":"t","created":{},"status":3,"results":"not a link","error":[],"model":1}"#,
            #"{"id":"t","results":[["https://a.example"]],"result_data":5,"created":"soon"}"#,
        ])
    func tolerance(_ json: String) throws {
        let task = try #require(try snapshot(json))
        #expect(task.status == nil)
        #expect(task.createdAt == nil)
        #expect(task.links == [])
        #expect(task.failure == nil)
    }

    @Test(arguments: ["{}", #"{"id":5}"#, #"{"id":""}"#, #"{"id":"a b"}"#, "[]", "null", "3"])
    func withoutAnIdThereIsNoTask(_ json: String) throws { #expect(try snapshot(json) == nil) }

    @Test(
        arguments: [
            ("1757156493", 1_757_156_493), ("1757156493000", 1_757_156_493), (#""1757156493""#, 1_757_156_493),
            (#""2025-09-06T11:01:33Z""#, 1_757_156_493), ("1757156493.0", 1_757_156_493),
        ] as [(String, Double)])
    func datesComeInManyForms(_ text: String, _ seconds: Double) throws {
        #expect(try snapshot(#"{"id":"t","created_at":\#(text)}"#)?.createdAt == Date(timeIntervalSince1970: seconds))
    }

    @Test func aFailureIsToldInTheUpstreamsWords() throws {
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

@Suite struct RetryPolicyTests {
    private let now = Date(milliseconds: 1_795_348_800_000)

    @Test func waitsGrowToTheCeilingAndAreSpreadOverTheWholeRange() {
        let policy = RetryPolicy(base: 1, ceiling: 10)
        var generator = SystemRandomNumberGenerator()
        for (failures, bound) in [(1, 1.0), (2, 2), (3, 4), (4, 8), (5, 10), (60, 10)] {
            let waits = (0..<400).map { _ in policy.delay(failures: failures, using: &generator) }
            #expect(waits.allSatisfy { (0...bound).contains($0) })
            #expect((waits.min() ?? 1) < bound * 0.1)
            #expect((waits.max() ?? 0) > bound * 0.9)
        }
    }

    @Test func aRetryAfterIsNeverUndercut() {
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

    @Test(
        arguments: [
            ("0", 0), ("7", 7), (" 2.5 ", 2.5), ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ] as [(String, Double)])
    func retryAfterIsSecondsOrADate(_ text: String, _ seconds: Double) {
        #expect(RetryPolicy.retryAfter(text, now: now) == now.addingTimeInterval(seconds))
    }

    @Test(arguments: [nil, "", "soon", "-1", "nan", "Sun, 99 Nov 2026 12:00:30 GMT"])
    func anythingElseIsNone(_ text: String?) { #expect(RetryPolicy.retryAfter(text, now: now) == nil) }
}
