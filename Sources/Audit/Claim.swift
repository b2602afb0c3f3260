package import ArchiveModel
package import Foundation
package import SizeContract

/// The selection of outputs that a claim is about.
package struct ClaimScope: Sendable {
    /// The ID of the archive.
    package var archive: String
    package var since: Date
    package var until: Date
    package var calendar: AuditCalendar
    /// `nil` for all accounts.
    package var account: Int64?
    /// `nil` for all models.
    package var model: String?
    /// Further restrictions, in words.
    package var others: [String]

    package init(
        archive: String, since: Date, until: Date, calendar: AuditCalendar, account: Int64? = nil, model: String? = nil,
        others: [String] = []
    ) {
        (self.archive, self.since, self.until, self.calendar) = (archive, since, until, calendar)
        (self.account, self.model, self.others) = (account, model, others)
    }

    func contains(account: Int64) -> Bool { self.account.map { $0 == account } ?? true }
}

/// A claim for refunds: the outputs of a period for which the vendor owes money.
package struct Claim: Sendable {
    /// An output or call, with its share of the charge.
    package struct Line: Sendable {
        package var subject: ClaimSubject
        package var createdAt: Date?
        package var model: String?
        package var account: Int64
        package var request: RecordedRequest?
        package var promised: PixelSize?
        package var delivered: PixelSize?
        package var digest: Digest?
        package var charge: Charge
        /// Why an open output is not archived yet.
        package var reason: String?

        init(_ entry: AuditEntry, _ charge: Charge) {
            subject = ClaimSubject(task: entry.id.task, index: entry.id.index)
            (createdAt, model, account, request) = (
                entry.createdAt, entry.model ?? entry.request?.model, entry.account, entry.request
            )
            (promised, delivered) = (entry.judgement?.expected, entry.judgement?.delivered)
            digest = entry.state == .archived ? entry.original?.digest : nil
            self.charge = charge
            reason = entry.reason
        }

        init(_ task: AuditTask, _ charge: Charge) {
            subject = ClaimSubject(task: task.id)
            (createdAt, model, account, request) = (task.createdAt, task.model ?? task.request?.model, task.account, task.request)
            self.charge = charge
            reason = task.reason
        }

        /// The part of the refund for one reason.
        func owed(_ reason: RefundReason) -> Decimal {
            guard charge.reasons.contains(reason) else { return 0 }
            return switch reason {
            case .overcharged: charge.overcharge
            case .undelivered: charge.undelivered
            case .noPicture, .failed, .lost: charge.refund
            }
        }
    }

    /// The sums in one unit.
    package struct Sums: Sendable {
        package let unit: String
        /// Everything that was charged in the period, whether claimed or not.
        package let chargedInPeriod: Decimal
        package internal(set) var charged = Decimal.zero
        package internal(set) var owed = Decimal.zero
        /// The refunds of the period that are in earlier claims.
        package internal(set) var earlier = Decimal.zero
        package internal(set) var open = Decimal.zero
        package internal(set) var reasons: [(reason: RefundReason, lines: Int, owed: Decimal)] = []
    }

    package let scope: ClaimScope
    /// The oldest first.
    package let lines: [Line]
    /// Outputs whose window has not closed. They are not claimed yet.
    package let open: [Line]
    /// Ended calls of the period.
    package let calls: Int
    package let summary: AuditReport.Summary
    /// Earlier claims with outputs of this period, and the number of these outputs.
    package let earlier: [ClaimID: Int]
    /// The unit of the prices first. Units without any amount are left out.
    package let sums: [Sums]

    package var claimedCalls: Int { Set(lines.map(\.subject.task)).count }

    package var models: [String] { Set(lines.compactMap(\.model)).sorted() }

    fileprivate init(
        scope: ClaimScope, lines: [Line], open: [Line], calls: Int, summary: AuditReport.Summary, earlier: [ClaimID: Int],
        earlierSums: [String: Decimal]
    ) {
        self.scope = scope
        self.lines = lines.sorted(by: Self.isBefore)
        self.open = open.sorted(by: Self.isBefore)
        (self.calls, self.summary, self.earlier) = (calls, summary, earlier)
        sums = Self.sums(lines, open, summary, earlierSums)
    }

    private static func isBefore(_ one: Line, _ other: Line) -> Bool {
        if one.createdAt != other.createdAt { return (one.createdAt ?? .distantPast) < (other.createdAt ?? .distantPast) }
        let (first, second) = (one.subject, other.subject)
        if first.task != second.task { return first.task.text.utf8.lexicographicallyPrecedes(second.task.text.utf8) }
        return (first.index ?? -1) < (second.index ?? -1)
    }

    private static func sums(
        _ lines: [Line], _ open: [Line], _ summary: AuditReport.Summary, _ earlier: [String: Decimal]
    ) -> [Sums] {
        guard let money = summary.money else { return [] }
        let units = [money.unit] + Set(money.otherUnits.keys).union(earlier.keys).subtracting([money.unit]).sorted()
        return units.compactMap { unit in
            let period = unit == money.unit ? money.sums : money.otherUnits[unit] ?? MoneySums()
            var sums = Sums(unit: unit, chargedInPeriod: period.paid)
            sums.earlier = earlier[unit] ?? 0
            for line in open where line.charge.unit == unit { sums.open += line.charge.paid }
            let own = lines.filter { $0.charge.unit == unit }
            for line in own {
                sums.charged += line.charge.paid
                sums.owed += line.charge.refund
            }
            for reason in RefundReason.allCases {
                let amounts = own.map { $0.owed(reason) }.filter { $0 > 0 }
                if !amounts.isEmpty { sums.reasons.append((reason, amounts.count, amounts.reduce(0, +))) }
            }
            return unit == money.unit || sums.chargedInPeriod > 0 || sums.open > 0 ? sums : nil
        }
    }

    // MARK: Identity

    /// Determined by the scope and all lines: the same outputs and amounts have the same ID.
    package var id: ClaimID {
        let head = [
            ClaimRecord.currentFormat, scope.archive, scope.since.iso8601, scope.until.iso8601, scope.calendar.name,
            scope.account.map { "\($0)" } ?? "", scope.model ?? "",
        ]
        return ClaimID(over: (head + scope.others).joined(separator: "\n") + "\n" + ClaimSheet(self).text)
    }

    /// What later claims need to know.
    package func record(markedAt: Date) -> ClaimRecord {
        ClaimRecord(
            id: id, archive: scope.archive, since: scope.since, until: scope.until, account: scope.account, model: scope.model,
            markedAt: markedAt,
            sums: sums.filter { $0.owed > 0 }.map {
                ClaimRecord.Sum(unit: $0.unit, charged: $0.charged.plain, owed: $0.owed.plain)
            },
            items: lines.map { line in
                let charge = line.charge
                return ClaimRecord.Item(
                    line.subject, unit: charge.unit, charged: charge.paid.plain, owed: charge.refund.plain,
                    reasons: charge.reasons.map(\.rawValue))
            })
    }
}

/// Selects what a claim contains.
package struct ClaimCollector {
    private let scope: ClaimScope
    private let claimed: [ClaimSubject: ClaimID]
    private var summary: AuditReport.Summary
    private var calls: Set<TaskID> = []
    private var lines: [Claim.Line] = []
    private var open: [Claim.Line] = []
    private var earlier: [ClaimID: Int] = [:]
    private var earlierSums: [String: Decimal] = [:]

    /// - Parameters:
    ///   - empty: The summary of no outputs, with the prices.
    ///   - claimed: The outputs of earlier claims. They are left out.
    package init(_ scope: ClaimScope, empty: AuditReport.Summary, claimed: [ClaimSubject: ClaimID]) {
        (self.scope, self.claimed) = (scope, claimed)
        summary = empty
    }

    package mutating func add(_ entry: AuditEntry, _ charge: Charge) {
        guard scope.contains(account: entry.account) else { return }
        summary.add(entry, charge)
        switch entry.state {
        case .archived, .unavailable:
            calls.insert(entry.id.task)
            claim(Claim.Line(entry, charge))
        case .waiting, .leased, .held: open.append(Claim.Line(entry, charge))
        }
    }

    package mutating func add(_ task: AuditTask, _ charge: Charge) {
        guard scope.contains(account: task.account) else { return }
        summary.add(task, charge)
        calls.insert(task.id)
        claim(Claim.Line(task, charge))
    }

    private mutating func claim(_ line: Claim.Line) {
        guard line.charge.refund > 0 else { return }
        guard let id = claimed[line.subject] else { return lines.append(line) }
        earlier[id, default: 0] += 1
        earlierSums[line.charge.unit, default: 0] += line.charge.refund
    }

    package var claim: Claim {
        Claim(
            scope: scope, lines: lines, open: open, calls: calls.count, summary: summary, earlier: earlier,
            earlierSums: earlierSums)
    }
}
