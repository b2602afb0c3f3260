package import ArchiveModel
import Foundation
package import SizeContract

/// The rule that decides whether an audit fails.
package struct AuditRule: Sendable, Hashable {
    /// How closely a delivery must match its request.
    package enum Tolerance: String, Sendable, CaseIterable {
        case exact
        /// Other pixel sizes pass if ratio and tier match the requested and billed ones.
        case ratio
    }

    package var verdicts: Set<Verdict>
    package var failsWhenLost: Bool

    package init(verdicts: Set<Verdict>, failsWhenLost: Bool) {
        self.verdicts = verdicts
        self.failsWhenLost = failsWhenLost
    }

    /// Fails for every mismatch verdict and for every loss.
    package init(_ tolerance: Tolerance = .exact) {
        let passing: Set<Verdict> = tolerance == .ratio ? [.resized] : []
        verdicts = Set(Verdict.allCases.filter { !$0.isClean }).subtracting(passing)
        failsWhenLost = true
    }
}

/// The property by which a report groups outputs.
package enum AuditGrouping: String, Sendable, CaseIterable {
    /// The day of creation, in UTC.
    case day
    case model
    /// The requested size: a ratio with its tier, or pixels.
    case size
    case verdict

    /// The name of an output's group.
    package func name(of entry: AuditEntry) -> String {
        switch self {
        case .day: entry.createdAt.map { String($0.iso8601.prefix(10)) } ?? Self.unknown
        case .model: entry.request?.model ?? Self.unknown
        case .size: entry.request.flatMap(\.sizeText) ?? Self.unknown
        case .verdict: entry.state == .unavailable ? "lost" : entry.judgement?.verdict.rawValue ?? Self.unknown
        }
    }

    /// The group name of a task without outputs.
    package func name(of task: AuditTask) -> String {
        switch self {
        case .day: task.createdAt.map { String($0.iso8601.prefix(10)) } ?? Self.unknown
        case .model: task.request?.model ?? Self.unknown
        case .size: task.request.flatMap(\.sizeText) ?? Self.unknown
        case .verdict: task.state == .unavailable ? "lost" : task.state.rawValue
        }
    }

    private static let unknown = "not on record"
}

/// The summary of one group of outputs.
package struct AuditGroup: Sendable, Encodable {
    package var name: String
    package var summary: AuditReport.Summary

    package init(name: String, summary: AuditReport.Summary) {
        self.name = name
        self.summary = summary
    }
}

/// Summaries of outputs and tasks by group.
package struct AuditGroups: Sendable {
    private let grouping: AuditGrouping
    private let money: Money?
    private var sums: [String: AuditReport.Summary] = [:]

    /// - Parameter pricing: The prices of calls; `nil` when the audit does not cover costs.
    package init(_ grouping: AuditGrouping, pricing: Pricing?) {
        self.grouping = grouping
        money = pricing.map(Money.init)
    }

    package mutating func add(_ entry: AuditEntry, _ charge: Charge?) {
        guard entry.state == .archived || entry.state == .unavailable else { return }
        sums[grouping.name(of: entry), default: AuditReport.Summary(money: money)].add(entry, charge)
    }

    package mutating func add(_ task: AuditTask, _ charge: Charge?) {
        guard task.state == .unavailable || (charge?.paid ?? 0) > 0 else { return }
        sums[grouping.name(of: task), default: AuditReport.Summary(money: money)].add(task, charge)
    }

    /// Days sorted newest first, other groups by name.
    package var all: [AuditGroup] {
        let groups = sums.map { AuditGroup(name: $0.key, summary: $0.value) }.sorted {
            $0.name.compare($1.name, options: .numeric) == .orderedAscending
        }
        return grouping == .day ? groups.reversed() : groups
    }
}
