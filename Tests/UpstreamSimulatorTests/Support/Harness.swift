import ArchiveModel
import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import UpstreamSimulator

/// A simulator without a network, and what a test needs to talk to it.
struct Bench: Sendable {
    let simulator: UpstreamSimulator
    let client: any TestClientProtocol
    let clock: ManualClock
    let pictures: TinyPictures

    /// Runs `test` on a simulator that `change` has set up.
    static func run(
        _ change: (inout SimulatorOptions) -> Void = { _ in }, test: @escaping @Sendable (Bench) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        let pictures = TinyPictures()
        var options = SimulatorOptions()
        options.clock = clock
        change(&options)
        let simulator = try UpstreamSimulator(options: options, pictures: pictures)
        try await simulator.applicationForTests.test(.router) { client in
            try await test(Bench(simulator: simulator, client: client, clock: clock, pictures: pictures))
        }
    }

    static let key: HTTPFields = [.authorization: "Bearer sk-test"]
    static let product: HTTPFields = [.userAgent: "Fixative/1.0"]

    func call(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, headers: HTTPFields = key
    ) async throws -> Answer {
        let bytes = try body.map { ByteBuffer(string: try $0.text()) }
        let response = try await client.execute(uri: path, method: method, headers: headers, body: bytes)
        return Answer(response)
    }

    func create(_ members: [String: JSONValue], headers: HTTPFields = key) async throws -> Answer {
        try await call(.post, "/v1/images/generations", .object(members), headers: headers)
    }

    /// Fetches a result by its link, as a product that sends no key.
    func fetch(
        _ link: String, method: HTTPRequest.Method = .get, headers: HTTPFields = [:]
    ) async throws -> TestResponse {
        let afterHost = link.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).last.map { "/" + $0 }
        let path = link.hasPrefix("/") ? link : afterHost ?? link
        var all = Self.product
        for field in headers { all.append(field) }
        return try await client.execute(uri: path, method: method, headers: all)
    }

    /// The links of a task that is read until it is answered.
    func links(of task: TaskID) async throws -> [String] {
        for _ in 1...4 {
            // A cut connection throws, and counts as an attempt.
            let answer = try? await call(.get, "/v1/tasks/\(task)")
            if let answer, answer.status == 200, let json = answer.json { return json.links }
        }
        return []
    }
}

struct Answer: Sendable {
    let status: Int
    let headers: HTTPFields
    let text: String

    init(_ response: TestResponse) {
        status = response.status.code
        headers = response.headers
        text = String(buffer: response.body)
    }

    var json: JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) }
    var errorType: String? { json?["error"]?["type"]?.string }
    var errorParam: String? { json?["error"]?["param"]?.string }
}

extension JSONValue {
    /// The links of a task's answer, wherever it has them.
    var links: [String] {
        let plain = self["results"]?.array?.compactMap(\.string) ?? []
        guard plain.isEmpty else { return plain }
        let items = self["result_data"]?.array ?? [self["result_data"]].compactMap { $0 }
        return items.compactMap { $0["image_url"]?.string }
    }
}

/// Runs `test` against a simulator that listens on loopback.
func withLiveSimulator(
    _ options: SimulatorOptions, poster: (any CallbackPoster)? = nil,
    test: @escaping @Sendable (UpstreamSimulator, String) async throws -> Void
) async throws {
    let simulator = try UpstreamSimulator(options: options, pictures: TinyPictures(), callbackPoster: poster)
    let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [simulator], logger: quiet))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        do {
            try await test(simulator, try await simulator.baseURL())
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}
