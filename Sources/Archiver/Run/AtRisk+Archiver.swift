package import ArchiveModel
package import Catalog
package import Foundation
import GenerationAPI

/// Decides when a waiting item is at risk: when little of its time is left.
extension AtRisk {
    /// Default: seconds before its deadline from which an output or task is at risk.
    package static let time: TimeInterval = 2 * 3600

    /// The deadline of a task's links, as promised by the API.
    package static func deadline(of task: TaskEntry) -> Date {
        (task.createdAt ?? task.discoveredAt).addingTimeInterval(UpstreamRules.linkLifetime)
    }

    /// The deadline of an output's link, or else the estimated end of the link's lifetime.
    package static func deadline(of output: OutputEntry, now: Date) -> Date {
        output.deadline ?? (output.createdAt ?? output.failing?.since ?? now).addingTimeInterval(UpstreamRules.linkLifetime)
    }

    /// Items at risk at `now`, most urgent first.
    /// - Parameter limit: Maximum number of entries of each kind; the counts include all.
    package static func find(in catalog: any CatalogReader, now: Date, time: TimeInterval = AtRisk.time, limit: Int) async throws
        -> AtRisk
    {
        let deadline = now.addingTimeInterval(time)
        return try await catalog.atRisk(
            deadlineBefore: deadline, createdBefore: deadline.addingTimeInterval(-UpstreamRules.linkLifetime), limit: limit)
    }

    /// A readable reason why an item is at risk: `41 min left; last: the host answered 503`.
    package static func reason(deadline: Date, last: String?, now: Date) -> String {
        let minutes = Int((deadline.timeIntervalSince(now) / 60).rounded(.down))
        let left =
            switch minutes {
            case ..<0: "\(duration(-minutes)) past its deadline, still tried"
            default: "\(duration(minutes)) left"
            }
        return left + (last.map { "; last: \($0)" } ?? "; not tried yet")
    }

    private static func duration(_ minutes: Int) -> String {
        minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }
}

extension Archiver {
    /// Seconds between checks for items at risk.
    static let riskCheckInterval: TimeInterval = 60
    /// Maximum number of items of each kind reported per check.
    private static let risksTold = 100
    /// Maximum number of items of each kind read per check.
    private static let risksSeen = 10_000

    /// Reports items that have become at risk since the last check.
    /// - Returns: How many items are at risk now.
    func warnOfRisks(_ warnedOf: inout Set<String>) async throws -> Int {
        let now = clock.now
        // Items that were already reported sort first, so raise the limit by their number.
        let limit = min(Self.risksTold + warnedOf.count, Self.risksSeen)
        let risk = try await AtRisk.find(in: catalog, now: now, time: options.riskTime, limit: limit)
        var notices: [Notice] = []
        var seen: Set<String> = []
        var told = 0
        func tell(_ subject: String, _ deadline: Date, _ last: String?, _ notice: (_ reason: String) -> Notice) {
            seen.insert(subject)
            guard told < Self.risksTold, warnedOf.insert(subject).inserted else { return }
            told += 1
            let reason = AtRisk.reason(deadline: deadline, last: last, now: now)
            report(.atRisk(subject, deadline: deadline, reason: reason))
            notices.append(notice(reason))
        }
        for output in risk.outputs {
            let deadline = output.deadline ?? now
            tell("output \(output.id)", deadline, output.reason) {
                Notice(atRisk: output, deadline: deadline, reason: $0, now: now)
            }
        }
        told = 0
        for task in risk.tasks {
            let deadline = AtRisk.deadline(of: task)
            tell("task \(task.id)", deadline, task.reason) {
                Notice(
                    .taskAtRisk, task: task.id, state: task.state, request: task.request, deadline: deadline, reason: $0, now: now
                )
            }
        }
        try await catalog.post(notices)
        if max(risk.outputs.count, risk.tasks.count) < limit { warnedOf.formIntersection(seen) }
        return risk.outputCount + risk.taskCount
    }
}
