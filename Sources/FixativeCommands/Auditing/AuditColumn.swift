import ArchiveModel
import ArgumentParser
import Audit
import Foundation
import SizeContract

/// A column of the table of pictures. The raw value is its heading in CSV.
enum AuditColumn: String, CaseIterable {
    case task, index, asked, expected, delivered, format, verdict, billed, got, overpaid, paid, refund
    case ratioError = "ratio_error"
    case bytes, sha256, undelivered, origin, unit, reason
    case created, archived, prompt, model, account
    case requestedTier = "requested_tier"
    case finding, charged, overcharge, undercharge
    case refundOrigin = "refund_origin"
    case cause
    case timeZone = "time_zone"

    /// The columns of a table on a terminal.
    static let ofTable: [AuditColumn] = [
        .task, .index, .asked, .expected, .delivered, .format, .verdict, .billed, .got, .overpaid, .finding, .paid, .refund,
        .ratioError, .bytes, .sha256,
    ]

    /// Whether the column contains an amount of money.
    var isAmount: Bool { [.paid, .charged, .refund, .undelivered, .overcharge, .undercharge].contains(self) }

    private var isNumber: Bool { isAmount || [.index, .overpaid, .ratioError, .bytes].contains(self) }

    /// Whether a number in this column may have a fraction.
    var isFraction: Bool { isAmount || [.overpaid, .ratioError].contains(self) }

    var heading: Table.Column {
        Table.Column(
            rawValue.uppercased(), isNumber ? .right : .left, limit: self == .sha256 ? 13 : self == .prompt ? 40 : nil)
    }

    func amount(_ charge: Charge) -> Decimal? {
        guard charge.origin != .unknown else { return nil }
        switch self {
        case .paid, .charged: return charge.paid
        case .refund: return charge.isRefundKnown ? charge.refund : nil
        case .undelivered: return charge.isRefundKnown ? charge.undelivered : nil
        case .overcharge: return charge.isRefundKnown ? charge.overcharge : nil
        case .undercharge: return charge.isRefundKnown ? charge.undercharge : nil
        default: return nil
        }
    }
}

/// The columns to write, separated by commas.
struct AuditColumns: ExpressibleByArgument {
    let all: [AuditColumn]

    init?(argument: String) {
        let names = argument.lowercased().split(separator: ",", omittingEmptySubsequences: false)
        all = names.compactMap { AuditColumn(rawValue: $0.trimmingCharacters(in: .whitespaces)) }
        guard all.count == names.count, Set(all).count == all.count else { return nil }
    }
}

/// One line of the table: an output, or a call without one.
struct AuditRow {
    enum Subject {
        case output(AuditEntry)
        case task(AuditTask)
    }

    let subject: Subject
    let charge: Charge

    /// The text of a cell that is not an amount.
    func text(_ column: AuditColumn, in calendar: AuditCalendar) -> String {
        switch subject {
        case .output(let entry) where entry.state == .archived: Self.text(column, entry, charge, calendar)
        case .output(let entry): lost(column, entry, calendar)
        case .task(let task): self.text(column, task, calendar)
        }
    }

    private static func text(
        _ column: AuditColumn, _ entry: AuditEntry, _ charge: Charge, _ calendar: AuditCalendar
    ) -> String {
        let judgement = entry.judgement
        switch column {
        case .expected: return judgement?.expected.map { "\($0)" } ?? "-"
        case .delivered: return judgement?.delivered.map { "\($0)" } ?? "-"
        case .format: return entry.original?.format ?? "-"
        case .verdict: return judgement?.verdict.rawValue ?? "-"
        case .got: return judgement?.deliveredTier?.rawValue ?? "-"
        case .overpaid: return judgement?.overpaid.map { $0 == .zero ? "0" : "\($0)" } ?? "-"
        case .ratioError: return judgement?.ratioError.map(AuditText.fourPlaces) ?? "-"
        case .bytes: return entry.original.map { "\($0.bytes)" } ?? "-"
        case .sha256: return entry.original?.digest.hex ?? "-"
        case .reason: return charge.reasons.isEmpty ? "-" : charge.reasons.map(\.rawValue).joined(separator: ", ")
        default: return common(column, entry, charge, calendar)
        }
    }

    private func lost(_ column: AuditColumn, _ entry: AuditEntry, _ calendar: AuditCalendar) -> String {
        switch column {
        case .verdict: "lost"
        case .reason: entry.reason ?? "unknown"
        case .expected, .delivered, .format, .got, .overpaid, .ratioError, .bytes, .sha256: "-"
        default: Self.common(column, entry, charge, calendar)
        }
    }

    /// Cells that archived and lost outputs have in common.
    private static func common(
        _ column: AuditColumn, _ entry: AuditEntry, _ charge: Charge, _ calendar: AuditCalendar
    ) -> String {
        switch column {
        case .task: entry.id.task.text
        case .index: "\(entry.id.index)"
        case .archived: entry.endedAt.map(calendar.time) ?? "-"
        case .requestedTier:
            (entry.judgement?.billedTier ?? Pricing.requestedTier(entry.request, model: entry.model))?.rawValue ?? "-"
        default:
            call(column, entry.request, entry.model, entry.account, entry.createdAt, charge, calendar)
        }
    }

    private func text(_ column: AuditColumn, _ task: AuditTask, _ calendar: AuditCalendar) -> String {
        switch column {
        case .task: task.id.text
        case .verdict: task.state == .unavailable ? "lost" : task.state.rawValue
        case .reason: task.reason ?? "unknown"
        case .requestedTier: Pricing.requestedTier(task.request, model: task.model)?.rawValue ?? "-"
        case .index, .archived, .expected, .delivered, .format, .got, .overpaid, .ratioError, .bytes, .sha256: "-"
        default: Self.call(column, task.request, task.model, task.account, task.createdAt, charge, calendar)
        }
    }

    private static func call(
        _ column: AuditColumn, _ request: RecordedRequest?, _ model: String?, _ account: Int64, _ created: Date?,
        _ charge: Charge, _ calendar: AuditCalendar
    ) -> String {
        switch column {
        case .asked: request.flatMap(\.sizeText) ?? "-"
        case .billed: charge.billedTier?.rawValue ?? "-"
        case .created: created.map(calendar.time) ?? "-"
        case .prompt: request?.prompt ?? "-"
        case .model: model ?? request?.model ?? "-"
        case .account: "\(account)"
        case .origin: charge.origin.rawValue
        case .unit: charge.origin == .unknown ? "-" : charge.unit
        case .finding: charge.finding.rawValue
        case .refundOrigin: charge.refundOrigin.rawValue
        case .cause: charge.cause?.rawValue ?? "-"
        case .timeZone: calendar.name
        default: "-"
        }
    }
}
