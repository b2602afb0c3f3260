package import ArchiveModel
import Foundation
package import SizeContract

/// Compares requested, delivered and billed sizes of outputs. Its JSON has the keys of ``OutputView``.
package struct AuditReport: Sendable, Encodable {
    package struct Summary: Sendable, Encodable {
        /// Judged outputs: delivered and archived.
        package var outputs = 0
        package var byVerdict: [String: Int] = [:]
        /// The sum of overpayments in base prices, over all outputs whose billed and delivered tiers are known.
        package var overpaidMultiplier = PriceMultiplier.zero
        /// Outputs and tasks that are permanently unavailable.
        package var unavailable = 0
        /// `nil` when the audit does not cover costs.
        package var money: Money?

        package init(money: Money? = nil) { self.money = money }

        /// Adds outputs counted by the catalog. Pending outputs are not judged.
        package mutating func add(_ tally: OutputTally) {
            switch tally.state {
            case .archived:
                guard let verdict = tally.verdict else { return }
                outputs += tally.outputs
                byVerdict[verdict.rawValue, default: 0] += tally.outputs
                overpaidMultiplier = overpaidMultiplier + tally.overpaid
            case .unavailable: unavailable += tally.outputs
            case .waiting, .leased, .held: break
            }
        }

        /// Adds one output. A pending output is not judged.
        package mutating func add(_ entry: AuditEntry, _ charge: Charge?) {
            switch entry.state {
            case .archived:
                guard let judgement = entry.judgement else { return }
                outputs += 1
                byVerdict[judgement.verdict.rawValue, default: 0] += 1
                overpaidMultiplier = overpaidMultiplier + (judgement.overpaid ?? .zero)
                if let charge { money?.add(charge) }
            case .unavailable:
                unavailable += 1
                if let charge { money?.add(charge, isLost: true) }
            case .waiting, .leased, .held: break
            }
        }

        /// Adds a task without outputs. If the upstream no longer knows it, it is lost; if it failed, it may have been charged.
        package mutating func add(_ task: AuditTask, _ charge: Charge?) {
            if task.state == .unavailable { unavailable += 1 }
            if let charge, task.state == .unavailable || charge.paid > 0 {
                money?.add(charge, isLost: task.state == .unavailable)
            }
        }

        /// Whether the outputs satisfy the rule.
        package func passes(_ rule: AuditRule) -> Bool {
            (unavailable == 0 || !rule.failsWhenLost)
                && byVerdict.keys.allSatisfy { Verdict(rawValue: $0).map { !rule.verdicts.contains($0) } ?? false }
        }
    }

    /// A judged output, with its charge if the audit covers costs.
    package struct Output: Sendable, Encodable {
        package var view: OutputView
        package var charge: Charge?

        /// - Returns: `nil` for an output that is not judged.
        package init?(_ entry: AuditEntry, _ charge: Charge?) {
            guard entry.judgement != nil else { return nil }
            view = OutputView(entry)
            self.charge = charge
        }

        private enum CodingKeys: CodingKey { case charge }

        package func encode(to encoder: any Encoder) throws {
            try view.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(charge, forKey: .charge)
        }
    }

    /// An output or task that was not delivered and will not be.
    package struct Lost: Sendable, Encodable {
        package var taskId: TaskID
        /// `nil` for a task whose results never became known.
        package var index: Int?
        package var reason: String
    }

    /// A call that was charged although it produced no picture.
    package struct ChargedFailure: Sendable, Encodable {
        package var taskId: TaskID
        package var reason: String
        package var charge: Charge
    }

    package var summary = Summary()
    package var outputs: [Output] = []
    package var lost: [Lost] = []
    package var chargedFailures: [ChargedFailure] = []

    /// - Parameters:
    ///   - entries: Outputs in any state; pending ones are not judged.
    ///   - tasks: Tasks without outputs, with the reason.
    ///   - pricing: The prices of calls; `nil` when the audit does not cover costs.
    package init(_ entries: [AuditEntry], tasks: [AuditTask] = [], pricing: Pricing? = nil) {
        var pricing = pricing
        summary.money = pricing.map(Money.init)
        for entry in entries {
            let charge = pricing?.charge(of: entry)
            summary.add(entry, charge)
            switch entry.state {
            case .archived: outputs += [Output(entry, charge)].compactMap { $0 }
            case .unavailable:
                lost.append(Lost(taskId: entry.id.task, index: entry.id.index, reason: entry.reason ?? "unknown"))
            case .waiting, .leased, .held: break
            }
        }
        for task in tasks {
            let charge = pricing?.charge(of: task)
            summary.add(task, charge)
            add(task, charge)
        }
    }

    /// A report of lost outputs and tasks, and of charged failures.
    package init(lost: [AuditEntry], tasks: [(AuditTask, Charge)]) {
        for entry in lost {
            self.lost.append(Lost(taskId: entry.id.task, index: entry.id.index, reason: entry.reason ?? "unknown"))
        }
        for (task, charge) in tasks { add(task, charge) }
    }

    private mutating func add(_ task: AuditTask, _ charge: Charge?) {
        if task.state == .unavailable {
            lost.append(Lost(taskId: task.id, reason: task.reason ?? "unknown"))
        } else if let charge, charge.paid > 0 {
            chargedFailures.append(ChargedFailure(taskId: task.id, reason: task.reason ?? "unknown", charge: charge))
        }
    }
}
