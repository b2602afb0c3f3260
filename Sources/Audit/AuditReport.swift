package import ArchiveModel
package import Foundation
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
        /// The time zone of the days in the report.
        package var timeZone: String?

        package init(money: Money? = nil, timeZone: String? = nil) {
            self.money = money
            self.timeZone = timeZone
        }

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
                if let charge { money?.add(charge, model: entry.model ?? entry.request?.model) }
            case .unavailable:
                unavailable += 1
                if let charge { money?.add(charge, model: entry.model ?? entry.request?.model, isLost: true) }
            case .waiting, .leased, .held:
                if let charge { money?.add(open: charge) }
            }
        }

        /// Adds a task without outputs. If the upstream no longer knows it, it is lost; if it failed, it may have been charged.
        package mutating func add(_ task: AuditTask, _ charge: Charge?) {
            if task.state == .unavailable { unavailable += 1 }
            if let charge, task.state == .unavailable || charge.paid > 0 {
                money?.add(charge, model: task.model ?? task.request?.model, isLost: task.state == .unavailable)
            }
        }

        /// Whether the outputs satisfy the rule.
        package func passes(_ rule: AuditRule) -> Bool {
            (unavailable == 0 || !rule.failsWhenLost)
                && rule.findings.allSatisfy { (money?.findings[$0] ?? 0) == 0 }
                && byVerdict.keys.allSatisfy { Verdict(rawValue: $0).map { !rule.verdicts.contains($0) } ?? false }
        }
    }

    /// A judged output, with its charge if the audit covers costs.
    package struct Output: Sendable, Encodable {
        package var view: OutputView
        package var charge: Charge?
        /// The class of the recorded request.
        package var requestedTier: Tier?
        package var archivedAt: Date?
        package var model: String?
        package var account: Int64?

        /// - Returns: `nil` for an output that is not judged.
        package init?(_ entry: AuditEntry, _ charge: Charge?) {
            guard entry.judgement != nil else { return nil }
            self.init(any: entry, charge)
        }

        init(any entry: AuditEntry, _ charge: Charge?) {
            view = OutputView(entry)
            self.charge = charge
            guard let charge else { return }
            requestedTier = view.billedTier ?? Pricing.requestedTier(entry.request, model: entry.model)
            // The class that was charged, not the one that was requested.
            view.billedTier = charge.billedTier
            view.requested = OutputView.Requested(entry.request, withPrompt: true)
            archivedAt = entry.endedAt
            model = entry.model ?? entry.request?.model
            account = entry.account == 0 ? nil : entry.account
        }

        private enum CodingKeys: CodingKey { case charge, requestedTier, archivedAt, model, account }

        package func encode(to encoder: any Encoder) throws {
            try view.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(charge, forKey: .charge)
            try container.encodeIfPresent(requestedTier, forKey: .requestedTier)
            try container.encodeIfPresent(archivedAt, forKey: .archivedAt)
            try container.encodeIfPresent(model, forKey: .model)
            try container.encodeIfPresent(account, forKey: .account)
        }
    }

    /// An output or task that was not delivered and will not be.
    package struct Lost: Sendable, Encodable {
        package var taskId: TaskID
        /// `nil` for a task whose results never became known.
        package var index: Int?
        package var reason: String
        package var call: Call?

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(taskId, forKey: .taskId)
            try container.encodeIfPresent(index, forKey: .index)
            try container.encode(reason, forKey: .reason)
            try call?.encode(to: encoder)
        }

        private enum CodingKeys: CodingKey { case taskId, index, reason }
    }

    /// The facts of a call without a picture.
    package struct Call: Sendable, Encodable {
        package var charge: Charge
        package var requested: OutputView.Requested?
        package var requestedTier: Tier?
        package var billedTier: Tier?
        package var createdAt: Date?
        package var endedAt: Date?
        package var model: String?
        package var account: Int64?

        init?(_ entry: AuditEntry, _ charge: Charge?) {
            guard let charge else { return nil }
            let output = Output(any: entry, charge)
            self.charge = charge
            (requested, requestedTier, billedTier) = (output.view.requested, output.requestedTier, charge.billedTier)
            (createdAt, endedAt, model, account) = (entry.createdAt, entry.endedAt, output.model, output.account)
        }

        init?(_ task: AuditTask, _ charge: Charge?) {
            guard let charge else { return nil }
            self.charge = charge
            model = task.model ?? task.request?.model
            requested = OutputView.Requested(task.request, withPrompt: true)
            requestedTier = Pricing.requestedTier(task.request, model: model)
            billedTier = charge.billedTier
            createdAt = task.createdAt
            account = task.account == 0 ? nil : task.account
        }
    }

    /// A call that was charged although it produced no picture.
    package struct ChargedFailure: Sendable, Encodable {
        package var taskId: TaskID
        package var reason: String
        package var charge: Charge
        package var call: Call?

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(taskId, forKey: .taskId)
            try container.encode(reason, forKey: .reason)
            if let call { try call.encode(to: encoder) } else { try container.encode(charge, forKey: .charge) }
        }

        private enum CodingKeys: CodingKey { case taskId, reason, charge }
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
        summary.money = pricing.map { Money($0) }
        for entry in entries {
            let charge = pricing?.charge(of: entry)
            summary.add(entry, charge)
            switch entry.state {
            case .archived: outputs += [Output(entry, charge)].compactMap { $0 }
            case .unavailable:
                lost.append(Self.lost(entry, charge))
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
    package init(lost: [(AuditEntry, Charge)], tasks: [(AuditTask, Charge)]) {
        self.lost = lost.map { Self.lost($0, $1) }
        for (task, charge) in tasks { add(task, charge) }
    }

    private static func lost(_ entry: AuditEntry, _ charge: Charge?) -> Lost {
        Lost(
            taskId: entry.id.task, index: entry.id.index, reason: entry.reason ?? "unknown",
            call: Call(entry, charge))
    }

    private mutating func add(_ task: AuditTask, _ charge: Charge?) {
        if task.state == .unavailable {
            lost.append(Lost(taskId: task.id, reason: task.reason ?? "unknown", call: Call(task, charge)))
        } else if let charge, charge.paid > 0 {
            chargedFailures.append(
                ChargedFailure(
                    taskId: task.id, reason: task.reason ?? "unknown", charge: charge, call: Call(task, charge)))
        }
    }
}
