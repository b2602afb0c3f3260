package import SizeContract

/// A verdict for display: a label, a colour and an explanation.
package struct VerdictLabel: Sendable, Hashable, Encodable {
    /// The colour family; the style sheet defines its colours for light and dark mode.
    package enum Tone: String, Sendable, Encodable { case good, neutral, warning, bad }

    /// The identifier used by the command line and in URLs of filtered pages.
    package let id: String
    package let label: String
    package let tone: Tone
    package let explanation: String
    /// Whether a picture with this verdict counts as "not as requested".
    package let isComplaint: Bool

    /// Shown instead of a verdict for an output that could not be archived.
    package static let unavailable = VerdictLabel(
        id: "unavailable", label: "Unavailable", tone: .neutral,
        explanation: "The file could not be fetched before its link expired, so there is no picture.", isComplaint: false)

    /// Shown instead of a verdict for an archived file that was not judged.
    package static let unjudged = VerdictLabel(
        id: "unjudged", label: "Not judged", tone: .neutral, explanation: "The archive has no verdict for this file.",
        isComplaint: false)

    /// All labels, in the order of the filter menu.
    package static let all = Verdict.allCases.map(VerdictLabel.init) + [unjudged, unavailable]

    package init(_ verdict: Verdict) {
        let (label, tone, explanation): (String, Tone, String) =
            switch verdict {
            case .exact: ("Exact", .good, "Delivered with exactly the requested pixels.")
            case .accepted: ("Accepted", .good, "The model chose the size, and the size is within the promised limits.")
            case .transposed: ("Transposed", .warning, "The right pixels, but with width and height swapped.")
            case .resized: ("Resized", .warning, "The right shape and price tier, but not the promised pixels.")
            case .reshaped: ("Reshaped", .warning, "The right price tier, but not the requested shape.")
            case .undersized: ("Undersized", .bad, "Smaller than the tier it was billed as.")
            case .oversized: ("Oversized", .warning, "Larger than the tier it was billed as.")
            case .unrequested: ("No request", .neutral, "No requested size is on record, so there is nothing to compare it with.")
            case .undecodable:
                ("Unreadable", .bad, "The delivered bytes cannot be read as a picture. They are kept unchanged.")
            case .unread:
                (
                    "Not read", .neutral,
                    "The file is complete but not decoded: its format is not supported, or it exceeds a limit. It is kept unchanged."
                )
            }
        self.init(
            id: verdict.rawValue, label: label, tone: tone, explanation: explanation,
            isComplaint: !verdict.isClean && verdict != .undecodable)
    }

    private init(id: String, label: String, tone: Tone, explanation: String, isComplaint: Bool) {
        self.id = id
        self.label = label
        self.tone = tone
        self.explanation = explanation
        self.isComplaint = isComplaint
    }
}
