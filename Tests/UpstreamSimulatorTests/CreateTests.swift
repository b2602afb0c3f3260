import ArchiveModel
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import UpstreamSimulator

/// `POST /v1/images/generations` as the reference page has it.
struct CreateTests {
    @Test func aCreationIsAnsweredWithATask() async throws {
        try await Bench.run { bench in
            let answer = try await bench.create(
                [
                    "model": "gpt-image-2-beta", "prompt": "a boat", "size": "16:9", "resolution": "4K",
                ].mapValues(JSONValue.string))
            #expect(answer.status == 200)
            let task = try #require(answer.json)
            #expect(task["created"] == .integer(1_795_348_800))
            #expect(task["model"] == .string("gpt-image-2-beta"))
            #expect(task["object"] == .string("image.generation.task"))
            #expect(task["progress"] == .integer(0))
            #expect(task["status"] == .string("pending"))
            #expect(task["type"] == .string("image"))
            #expect(task["task_info"]?["can_cancel"] == .bool(true))
            #expect(task["task_info"]?["estimated_time"] == .integer(4))
            #expect(task["usage"]?["billing_rule"] == .string("per_call"))
            // Base price 4 credits, times 2.6 for 4K.
            #expect(task["usage"]?["credits_reserved"]?.double == 10.4)
            #expect(task["usage"]?["user_group"] != nil)
            let id = try #require(task["id"]?.string)
            #expect(id.wholeMatch(of: /task-unified-[0-9]{10}-[a-z0-9]{8}/) != nil)
        }
    }

    static let refused: [([String: JSONValue], param: String)] = [
        ([:], "prompt"),
        (["prompt": .string("  ")], "prompt"),
        (["prompt": .integer(7)], "prompt"),
        (["prompt": .string(String(repeating: "word ", count: 2000))], "prompt"),
        (["prompt": .string("x"), "model": .string("no-such-model")], "model"),
        (["prompt": .string("x"), "size": .string("large")], "size"),
        (["prompt": .string("x"), "size": .string("7:5")], "size"),
        (["prompt": .string("x"), "size": .string("1000x1000")], "size"),
        (["prompt": .string("x"), "size": .string("640x640")], "size"),
        (["prompt": .string("x"), "size": .string("3840x3840")], "size"),
        (["prompt": .string("x"), "size": .string("3856x1600")], "size"),
        (["prompt": .string("x"), "size": .string("3200x1056")], "size"),
        (["prompt": .string("x"), "size": .string("1:1"), "resolution": .string("8K")], "resolution"),
        (["prompt": .string("x"), "image_urls": .string("https://a.example/x.png")], "image_urls"),
        (["prompt": .string("x"), "image_urls": .array([.string("https://a.example/x.gif")])], "image_urls"),
        (["prompt": .string("x"), "image_urls": .array([.string("ftp://a.example/x.png")])], "image_urls"),
        (
            ["prompt": .string("x"), "image_urls": .array(Array(repeating: .string("https://a.example/x.png"), count: 17))],
            "image_urls"
        ),
        (["prompt": .string("x"), "callback_url": .string("http://a.example/hook")], "callback_url"),
        (["prompt": .string("x"), "callback_url": .string("https://192.168.1.4/hook")], "callback_url"),
        (
            ["prompt": .string("x"), "callback_url": .string("https://a.example/" + String(repeating: "x", count: 2048))],
            "callback_url"
        ),
    ]

    @Test(arguments: refused) func aWrongFieldIsNamed(members: [String: JSONValue], param: String) async throws {
        try await Bench.run { bench in
            let answer = try await bench.create(members)
            #expect(answer.status == 400)
            #expect(answer.errorType == "invalid_request_error")
            #expect(answer.errorParam == param)
            let error = try #require(answer.json?["error"])
            #expect(error["code"]?.integer == 400)
            #expect(error["message"]?.string?.isEmpty == false)
            #expect(error["fallback_suggestion"] != nil)
        }
    }

    @Test(arguments: ["auto", "9:21", "1024x1536", "1104×3312", " 2048 X 2048 "]) func aDocumentedSizeIsAccepted(size: String)
        async throws
    {
        try await Bench.run { bench in
            let members: [String: JSONValue] = [
                "prompt": .string("x"), "size": .string(size), "callback_url": .string("https://hooks.example.com/x"),
                "image_urls": .array(["a.jpeg", "a.jpg", "a.png", "a.WEBP"].map { .string("https://a.example/\($0)?v=1") }),
            ]
            let answer = try await bench.create(members)
            #expect(answer.status == 200)
        }
    }

    @Test func aBodyThatIsNotJSONIsRefused() async throws {
        try await Bench.run { bench in
            let response = try await bench.client.execute(
                uri: "/v1/images/generations", method: .post, headers: Bench.key, body: .init(string: "{\"prompt\": "))
            #expect(response.status == .badRequest)
            #expect(Answer(response).errorType == "invalid_request_error")
        }
    }

    @Test func aHugeBodyIsRefused() async throws {
        try await Bench.run { bench in
            let answer = try await bench.create(["prompt": .string(String(repeating: "x", count: 1_100_000))])
            #expect(answer.status == 413)
        }
    }

    @Test func theSameIdempotencyKeyGivesTheSameTask() async throws {
        try await Bench.run { bench in
            var headers = Bench.key
            headers[.idempotencyKey] = "k1"
            let first = try await bench.create(["prompt": .string("x")], headers: headers)
            bench.clock.advance(by: .seconds(60))
            let second = try await bench.create(["prompt": .string("x")], headers: headers)
            #expect(first.headers[.idempotencyReplayed] == nil)
            #expect(second.headers[.idempotencyReplayed] == "true")
            #expect(first.text == second.text)
            let other = try await bench.create(["prompt": .string("x")])
            #expect(other.json?["id"] != first.json?["id"])
        }
    }

    @Test func anAccountWithoutCreditsIsRefused() async throws {
        try await Bench.run {
            $0.openingCredits = 9
        } test: { bench in
            #expect(try await bench.create(["prompt": .string("x")]).status == 200)
            #expect(try await bench.create(["prompt": .string("x")]).status == 200)
            let third = try await bench.create(["prompt": .string("x")])
            #expect(third.status == 402)
            #expect(third.errorType == "insufficient_quota_error")
        }
    }
}
