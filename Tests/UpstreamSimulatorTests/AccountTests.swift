import ArchiveModel
import Foundation
import HummingbirdTesting
import NIOConcurrencyHelpers
import NIOCore
import SizeContract
import Testing

@testable import UpstreamSimulator

/// The tasks that an account is filled with.
struct AccountTests {
    private static func tasks(seed: UInt64, count: Int = 60, faults: FaultProfile = .real, now: Date? = nil) async throws
        -> [SimulatedTask]
    {
        var options = SimulatorOptions()
        options.seed = seed
        options.faults = faults
        options.clock = now.map { ManualClock(now: $0) } ?? ManualClock()
        return try await UpstreamSimulator(options: options, pictures: TinyPictures()).populate(tasks: count)
    }

    @Test func oneSeedGivesOneAccountAtAnyTime() async throws {
        let first = try await Self.tasks(seed: 7)
        let second = try await Self.tasks(seed: 7, now: Date(timeIntervalSince1970: 1_900_000_000))
        #expect(first.map(\.id) == second.map(\.id))
        #expect(first.map(\.request) == second.map(\.request))
        #expect(first.map(\.outputs) == second.map(\.outputs))
        #expect(try await Self.tasks(seed: 8).map(\.id) != first.map(\.id))
    }

    @Test func oneSeedGivesTheSameBytes() async throws {
        let files = NIOLockedValueBox<[[UInt8]]>([])
        for seed: UInt64 in [3, 3, 4] {
            try await Bench.run {
                $0.seed = seed
            } test: { bench in
                let tasks = try await bench.simulator.populate(tasks: 1)
                let link = try #require(try await bench.links(of: tasks[0].id).first)
                let bytes = Array(try await bench.fetch(link).body.readableBytesView)
                files.withLockedValue { $0.append(bytes) }
            }
        }
        let bytes = files.withLockedValue { $0 }
        #expect(bytes[0] == bytes[1])
        #expect(bytes[0] != bytes[2])
    }

    @Test func theIDsHaveTheDocumentedFormAndDiffer() async throws {
        let ids = try await Self.tasks(seed: 1, count: 500).map(\.id.text)
        #expect(Set(ids).count == 500)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /task-unified-[0-9]{10}-[a-z0-9]{8}/) != nil })
    }

    @Test func theTasksAreSpreadOverTwentyHours() async throws {
        let created = try await Self.tasks(seed: 3, count: 40).map(\.created)
        let now = ManualClock().now
        #expect(created == created.sorted())
        #expect(Set(created).count == 40)
        let oldest = now.timeIntervalSince(try #require(created.first)) / 3600
        #expect((19...20.01).contains(oldest))
        #expect(now.timeIntervalSince(try #require(created.last)) < 3600)
    }

    @Test func everyStockRequestIsValid() async throws {
        let contract = SizeContract.gptImage2
        for task in try await Self.tasks(seed: 5, count: 400) {
            let size = try contract.request(size: task.request.size, resolution: task.request.resolution)
            #expect(contract.violations(of: size).isEmpty)
            #expect(task.request.prompt.utf8.count <= CreateBody.promptLimit)
        }
    }

    @Test func theStockOfRequestsIsVaried() async throws {
        let tasks = try await Self.tasks(seed: 5, count: 60)
        #expect(PromptStock.ordinary.count >= 57)
        #expect(Set(PromptStock.ordinary).count == PromptStock.ordinary.count)
        #expect(Set(tasks.map(\.request.prompt)).count >= 50)
        #expect(tasks.contains { $0.request.prompt.contains("<script>") })
        #expect(tasks.contains { $0.request.prompt.contains("שלום") })
        #expect(tasks.contains { $0.request.prompt.count > 2000 })
        let sizes = tasks.map { $0.request.size ?? "" }
        #expect(sizes.contains("auto") && sizes.contains { $0.contains(":") } && sizes.contains { $0.contains("x") })
        #expect(Set(tasks.compactMap(\.request.resolution)).isSuperset(of: ["1K", "2K", "4K"]))
    }

    @Test func everyDeliveryIsAsPromisedWithoutFaults() async throws {
        let contract = SizeContract.gptImage2
        for task in try await Self.tasks(seed: 2, count: 200, faults: .none) {
            #expect(task.outputs.count == 1)
            #expect(task.fate == .ordinary)
            let output = try #require(task.outputs.first)
            #expect(output.format == .png)
            let request = try contract.request(size: task.request.size, resolution: task.request.resolution)
            let verdict = contract.judge(delivered: output.size, request: request).verdict
            #expect(verdict == (request == .auto ? .accepted : .exact))
        }
    }

    @Test func siblingModelsGiveSeveralResults() async throws {
        let tasks = try await Self.tasks(seed: 4, count: 300)
        let several = tasks.filter { $0.outputs.count > 1 }
        #expect(!several.isEmpty && several.count < 40)
        #expect(several.allSatisfy { $0.request.model != "gpt-image-2-beta" && $0.outputs.count <= 3 })
        #expect(tasks.filter { $0.request.model == "gpt-image-2-beta" }.allSatisfy { $0.outputs.count == 1 })
    }

    @Test func aManifestLineHasTheRequest() throws {
        let id = try #require(TaskID("task-1"))
        let task = SimulatedTask(
            id: id, request: SimulatedRequest(prompt: "p", size: "16:9", resolution: "2K"), created: Date(), outputs: [],
            fate: .ordinary)
        let line = try task.manifestLine.text()
        #expect(line == #"{"model":"gpt-image-2-beta","prompt":"p","resolution":"2K","size":"16:9","task_id":"task-1"}"#)
    }

    @Test(.timeLimit(.minutes(1))) func aBusyAccountCompletesTasksByItself() async throws {
        let clock = ManualClock()
        var options = SimulatorOptions()
        options.clock = clock
        let account = Account(options: options, folder: [])
        let activity = AccountActivity(account: account, clock: clock, completionsPerMinute: 6)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await activity.run() }
            for _ in 1...3 {
                try await clock.waitForSleep(of: .seconds(10))
                clock.advance(by: .seconds(10))
            }
            try await clock.waitForSleep(of: .seconds(10))
            group.cancelAll()
        }
        let (rows, _, total) = await account.list(Account.Filter(), page: 1, pageSize: 10)
        #expect(total == 3)
        #expect(rows.allSatisfy { $0.status(at: clock.now) == .completed })
    }
}
