import ArchiveModel
import SizeContract

/// Selects what a call is charged, and how the answer states it: a pure function of the seed and the task.
///
/// | `wrong` charges | tasks |
/// |---|---|
/// | the price of a larger class / of a smaller class | 10 % / 6 % |
/// | nothing / an amount that is the price of no class | 2 % / 3 % |
/// | a failed call | 2 % fail, of which half are charged |
///
/// | `wrong` states the charge | tasks |
/// |---|---|
/// | only as `cost.credits` / only as `cost.usd` / not at all | 5 % / 2 % / 1 % |
/// | as `credits_used`, with another cost / as text | 2 % / 3 % |
struct BillingPlan: Sendable {
    let profile: BillingProfile
    let seed: UInt64

    /// How an answer states its charge.
    enum Statement: Sendable {
        case whole, costAlone, dollarsAlone, nothing, contradiction, text
    }

    init(profile: BillingProfile, seed: UInt64) {
        self.profile = profile
        self.seed = seed
    }

    init(_ options: SimulatorOptions) { self.init(profile: options.billing, seed: options.seed) }

    /// The result of a call that would otherwise be completed.
    func outcome(of task: String) -> SimulatedOutcome {
        var draw = Draw(seed: seed, "billed outcome:" + task)
        guard profile == .wrong, draw.perThousand(20) else { return .completed }
        return draw.perThousand(200) ? .cancelled : .failed(draw.pick(TaskFailure.stock))
    }

    /// The charge for a call that has ended.
    func charge(for request: SimulatedRequest, id: String, outcome: SimulatedOutcome) -> Credits {
        let price = request.price
        guard profile == .wrong else { return outcome == .completed ? price : Credits(tenths: 0) }
        var draw = Draw(seed: seed, "charge:" + id)
        guard outcome == .completed else { return draw.perThousand(500) ? price : Credits(tenths: 0) }
        let prices = [Tier.oneK, .twoK, .fourK].map {
            Credits(multiplier: SizeContract.contract(model: request.model).multiplier(of: $0))
        }
        let (larger, smaller) = (prices.filter { $0.tenths > price.tenths }, prices.filter { $0.tenths < price.tenths })
        switch draw.below(1000) {
        case 0..<100 where !larger.isEmpty: return draw.pick(larger)
        case 100..<160 where !smaller.isEmpty: return draw.pick(smaller)
        case 160..<180: return Credits(tenths: 0)
        case 180..<210: return Credits(tenths: price.tenths + 1 + draw.below(20))
        default: return price
        }
    }

    func statement(of task: String) -> Statement {
        var draw = Draw(seed: seed, "statement:" + task)
        guard profile == .wrong else { return .whole }
        return switch draw.below(100) {
        case 0..<5: .costAlone
        case 5..<7: .dollarsAlone
        case 7: .nothing
        case 8..<10: .contradiction
        case 10..<13: .text
        default: .whole
        }
    }
}
