internal import ArchiveModel
internal import Markup

/// The words of a gallery for one kind of Content Credentials.
struct CredentialWords: Sendable, Hashable, Encodable {
    /// The value in the filter and in URLs.
    let id: String
    let label: String
    let explanation: String
    /// Whether the declarations of the manifest are shown.
    let isShown: Bool

    /// In the order of the filter's menu.
    static let all = [trusted, valid, partial, invalid, unreadable, absent]

    static let trusted = CredentialWords(
        id: "trusted", label: "Trusted",
        explanation: "The signature holds, nothing it covers was changed, and an authority of the official list vouches for "
            + "the signer.",
        isShown: true)
    static let valid = CredentialWords(
        id: "valid", label: "Valid",
        explanation: "The signature holds, and nothing it covers was changed. No authority of the official list vouches for "
            + "the signer.",
        isShown: true)
    static let partial = CredentialWords(
        id: "partial", label: "Not the whole picture",
        explanation: "The signature of this file leaves out parts of the picture. What the file says about itself is not shown.",
        isShown: false)
    static let invalid = CredentialWords(
        id: "invalid", label: "Invalid",
        explanation: "This file has Content Credentials that do not hold: something was changed, or the signature or its "
            + "certificate is not valid. What they say is not shown.", isShown: false)
    static let unreadable = CredentialWords(
        id: "unreadable", label: "Unreadable",
        explanation: "This file has Content Credentials that can't be read. What they say is not shown.", isShown: false)
    static let absent = CredentialWords(id: "absent", label: "None", explanation: "", isShown: false)

    static func of(_ credentials: CredentialSummary) -> CredentialWords {
        switch credentials.state {
        case .trusted, .valid: credentials.coversPicture == false ? partial : credentials.state == .trusted ? trusted : valid
        case .invalid: invalid
        case .unreadable: unreadable
        case .absent: absent
        }
    }

    /// How far the signing time counts.
    static let clocks: [String: String] = Dictionary(
        uniqueKeysWithValues: CredentialSummary.Clock.allCases.map { ($0.rawValue, words(of: $0)) })

    static func words(of clock: CredentialSummary.Clock) -> String {
        switch clock {
        case .listed: "by a clock on the official list"
        case .vendor: "by the vendor's own clock, which is not on the official list"
        case .unlisted: "by a clock that is not on the official list"
        }
    }
}

/// Template data of what a picture says about itself.
struct CredentialContext {
    private let credentials: CredentialSummary

    /// - Returns: `nil` if there is nothing to say: no manifest, or never checked.
    init?(_ credentials: CredentialSummary?) {
        guard let credentials, credentials.state != .absent else { return nil }
        self.credentials = credentials
    }

    var context: [String: Any] {
        let words = CredentialWords.of(credentials)
        var context: [String: Any] = ["isShown": words.isShown, "label": words.label, "explanation": words.explanation]
        if words.isShown { context["facts"] = facts.map { ["label": $0.0, "value": $0.1] } }
        return context
    }

    /// The script's viewer shows the same.
    private var facts: [(String, String)] {
        [
            ("Signed by", credentials.signer ?? "A certificate without a name"),
            ("Made with", credentials.agent ?? "Not stated"), ("Signed at", signed),
            ("Invalid from", end),
        ]
    }

    private var end: String {
        credentials.turnsInvalidAt.map { "\(CivilTime($0).text), for an ordinary checker" } ?? "Not limited"
    }

    private var signed: String {
        guard let time = credentials.signedAt, let clock = credentials.clock else { return "No time stamp" }
        let authority = credentials.timeAuthority.map { " (\($0))" } ?? ""
        return "\(CivilTime(time).text), \(CredentialWords.words(of: clock))\(authority)"
    }
}
