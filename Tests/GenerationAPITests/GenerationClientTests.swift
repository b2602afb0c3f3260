import ArchiveModel
import AsyncHTTPClient
import Foundation
import GenerationAPI
import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1
import Networking
import Secrets
import Synchronization
import TestSupport
import Testing

/// A server on loopback that answers as told, once each, the last answer for ever.
func withServer<Value: Sendable>(
    _ answers: [(status: Int, headers: [String: String], body: String)],
    _ body:
        @escaping @Sendable (_ client: GenerationClient, _ clock: LeapingClock, _ seen: @escaping @Sendable () -> [Request])
        async throws -> Value
) async throws -> Value {
    let seen = SeenRequests()
    let router = Router()
    let respond: @Sendable (Request) -> Response = { request in
        let number = seen.add(request)
        let answer = answers[min(number, answers.count - 1)]
        var response = Response(status: .init(code: answer.status), body: .init(byteBuffer: .init(string: answer.body)))
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }
    router.get("**") { request, _ in respond(request) }
    router.post("**") { request, _ in respond(request) }
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let application = Application(
        router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) },
        logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await application.run() }
        var bound = 0
        for await number in ports {
            bound = number
            break
        }
        let clock = LeapingClock()
        let key = try #require(APIKey("sk-0123456789abcdef"))
        let client = GenerationClient(
            baseURL: "http://127.0.0.1:\(bound)/", key: key, http: .shared, clock: clock, retry: RetryPolicy(base: 1, attempts: 4)
        )
        let value = try await body(client, clock) { seen.all }
        group.cancelAll()
        return value
    }
}

final class SeenRequests: Sendable {
    private let requests = Mutex<[Request]>([])
    var all: [Request] { requests.withLock { $0 } }
    func add(_ request: Request) -> Int {
        requests.withLock {
            $0.append(request)
            return $0.count - 1
        }
    }
}

@Suite struct GenerationClientTests {
    private static let task = #"{"id":"t-1","status":"completed","results":["https://a.example/1.png?s=1"]}"#

    @Test func aTaskIsReadWithTheKeyAndTheProductName() async throws {
        try await withServer([(200, [:], Self.task.replacing("t-1", with: "t/1?"))]) { client, _, seen in
            #expect(try await client.task(try #require(TaskID("t/1?"))).links == ["https://a.example/1.png?s=1"])
            let request = try #require(seen().first)
            #expect(request.headers[.authorization] == "Bearer sk-0123456789abcdef")
            #expect(request.headers[.userAgent] == "Fixative/\(Product.version)")
            #expect(request.uri.string == "/v1/tasks/t%2F1%3F")
        }
    }

    @Test func aBusyUpstreamIsAskedAgainAfterItsRetryAfter() async throws {
        try await withServer([
            (429, ["Retry-After": "7"], #"{"error":{"code":"rate_limit_error","message":"slow down"}}"#), (503, [:], ""),
            (502, [:], "<html>"), (200, [:], Self.task),
        ]) { client, clock, seen in
            _ = try await client.task(try #require(TaskID("t-1")))
            #expect(seen().count == 4)
            #expect((clock.waits.first ?? 0) >= 7)
            #expect(clock.waits.count == 3)
        }
    }

    @Test func aPauseOfOneKeyDoesNotAffectAnother() async throws {
        try await withServer([(429, ["Retry-After": "200"], ""), (200, [:], Self.task)]) { client, _, seen in
            let caller = try #require(APIKey("sk-caller-0123456789"))
            let id = try #require(TaskID("t-1"))
            let refusal = await #expect(throws: APIError.self) { try await client.with(caller).task(id) }
            #expect(refusal?.code == .rateLimited)
            let task = try await client.task(id)
            #expect(task.id == id)
            let pause = await #expect(throws: APIError.self) { try await client.with(caller).task(id) }
            #expect(pause?.code == .rateLimited && pause?.status == nil)
            #expect(seen().count == 2, "a call with the refused key waits for its pause")
        }
    }

    @Test func anImpatientClientThrowsLongWaitsToItsCaller() async throws {
        try await withServer([(429, ["Retry-After": "30"], ""), (200, [:], Self.task)]) { client, clock, seen in
            let impatient = client.with(longestWait: 2)
            let id = try #require(TaskID("t-1"))
            let refusal = await #expect(throws: APIError.self) { try await impatient.task(id) }
            #expect(refusal?.code == .rateLimited && refusal?.status == 429)
            let pause = await #expect(throws: APIError.self) { try await impatient.task(id) }
            #expect(pause?.code == .rateLimited && pause?.retryAfter == clock.now.addingTimeInterval(30))
            #expect(seen().count == 1)
            #expect(try await client.task(id).id == id, "another client waits")
        }
    }

    /// An answer to the key of a caller may repeat the key and the secrets of the service.
    @Test func aClientForACallerHidesTheServicesSecretsToo() throws {
        let (own, caller) = ("sk-own-0123456789", "sk-caller-0123456789")
        let client = GenerationClient(
            baseURL: "http://127.0.0.1:9", key: try #require(APIKey(own)), http: .shared, clock: LeapingClock(),
            hidden: { ["hook-secret-0123456789"] })
        #expect(client.secrets == [own, "hook-secret-0123456789"])
        #expect(client.with(try #require(APIKey(caller))).secrets == [caller, own, "hook-secret-0123456789"])
    }

    @Test func theErrorIsThrownAfterTheLastTry() async throws {
        try await withServer([
            (500, [:], #"{"error":{"code":500,"message":"key sk-0123456789abcdef broke https://a.example/x?sig=1"}}"#)
        ]) {
            client, _, seen in
            let error = await #expect(throws: APIError.self) { try await client.task(try #require(TaskID("t-1"))) }
            #expect(error?.code == .server)
            #expect(seen().count == 4)
            #expect(error?.description.contains("0123456789abcdef") == false, "the key is not printed")
            #expect(error?.description.contains("sig=1") == false, "the query is not printed")
        }
    }

    @Test(
        arguments: [
            (401, .unauthorized, true), (402, .noQuota, true), (403, .forbidden, true), (404, .notFound, false),
            (400, .refused, false),
            (413, .refused, false),
        ] as [(Int, APIError.Code, Bool)])
    func aFinalErrorIsNotRetried(_ status: Int, _ code: APIError.Code, _ stops: Bool) async throws {
        try await withServer([(status, [:], #"{"error":{"code":1,"message":"no","fallback_suggestion":"try this"}}"#)]) {
            client, _, seen in
            let error = await #expect(throws: APIError.self) { try await client.task(try #require(TaskID("t-1"))) }
            #expect(error?.code == code)
            #expect(error?.stopsSource == stops)
            #expect(error?.message == "no (try this)")
            #expect(seen().count == 1)
        }
    }

    @Test func aBrokenAnswerIsRequestedAgain() async throws {
        try await withServer([(200, [:], "<html>ok</html>"), (200, [:], "{}"), (200, [:], Self.task)]) { client, _, seen in
            _ = try await client.task(try #require(TaskID("t-1")))
            #expect(seen().count == 3)
        }
    }

    @Test func aBatchLeavesOutUnknownTasks() async throws {
        try await withServer([(200, [:], #"{"data":[{"id":"t-1"},{"nonsense":1},null,{"id":"t-3","status":"pending"}]}"#)]) {
            client, _, _ in
            let ids = try ["t-1", "t-2", "t-3"].map { try #require(TaskID($0)) }
            #expect(Set(try await client.tasks(ids).tasks.keys.map(\.text)) == ["t-1", "t-3"])
        }
    }

    @Test func aPageHasItsRowsAndTheTotal() async throws {
        try await withServer([(200, [:], #"{"data":[{"id":"t-1","created_at":1757156493},{"x":1}],"total":"51","page":1}"#)]) {
            client, _, seen in
            let page = try await client.page(2)
            #expect(page.tasks.map(\.id.text) == ["t-1"])
            #expect(page.rows == 2)
            #expect(page.total == 51)
            #expect(seen().first?.uri.string == "/v1/tasks?type=image&page=2&page_size=50")
        }
    }

    @Test(arguments: [
        #"{"data":[{"id":"t-1","note":"a dog \ud83d"},{"id":"t-2","n":1e999},{"id":"t-3"}]}"#,
        #"{"data":[{"id":"t-1","deep":[[[[[[{}]]]]]]},{"id":"t-2","n":NaN},{"id":"t-3"},]}"#,
    ])
    func anInvalidFieldHidesNoTask(_ body: String) async throws {
        try await withServer([(200, [:], body)]) { client, _, seen in
            let batch = try await client.tasks([])
            #expect(Set(batch.tasks.keys.map(\.text)) == ["t-1", "t-2", "t-3"])
            #expect(!batch.hasGaps)
            #expect(seen().count == 1)
        }
    }

    @Test(arguments: [
        #"{"data":[{"id":"t-1"},{"id":"t-2" x},{"id":"t-3"}]}"#, #"{"data":[{"id":"t-1"},{"id":"t-3"},{"id":"t-2","res"#,
        #"{"data":[{"id":"t-1"},{"id":"t-\ud83d"},{"id":"t-3"}]}"#,
    ])
    func anUnreadableRowIsAGapAndNotAMiss(_ body: String) async throws {
        try await withServer([(200, [:], body)]) { client, _, _ in
            let batch = try await client.tasks([])
            #expect(Set(batch.tasks.keys.map(\.text)) == ["t-1", "t-3"])
            #expect(batch.hasGaps)
        }
    }

    @Test func aTruncatedPageIsRequestedOnceMore() async throws {
        let cut = #"{"total":3,"data":[{"id":"t-1"},{"id":"t-2""#
        try await withServer([(200, [:], cut), (200, [:], #"{"total":1,"data":[{"id":"t-9"}]}"#)]) { client, _, _ in
            let page = try await client.page(1)
            #expect(page.tasks.map(\.id.text) == ["t-9"])
            #expect(!page.isIncomplete)
        }
        try await withServer([(200, [:], cut)]) { client, _, seen in
            let page = try await client.page(1)
            #expect(page.tasks.map(\.id.text) == ["t-1"])
            #expect(page.isIncomplete)
            #expect(seen().count == 2)
        }
    }

    /// What a cut answer does not name is not missing: the results may stand behind the cut.
    @Test func aTruncatedTaskAnswerIsRequestedAgain() async throws {
        let cut = #"{"id":"t-1","status":"completed","results":["https://a.example/1"#
        try await withServer([(200, [:], cut), (200, [:], Self.task)]) { client, _, seen in
            let task = try await client.task(try #require(TaskID("t-1")))
            #expect(task.links.count == 1)
            #expect(seen().count == 2)
        }
    }

    @Test func everyTryOfACreationHasTheSameIdempotencyKey() async throws {
        try await withServer([(503, [:], ""), (200, [:], #"{"id":"t-9","status":"pending","created":1757156493}"#)]) {
            client, _, seen in
            let task = try await client.create(GenerationRequest(prompt: "a fox"), idempotencyKey: "k-1")
            #expect(task.id.text == "t-9")
            let name = try #require(HTTPField.Name("Idempotency-Key"))
            #expect(seen().map { $0.headers[name] } == ["k-1", "k-1"])
        }
    }

    @Test func aClosedPortIsATransportError() async throws {
        let key = try #require(APIKey("sk-0123456789abcdef"))
        let http = GenerationClient.makeHTTPClient()
        let client = GenerationClient(
            baseURL: "http://127.0.0.1:9", key: key, http: http, clock: LeapingClock(), retry: RetryPolicy(attempts: 1))
        let error = await #expect(throws: APIError.self) { try await client.page(1) }
        try await http.shutdown()
        #expect(error?.code == .transport)
        #expect(error?.isTransient == true)
    }
}
