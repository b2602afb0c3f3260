import Testing

@testable import UpstreamSimulator

/// The shares of wrong charges, over many calls. A 1K call costs 4 credits, 2K costs 6.8, and 4K costs 10.4.
struct BillingTests {
    private func charges(_ profile: BillingProfile, _ request: SimulatedRequest) -> [Int: Int] {
        let plan = BillingPlan(profile: profile, seed: 3)
        return (0..<5000).reduce(into: [:]) { counts, number in
            counts[plan.charge(for: request, id: "task-\(number)", outcome: .completed).tenths, default: 0] += 1
        }
    }

    @Test func aRealCallCostsItsClass() {
        #expect(charges(.real, SimulatedRequest(prompt: "x", size: "1:1", resolution: "2K")) == [68: 5000])
        let plan = BillingPlan(profile: .real, seed: 3)
        #expect(plan.charge(for: SimulatedRequest(prompt: "x"), id: "t", outcome: .cancelled).tenths == 0)
    }

    @Test func wrongChargesAreOfEveryKind() {
        let counts = charges(.wrong, SimulatedRequest(prompt: "x", size: "1:1", resolution: "2K"))
        let known: Set<Int> = [0, 40, 68, 104]
        #expect((400...600).contains(counts[104] ?? 0), "10 % too high")
        #expect((220...380).contains(counts[40] ?? 0), "6 % too low")
        #expect((60...140).contains(counts[0] ?? 0), "2 % free of charge")
        let unexplained = counts.filter { !known.contains($0.key) }.values.reduce(0, +)
        #expect((100...200).contains(unexplained), "3 % of no class")
    }

    @Test func someFailedCallsAreCharged() {
        let plan = BillingPlan(profile: .wrong, seed: 3)
        let failed = (0..<5000).filter { plan.outcome(of: "task-\($0)") != .completed }
        #expect((60...140).contains(failed.count))
        let request = SimulatedRequest(prompt: "x")
        let charged = failed.filter { plan.charge(for: request, id: "task-\($0)", outcome: .cancelled).tenths == 40 }
        #expect(charged.count > failed.count / 4 && charged.count < failed.count)
    }
}
