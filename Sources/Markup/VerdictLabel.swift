package import SizeContract

/// How a request determines the size of its picture.
package enum RequestKind: String, Sendable, CaseIterable {
    /// The model chooses.
    case auto
    /// A ratio and a price class.
    case ratio
    /// Exact pixels.
    case pixels
    /// No size is on record.
    case none

    package init(_ request: SizeRequest?) {
        self =
            switch request {
            case .auto: .auto
            case .cell: .ratio
            case .explicit: .pixels
            case nil: .none
            }
    }
}

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

    /// Shown instead of a verdict for an output that is not in the archive, whatever the reason.
    package static let unavailable = VerdictLabel(
        id: "unavailable", label: "Unavailable", tone: .neutral,
        explanation: "The archive has no picture for this output. The reason is on record.", isComplaint: false)

    /// Shown instead of a verdict for an output whose original was archived and is damaged or missing now.
    package static let damaged = VerdictLabel(
        id: unavailable.id, label: unavailable.label, tone: .neutral,
        explanation: "The original was archived, but is damaged or missing now, so there is no picture.", isComplaint: false)

    /// Shown instead of a verdict for an archived file that was not judged.
    package static let unjudged = VerdictLabel(
        id: "unjudged", label: "Not judged", tone: .neutral, explanation: "The archive has no verdict for this file.",
        isComplaint: false)

    /// All labels, in the order of the filter menu.
    package static let all = Verdict.allCases.map { VerdictLabel($0) } + [unjudged, unavailable]

    /// - Parameter kind: The kind of the request; `nil` for an explanation that is true for every kind.
    package init(_ verdict: Verdict, _ kind: RequestKind? = nil) {
        let (label, tone): (String, Tone) =
            switch verdict {
            case .exact: ("Exact", .good)
            case .accepted: ("Accepted", .good)
            case .transposed: ("Transposed", .warning)
            case .resized: ("Resized", .warning)
            case .reshaped: ("Reshaped", .warning)
            case .undersized: ("Undersized", .bad)
            case .oversized: ("Oversized", .warning)
            case .unrequested: ("No request", .neutral)
            case .undecodable: ("Unreadable", .bad)
            case .unread: ("Not read", .neutral)
            }
        self.init(
            id: verdict.rawValue, label: label, tone: tone,
            explanation: kind.flatMap { Self.explanation(verdict, $0) } ?? Self.explanation(verdict),
            isComplaint: !verdict.isClean && verdict != .undecodable)
    }

    /// True for a picture with this verdict, whatever its request.
    private static func explanation(_ verdict: Verdict) -> String {
        switch verdict {
        case .exact: "Delivered with exactly the promised pixels."
        case .accepted: "The model chose the size: in the 1K class, and not below the documented minimum of pixels."
        case .transposed: "The promised pixels, but with width and height swapped."
        case .resized: "The requested ratio, within 1 %, and the requested price class, but not the promised pixels."
        case .reshaped: "The requested price class, but not the requested ratio."
        case .undersized:
            "In a smaller price class than requested or, where the model chose the size, below the documented minimum of pixels."
        case .oversized: "In a larger price class than requested; a size that the model chooses counts as 1K."
        case .unrequested: "No requested size is on record, so there is nothing to compare it with."
        case .undecodable: "The delivered bytes cannot be read as a picture. They are kept unchanged."
        case .unread:
            "The file is kept unchanged but not decoded: its format is not supported, it exceeds a limit, or it could not be read to its end."
        }
    }

    /// A closer explanation for one kind of request, where there is one.
    private static func explanation(_ verdict: Verdict, _ kind: RequestKind) -> String? {
        switch (verdict, kind) {
        case (.exact, .ratio): "Delivered with exactly the pixels that are documented for this ratio and price class."
        case (.exact, .pixels): "Delivered with exactly the requested pixels."
        case (.transposed, .pixels): "The requested pixels, but with width and height swapped."
        case (.undersized, .auto): "The model chose the size, but it is below the documented minimum of pixels."
        case (.undersized, .ratio), (.undersized, .pixels): "In a smaller price class than requested."
        case (.oversized, .auto): "The model chose the size, but it is above the 1K class, as which such a request counts."
        case (.oversized, .ratio), (.oversized, .pixels): "In a larger price class than requested."
        default: nil
        }
    }

    private init(id: String, label: String, tone: Tone, explanation: String, isComplaint: Bool) {
        self.id = id
        self.label = label
        self.tone = tone
        self.explanation = explanation
        self.isComplaint = isComplaint
    }
}
