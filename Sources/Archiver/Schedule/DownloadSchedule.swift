package import ArchiveModel
package import Catalog
package import Foundation
import SizeContract

/// Selects the next outputs to fetch. Outputs that can finish in time at the measured pace come first, by earliest deadline; the
/// others follow. Among accounts, the one with the fewest outputs in progress comes first.
package struct DownloadSchedule: Sendable {
    /// Maximum number of queued outputs considered for one plan.
    package static let window = 1000
    /// Seconds until a plan expires. An output added to the queue later waits at most this long.
    private static let life: TimeInterval = 2

    private let connections: Int
    private var pace = DownloadPace()
    /// Keyed by account.
    private var queues: [Int64: ArraySlice<OutputID>] = [:]
    private var plannedAt = Date.distantPast

    package init(connections: Int) { self.connections = connections }

    /// Whether a new plan is needed before ``next(_:)``.
    package func wantsPlan(now: Date) -> Bool { queues.isEmpty || now.timeIntervalSince(plannedAt) >= Self.life }

    /// Makes a plan from the queue.
    /// - Parameter queued: Sorted by deadline; those without one first, those past their deadline last.
    package mutating func plan(_ queued: [QueuedOutput], now: Date) {
        plannedAt = now
        let jobs = queued.map { AdmissionPlan.Job(deadline: $0.deadline, seconds: pace.seconds(Self.tier(of: $0.request))) }
        queues = [:]
        for index in AdmissionPlan.order(jobs, now: now, connections: connections).indices {
            queues[queued[index].account, default: []].append(queued[index].id)
        }
    }

    /// Removes the next outputs from the plan.
    /// - Parameter inProgress: The account of each download in progress; an account may occur several times.
    package mutating func next(_ count: Int, inProgress: some Sequence<Int64> = []) -> [OutputID] {
        var busy = Dictionary(inProgress.map { ($0, 1) }, uniquingKeysWith: +)
        var taken: [OutputID] = []
        while taken.count < count {
            let account = queues.keys.min { (busy[$0] ?? 0, $0) < (busy[$1] ?? 0, $1) }
            guard let account, let id = queues[account]?.popFirst() else { break }
            if queues[account]?.isEmpty == true { queues[account] = nil }
            busy[account, default: 0] += 1
            taken.append(id)
        }
        return taken
    }

    /// Adds the measured time of one output.
    package mutating func record(bytes: Int, request: RecordedRequest?, seconds: TimeInterval) {
        pace.record(bytes: bytes, tier: Self.tier(of: request), seconds: seconds)
    }

    private static func tier(of request: RecordedRequest?) -> Tier? {
        guard let request else { return nil }
        let contract = SizeContract.contract(model: request.model)
        return request.sizeRequest(in: contract).map(contract.billedTier)
    }
}
