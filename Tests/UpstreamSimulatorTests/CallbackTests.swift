import ArchiveModel
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOConcurrencyHelpers
import Testing

@testable import UpstreamSimulator

/// Callbacks: 10 s for each try, and up to three more 1, 2 and 4 s after a failure.
@Suite(.timeLimit(.minutes(1))) struct CallbackTests {
    /// Answers with what it was told, one after the other; `nil` never answers.
    final class ScriptedPoster: CallbackPoster {
        private let state: NIOLockedValueBox<(script: [Int?], bodies: [String])>

        init(_ script: [Int?]) { state = NIOLockedValueBox((script, [])) }

        var bodies: [String] { state.withLockedValue { $0.bodies } }

        func post(_ body: String, to address: String) async throws -> Int {
            let status = state.withLockedValue { state in
                state.bodies.append(body)
                return state.script.removeFirst()
            }
            if let status { return status }
            while true {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
    }

    private static func entry(created: Date) -> SimulatedEntry {
        let request = SimulatedRequest(prompt: "x", callbackURL: "https://hooks.example.com/x")
        let forge = TaskForge(seed: 1, profile: .none, folder: [], billing: BillingPlan(profile: .real, seed: 1))
        return forge.task(request, serial: 0, created: created, finishes: created.addingTimeInterval(4), mayFail: false)
    }

    /// Runs a sender with one scheduled task, and `drive` beside it.
    private static func attempts(
        _ poster: ScriptedPoster, clock: ManualClock, count: Int, drive: () async throws -> Void
    ) async throws -> [CallbackAttempt] {
        let sender = CallbackSender(clock: clock, logger: .init(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })) {
            (poster, {})
        } body: {
            "task \($0.id)"
        }
        sender.schedule(entry(created: clock.now))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await sender.run() }
            try await drive()
            while sender.log.count < count { await Task.yield() }
            group.cancelAll()
        }
        return sender.log
    }

    @Test func aFailedTryIsRepeatedAfterOneTwoAndFourSeconds() async throws {
        let clock = ManualClock()
        let start = clock.now
        let poster = ScriptedPoster([500, 404, 302, 503])
        let attempts = try await Self.attempts(poster, clock: clock, count: 4) {
            for pause in [4, 1, 2, 4] {
                try await clock.waitForSleep(of: .seconds(pause))
                clock.advance(by: .seconds(pause))
            }
        }
        #expect(attempts.map { $0.began.timeIntervalSince(start) } == [4, 5, 7, 11])
        #expect(attempts.map(\.status) == [500, 404, 302, 503])
        #expect(attempts.map(\.number) == [1, 2, 3, 4])
        #expect(attempts.allSatisfy { !$0.isDelivered })
    }

    @Test(arguments: [200, 204, 299]) func aSuccessEndsTheTries(status: Int) async throws {
        let clock = ManualClock()
        let poster = ScriptedPoster([500, status])
        let attempts = try await Self.attempts(poster, clock: clock, count: 2) {
            for pause in [4, 1] {
                try await clock.waitForSleep(of: .seconds(pause))
                clock.advance(by: .seconds(pause))
            }
        }
        #expect(attempts.count == 2)
        #expect(attempts.last?.isDelivered == true)
        #expect(poster.bodies.count == 2)
    }

    @Test func aTryEndsAfterTenSeconds() async throws {
        let clock = ManualClock()
        let start = clock.now
        let attempts = try await Self.attempts(ScriptedPoster([nil, 200]), clock: clock, count: 2) {
            for pause in [4, 10, 1] {
                try await clock.waitForSleep(of: .seconds(pause))
                clock.advance(by: .seconds(pause))
            }
        }
        #expect(attempts.map(\.status) == [nil, 200])
        #expect(attempts.map { $0.began.timeIntervalSince(start) } == [4, 15])
    }

    @Test func theCallbackBodyEqualsTheTaskAnswer() async throws {
        let clock = ManualClock()
        let poster = ScriptedPoster([200])
        var options = SimulatorOptions()
        options.clock = clock
        try await withLiveSimulator(options, poster: poster) { simulator, base in
            let body = #"{"prompt":"x","callback_url":"https://hooks.example.com/x"}"#
            let id = try #require(try await Live.post(base + "/v1/images/generations", body)["id"]?.string)
            try await clock.waitForSleep(of: .seconds(4))
            clock.advance(by: .seconds(4))
            while simulator.callbackAttempts.isEmpty { await Task.yield() }
            #expect(simulator.callbackAttempts.first?.isDelivered == true)
            let read = try await Live.get(base + "/v1/tasks/\(id)")
            #expect(poster.bodies == [try read.text()])
            #expect(read["status"]?.string == "completed")
        }
    }

    @Test func aCallbackIsSentOverTheNetwork() async throws {
        let received = NIOLockedValueBox<[String]>([])
        let router = Router()
        router.post("hook") { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            received.withLockedValue { $0.append(String(buffer: body)) }
            return HTTPResponse.Status.noContent
        }
        try await Application(router: router).test(.live) { hook in
            let port = try #require(hook.port)
            var options = SimulatorOptions()
            options.allowInternalCallbacks = true
            options.generationTime = .zero
            try await withLiveSimulator(options) { simulator, base in
                let body = #"{"prompt":"x","callback_url":"http://localhost:\#(port)/hook"}"#
                _ = try await Live.post(base + "/v1/images/generations", body)
                while simulator.callbackAttempts.isEmpty { await Task.yield() }
                #expect(simulator.callbackAttempts.map(\.status) == [204])
            }
        }
        #expect(received.withLockedValue { $0.count } == 1)
    }

    @Test(arguments: [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.9", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "224.0.0.1",
        "127.1", "0x7f.1", "2130706433", "017700000001", "localhost", "hook.localhost", "LOCALHOST.", "intranet", "printer.local",
        "db.internal", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[::ffff:127.0.0.1]", "[ff02::1]",
    ])
    func internalAddressesAreRefused(host: String) {
        #expect(CallbackAddress.objection(to: "https://\(host)/hook", allowInternal: false) != nil)
        #expect(CallbackAddress.objection(to: "http://\(host)/hook", allowInternal: true) == nil)
    }

    @Test(arguments: [
        "hooks.example.com", "172.15.0.1", "172.32.0.1", "8.8.8.8", "[2606:4700::1111]", "[::ffff:8.8.8.8]",
        "localhost.example.com",
    ])
    func publicAddressesAreAccepted(host: String) {
        #expect(CallbackAddress.objection(to: "https://\(host)/hook", allowInternal: false) == nil)
    }
}
