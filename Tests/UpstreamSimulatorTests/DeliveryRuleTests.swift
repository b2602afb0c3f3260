import SizeContract
import Testing

@testable import UpstreamSimulator

/// What the real profile delivers, by the measurements in the reference.
struct DeliveryRuleTests {
    private static let count = 4000

    /// Deliveries for the stock's own mixture of requests, in percent.
    private static let outputs: [(task: SimulatedTask, output: SimulatedOutput)] = {
        let forge = TaskForge(seed: 11, profile: .real, folder: [], billing: BillingPlan(profile: .real, seed: 1))
        let now = ManualClock().now
        return (0..<count).compactMap { serial in
            forge.stockTask(serial: serial, created: now, finishes: now, mayFail: false).simulated
        }.flatMap { task in task.outputs.map { (task, $0) } }
    }()

    private func percent(_ isCounted: (SimulatedOutput) -> Bool) -> Double {
        Double(Self.outputs.count { isCounted($0.output) }) * 100 / Double(Self.outputs.count)
    }

    @Test func mostDeliveriesHaveOneOfThreeSizes() {
        let square = percent { $0.size == PixelSize(width: 1254, height: 1254) }
        let portrait = percent { $0.size == PixelSize(width: 1122, height: 1402) }
        let landscape = percent { $0.size == PixelSize(width: 1672, height: 941) }
        #expect(square > 40 && square < 70)
        #expect(portrait > 8 && portrait < 25)
        #expect(landscape > 6 && landscape < 25)
        #expect(square + portrait + landscape > 70)
        for rare in [PixelSize(width: 1024, height: 1536), PixelSize(width: 2048, height: 2048)] {
            let share = percent { $0.size == rare }
            #expect(share > 0.5 && share < 10)
        }
    }

    @Test func aFewDeliveriesHaveAnotherFormat() {
        let other = percent { $0.format != .png }
        #expect(other > 6 && other < 10)
        #expect(percent { $0.format == .webp } > 2)
        #expect(percent { $0.format == .jpeg } > 2)
    }

    @Test func aFewDeliveriesHaveTheOtherOrientation() throws {
        let shaped = try Self.outputs.compactMap { task, output -> Bool? in
            let request = try SizeContract.gptImage2.request(size: task.request.size, resolution: task.request.resolution)
            guard let asked = SizeContract.gptImage2.expectedSize(of: request), asked.width != asked.height,
                let got = output.size,
                got.width != got.height
            else { return nil }
            return (asked.width > asked.height) != (got.width > got.height)
        }
        let share = Double(shaped.count { $0 }) * 100 / Double(shaped.count)
        #expect(share > 3 && share < 12)
    }

    @Test func everyCommonVerdictOccurs() throws {
        let contract = SizeContract.gptImage2
        let verdicts = try Set(
            Self.outputs.map { task, output in
                let request = try contract.request(size: task.request.size, resolution: task.request.resolution)
                return contract.judge(delivered: output.size, request: request).verdict
            })
        #expect(verdicts.isSuperset(of: [.exact, .transposed, .undersized, .oversized, .resized, .reshaped, .accepted]))
    }
}
