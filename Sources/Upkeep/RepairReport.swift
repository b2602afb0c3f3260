/// What a mending has done, or would do.
package struct RepairReport: Sendable, Encodable {
    package enum Action: String, Sendable, Encodable {
        /// The damaged catalog was put aside and made again.
        case remadeCatalog
        /// A record was written again.
        case wroteRecord
        /// The one byte of a record that had changed was put right.
        case correctedRecord
        /// A record was made from what its row and its picture tell; what only the record told is lost.
        case remadeRecord
        /// A row was made again from its record.
        case enteredRow
        /// A thumbnail or preview was made again from its original.
        case remadeDerivative
        /// A blob was copied from the other archive.
        case copied
        /// A lost output has its original again.
        case restored
        /// The original is to be fetched again.
        case reopened
        /// A file was moved to the quarantine.
        case putAside
        /// A file got its right name or place.
        case renamed
        case madeReadOnly
        /// The catalog forgot when a blob was read that is not there.
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
    /// Blobs that no record names: left alone.
    package var untracked = 0

    package var notMended: [Step] { steps.filter { $0.action == .notMended } }

    /// Whether all that was wrong is mended; an original that is yet to be fetched again is not.
    package var isMended: Bool {
        notMended.isEmpty && !steps.contains { $0.action == .reopened } && (!dryRun || steps.isEmpty)
    }

    package init(dryRun: Bool) { self.dryRun = dryRun }

    mutating func did(_ action: Action, _ subject: String, _ detail: String) {
        let step = Step(action: action, subject: subject, detail: detail)
        // A second look finds again what the first one could not mend.
        if !steps.contains(step) { steps.append(step) }
    }
}
