import ArchiveModel
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import UpstreamSimulator

/// A live simulator, as a client's own connection sees it.
enum Live {
    static func post(_ url: String, _ body: String) async throws -> JSONValue {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = ["authorization": "Bearer sk-test", "content-type": "application/json"]
        request.body = .bytes(ByteBuffer(string: body))
        return try await json(request)
    }

    static func get(_ url: String) async throws -> JSONValue {
        var request = HTTPClientRequest(url: url)
        request.headers = ["authorization": "Bearer sk-test"]
        return try await json(request)
    }

    private static func json(_ request: HTTPClientRequest) async throws -> JSONValue {
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 1 << 22)
        return try JSONDecoder().decode(JSONValue.self, from: Data(body.readableBytesView))
    }

    /// - Returns: The announced length and what came of the body; `error` when it ended badly.
    static func download(_ url: String) async throws -> (announced: Int?, bytes: ByteBuffer, error: (any Error)?) {
        var request = HTTPClientRequest(url: url)
        request.headers = ["user-agent": "Fixative/1.0"]
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        var bytes = ByteBuffer()
        do {
            for try await part in response.body { bytes.writeImmutableBuffer(part) }
            return (response.headers.first(name: "content-length").flatMap(Int.init), bytes, nil)
        } catch {
            return (response.headers.first(name: "content-length").flatMap(Int.init), bytes, error)
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct ConnectionFaultTests {
    private static func run(test: @escaping @Sendable (UpstreamSimulator, [SimulatedTask], InstantClock) async throws -> Void)
        async throws
    {
        let clock = InstantClock()
        var options = SimulatorOptions()
        options.faults = .hostile
        options.seed = 7
        options.clock = clock
        try await withLiveSimulator(options) { simulator, _ in
            try await test(simulator, try await simulator.populate(tasks: 600), clock)
        }
    }

    private static func link(_ simulator: UpstreamSimulator, _ task: SimulatedTask) async throws -> String {
        let base = try await simulator.baseURL()
        for _ in 1...4 {
            if let link = try? await Live.get(base + "/v1/tasks/\(task.id)").links.first { return link }
        }
        throw SimulatorError(.notRunning)
    }

    private static func first(
        _ tasks: [SimulatedTask], where isWanted: (DownloadFault) -> Bool
    ) throws -> SimulatedTask {
        let plan = FaultPlan(profile: .hostile, seed: 7)
        return try #require(
            tasks.first { task in
                task.fate == .ordinary && task.outputs[0].format == .png
                    && plan.downloadFault("\(task.id)/0", attempt: 1).map(isWanted) == true
            })
    }

    @Test func aCutConnectionEndsInTheMiddleOfTheBody() async throws {
        try await Self.run { simulator, tasks, _ in
            let task = try Self.first(tasks) { if case .cut = $0 { true } else { false } }
            let (announced, bytes, error) = try await Live.download(try await Self.link(simulator, task))
            #expect(error != nil)
            #expect(bytes.readableBytes < announced ?? 0)
        }
    }

    @Test func aBodyIsShorterThanAnnounced() async throws {
        try await Self.run { simulator, tasks, _ in
            let task = try Self.first(tasks) { $0 == .announcedTooLong }
            let (announced, bytes, error) = try await Live.download(try await Self.link(simulator, task))
            #expect(error != nil)
            #expect(bytes.readableBytes < announced ?? 0)
        }
    }

    @Test func aBodyIsLongerThanAnnounced() async throws {
        try await Self.run { simulator, tasks, _ in
            let task = try Self.first(tasks) { $0 == .announcedTooShort }
            let link = try await Self.link(simulator, task)
            let (announced, bytes, _) = try await Live.download(link)
            #expect(bytes.readableBytes <= announced ?? 0)
            let tail = Array(bytes.readableBytesView.suffix(8).prefix(4))
            #expect(tail != Array("IEND".utf8))
        }
    }

    @Test func bytesDripOverTime() async throws {
        try await Self.run { simulator, tasks, clock in
            let task = try Self.first(tasks) { if case .drip = $0 { true } else { false } }
            let (announced, bytes, error) = try await Live.download(try await Self.link(simulator, task))
            #expect(error == nil)
            #expect(bytes.readableBytes == announced)
            let whole = clock.slept.filter { $0 < .milliseconds(140) }.reduce(Duration.zero, +)
            #expect(whole >= .milliseconds(200) && whole < .milliseconds(1500))
        }
    }

    @Test func aCutAPIAnswerIsNotValidJSON() async throws {
        try await Self.run { simulator, tasks, _ in
            let plan = FaultPlan(profile: .hostile, seed: 7)
            let base = try await simulator.baseURL()
            let cut = try #require(tasks.first { plan.apiFault("GET /v1/tasks/\($0.id)?#", attempt: 1) == .cut })
            await #expect(throws: (any Error).self) { try await Live.get(base + "/v1/tasks/\(cut.id)") }
        }
    }

    @Test func aTakenPortIsAnError() async throws {
        try await withLiveSimulator(SimulatorOptions()) { first, _ in
            var options = SimulatorOptions()
            options.port = try await first.boundPort()
            let second = try UpstreamSimulator(options: options, pictures: TinyPictures())
            await #expect(throws: (any Error).self) { try await second.run() }
            await #expect(throws: SimulatorError.self) { try await second.boundPort() }
            await #expect(throws: SimulatorError.self) { try await second.run() }
        }
    }
}
