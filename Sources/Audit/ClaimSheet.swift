package import ArchiveModel
import Foundation

/// The tables of a claim, as CSV files.
///
/// `charged` and `owed` have two places, and add up to the sums of the letter: the method of the largest remainder. The exact
/// amounts are in columns of their own.
package struct ClaimSheet {
    private let claim: Claim

    package init(_ claim: Claim) { self.claim = claim }

    /// The folder with the evidence of a task.
    package static func folder(of task: TaskID) -> String { "evidence/\(task.fileStem)" }

    /// One line for each claimed output or call.
    package var text: String {
        var text = SpreadsheetLine.text([
            "line", "task", "index", "created", "model", "account", "prompt", "requested", "promised", "delivered", "charged",
            "owed", "unit", "reason", "charged_exact", "owed_exact", "origin", "sha256", "evidence",
        ])
        var (charged, owed) = (Rounding(claim.lines) { $0.paid }, Rounding(claim.lines) { $0.refund })
        for (number, line) in claim.lines.enumerated() {
            let charge = line.charge
            text += SpreadsheetLine.text(
                ["\(number + 1)"] + call(line) + [
                    line.promised.map { "\($0)" } ?? "", line.delivered.map { "\($0)" } ?? "", charged.text(charge),
                    owed.text(charge), charge.unit, charge.reasons.map(\.rawValue).joined(separator: "; "), charge.paid.plain,
                    charge.refund.plain, charge.origin.rawValue, line.digest?.hex ?? "", Self.folder(of: line.subject.task),
                ])
        }
        return text
    }

    /// One line for each output whose window has not closed.
    package var openText: String {
        var text = SpreadsheetLine.text([
            "task", "index", "created", "model", "account", "prompt", "requested", "charged", "unit", "reason",
        ])
        var charged = Rounding(claim.open) { $0.paid }
        for line in claim.open {
            let isKnown = line.charge.origin != .unknown
            text += SpreadsheetLine.text(
                call(line) + [
                    isKnown ? charged.text(line.charge) : "", isKnown ? line.charge.unit : "", line.reason ?? "",
                ])
        }
        return text
    }

    private func call(_ line: Claim.Line) -> [String] {
        [
            line.subject.task.text, line.subject.index.map { "\($0)" } ?? "",
            line.createdAt.map(claim.scope.calendar.time) ?? "", line.model ?? "", "\(line.account)",
            line.request?.prompt ?? "", line.request.flatMap(\.sizeText) ?? "",
        ]
    }

    /// A column of amounts, rounded in each unit on its own.
    private struct Rounding {
        private let amount: (Charge) -> Decimal
        private var lines: [String: CentRounding.Lines]

        init(_ lines: [Claim.Line], _ amount: @escaping (Charge) -> Decimal) {
            var sums: [String: CentRounding] = [:]
            for line in lines { sums[line.charge.unit, default: CentRounding()].add(amount(line.charge)) }
            self.amount = amount
            self.lines = sums.mapValues(\.lines)
        }

        /// Without separated thousands, for programs.
        mutating func text(_ charge: Charge) -> String {
            let cents = lines[charge.unit]?.cents(amount(charge)) ?? 0
            return "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
        }
    }
}
