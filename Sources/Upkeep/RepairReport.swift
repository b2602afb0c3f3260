/// The actions of a repair; with `dryRun`, the planned ones.
package struct RepairReport: Sendable, Encodable {
    package enum Action: String, Sendable, Encodable {
        /// The damaged catalog was moved to the quarantine and rebuilt.
        case remadeCatalog
        /// A record was written again.
        case wroteRecord
        /// The single changed byte of a record was corrected.
        case correctedRecord
        /// A record was rebuilt from its row and its picture. Facts that only the record held are lost.
        case remadeRecord
        /// A row was rebuilt from its record.
        case enteredRow
        /// A thumbnail or preview was remade from its original.
        case remadeDerivative
        /// A blob was copied from the other archive.
        case copied
        /// The original of a lost output was recovered.
        case restored
        /// The original will be fetched again.
        case reopened
        /// A file was moved to the quarantine.
        case putAside
        /// A file was moved to its correct name or folder.
        case renamed
        case madeReadOnly
        /// The scrub time of a missing blob was deleted from the catalog.
        case forgot
        /// Nothing could be done.
        case notMended
    }

    package struct Step: Sendable, Encodable, Hashable {
        package var action: Action
        package var subject: String
        package var detail: String
    }

    /// Whether nothing was changed.
    package let dryRun: Bool
    package var steps: [Step] = []
    /// Blobs that no record names; they are left alone.
    package var untracked = 0

    package var notMended: [Step] { steps.filter { $0.action == .notMended } }

    /// Whether all problems are repaired. An original that still has to be fetched again counts as not repaired.
    package var isMended: Bool {
        notMended.isEmpty && !steps.contains { $0.action == .reopened } && (!dryRun || steps.isEmpty)
    }

    package init(dryRun: Bool) { self.dryRun = dryRun }

    mutating func did(_ action: Action, _ subject: String, _ detail: String) {
        let step = Step(action: action, subject: subject, detail: detail)
        // The second survey finds again what the first repair could not fix.
        if !steps.contains(step) { steps.append(step) }
    }
}
