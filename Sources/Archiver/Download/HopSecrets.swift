import ArchiveModel
import Foundation
import Networking

/// The signatures of a link and of its redirects. Anyone who has one of them can fetch the file.
struct HopSecrets {
    private var earlier: [String] = []
    private var current: [String]

    init(_ link: FetchableURL) { current = Self.secrets(in: link.text) }

    mutating func go(to url: FetchableURL) {
        earlier += current
        current = Self.secrets(in: url.text)
    }

    /// Removes signatures from the facts. The headers lose all signatures; the address loses only those of earlier hops. So the
    /// address keeps its file name, even if its own query contains the same text.
    func clean(_ facts: DownloadFacts) -> DownloadFacts {
        guard !(earlier + current).isEmpty else { return facts }
        let redact = Redactor(secrets: earlier + current)
        var facts = facts
        facts.url = Redactor(secrets: earlier)(facts.url)
        facts.headers = Dictionary(facts.headers.map { (redact($0), redact($1)) }) { "\($0), \($1)" }
        return facts
    }

    func clean(_ error: any Error) -> any Error {
        switch error {
        case let error as DownloadError: return clean(error)
        case var error as InterruptedDownload:
            error.cause = clean(error.cause)
            error.partial.facts = clean(error.partial.facts)
            return error
        case let error as StartOver: return StartOver(cause: clean(error.cause))
        default: return error
        }
    }

    private func clean(_ error: DownloadError) -> DownloadError {
        var error = error
        error.detail = Redactor(secrets: earlier + current)(error.detail)
        return error
    }

    // MARK: One link

    /// A link's query, and the query values that may be signatures, both percent-encoded and decoded. Short values, such as a
    /// media type, are not treated as secrets unless the parameter's name suggests one.
    static func secrets(in link: String) -> [String] {
        guard let parts = URLComponents(string: link) else { return [] }
        let values = [parts.queryItems, parts.percentEncodedQueryItems].flatMap { items in
            (items ?? []).filter { ($0.value ?? "").utf8.count >= (mayBeSecret($0.name) ? 8 : 20) }.compactMap(\.value)
        }
        var seen: Set<String> = []
        return ([parts.percentEncodedQuery, parts.query].compactMap { $0 } + values).filter { seen.insert($0).inserted }
    }

    private static func mayBeSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["sig", "token", "secret", "key", "auth", "hmac", "policy", "credential", "password"].contains {
            name.contains($0)
        }
    }
}
