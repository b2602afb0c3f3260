package import ArchiveModel
package import Catalog
package import Foundation
import GenerationAPI

/// When something that waits is at risk: little of its time is left.
package enum Risk {
    /// Seconds before the deadline from which on an output or task is at risk, unless somebody says otherwise.
    package static let time: TimeInterval = 2 * 3600

    /// The promised end of a task's links.
    package static func deadline(of task: TaskEntry) -> Date {
        (task.createdAt ?? task.discoveredAt).addingTimeInterval(TaskSnapshot.linkLifetime)
    }

    /// The end of an output's window: its deadline, or the promised end of its link as far as that is known.
    package static func deadline(of output: OutputEntry, now: Date) -> Date {
        output.deadline ?? (output.createdAt ?? output.failing?.since ?? now).addingTimeInterval(TaskSnapshot.linkLifetime)
    }

    /// What is at risk at `now`, the most urgent first.
    /// - Parameter limit: The most entries of each kind; the counts are of all.
    package static func find(in catalog: any Catalog, now: Date, time: TimeInterval = Risk.time, limit: Int) async throws
        -> AtRisk
    {
        let deadline = now.addingTimeInterval(time)
        return try await catalog.atRisk(
            deadlineBefore: deadline, createdBefore: deadline.addingTimeInterval(-TaskSnapshot.linkLifetime), limit: limit)
    }

    /// Why something is at risk, for people: `41 min left; last: the host answered 503`.
    package static func reason(deadline: Date, last: String?, now: Date) -> String {
        let minutes = Int((deadline.timeIntervalSince(now) / 60).rounded(.down))
        let left =
            switch minutes {
            case ..<0: "\(duration(-minutes)) past its promised end, still tried"
            default: "\(duration(minutes)) left"
            }
        return left + (last.map { "; last: \($0)" } ?? "; not tried yet")
    }

    private static func duration(_ minutes: Int) -> String {
        minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }
}

extension Archiver {
    /// Seconds between looks at what is at risk.
    static let riskCheckInterval: TimeInterval = 60
    /// The most of each kind that is told of at one look.
    private static let risksTold = 100
    /// The most of each kind that is looked at.
    private static let risksSeen = 10_000

    /// Tells of what has come to be at risk since the last look.
    /// - Returns: How much is at risk now.
    func warnOfRisks(_ warnedOf: inout Set<String>) async throws -> Int {
        let now = clock.now
        // What was told before stands first, so others come behind as many.
        let limit = min(Self.risksTold + warnedOf.count, Self.risksSeen)
        let risk = try await Risk.find(in: catalog, now: now, time: options.riskTime, limit: limit)
        var notices: [Notice] = []
        var seen: Set<String> = []
        var told = 0
        func tell(_ subject: String, _ deadline: Date, _ last: String?, _ notice: (_ reason: String) -> Notice) {
            seen.insert(subject)
            guard told < Self.risksTold, warnedOf.insert(subject).inserted else { return }
            told += 1
            let reason = Risk.reason(deadline: deadline, last: last, now: now)
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
            let deadline = Risk.deadline(of: task)
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
