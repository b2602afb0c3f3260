import ArchiveModel
import NIOHTTP1
import Networking

/// The headers of an answer, as the record keeps them. A host may send two megabytes of them, and redaction costs time for each byte.
extension ResultDownloader {
    /// Headers kept of one answer; more are left out.
    private static let mostHeaders = 64
    private static let longestName = 100
    private static let longestValue = 2000

    /// The first headers of an answer, without cookies and without any part of a link's query.
    func kept(_ headers: HTTPHeaders, link: FetchableURL) -> [String: String] {
        let cleaner = HeaderCleaner(secrets: HopSecrets.secrets(in: link.text) + secrets())
        var kept: [String: String] = [:]
        var count = 0
        for (name, value) in headers {
            let name = cleaner.clean(name.lowercased(), longest: Self.longestName)
            guard !["set-cookie", "set-cookie2", "authorization", "proxy-authorization"].contains(name) else { continue }
            count += 1
            guard count <= Self.mostHeaders else { break }
            let clean = cleaner.clean(value, longest: Self.longestValue)
            kept[name] = kept[name].map { "\($0), \(clean)" } ?? clean
        }
        return kept
    }
}

/// Cuts texts before it removes secrets, so that the work does not grow with the length of a text.
private struct HeaderCleaner {
    private let redact: Redactor
    /// Scalars left out at a cut. A secret that is cut in two is not found.
    private let margin: Int

    init(secrets: [String]) {
        redact = Redactor(secrets: secrets)
        margin = max(256, secrets.map(\.unicodeScalars.count).max() ?? 0)
    }

    func clean(_ text: String, longest: Int) -> String {
        let beginning = text.cut(to: longest + margin)
        let clean = redact(beginning)
        guard beginning.utf8.count < text.utf8.count else { return clean.cut(to: longest) }
        return clean.cut(to: min(longest, max(0, clean.unicodeScalars.count - margin)))
    }
}
