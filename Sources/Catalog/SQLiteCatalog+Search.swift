import Foundation
import GRDB

/// A search by words as FTS5 can answer it while it walks, newest first: it stops at the end of a page, however common the words are.
///
/// FTS5 gathers all places of all words that begin with a prefix before it gives the first one; a million prompts make that half a
/// second. So a prefix is replaced by the words it stands for where these are few, and by an index of its own where it has three letters.
extension SQLiteCatalog {
    /// The most words that a prefix is replaced by; of more it is mostly true that each is rare, and gathering them is quick.
    private static let widestExpansion = 64

    /// - Returns: `nil` when there is no word in `text`.
    static func searchExpression(_ text: String, in database: Database) throws -> String? {
        let plain = try database.makeTokenizer(.unicode61(diacritics: .remove))
        let stemming = try database.makeTokenizer(.porter(wrapping: .unicode61(diacritics: .remove)))
        let words = try plain.tokenize(query: text).map(\.token)
        guard !words.isEmpty else { return nil }
        return try words.map { word in
            guard let stem = try stemming.tokenize(query: word).first?.token else { return quoted(word) }
            if stem.utf8.count < 3 { return quoted(word) }
            if stem.unicodeScalars.count == 3 { return quoted(word) + "*" }
            let isItself = { (term: String) in try stemming.tokenize(query: term).map(\.token) == [term] }
            guard let terms = try terms(beginningWith: stem, in: database), try terms.allSatisfy(isItself) else {
                return quoted(word) + "*"
            }
            return terms.isEmpty ? quoted(word) : "(" + terms.map(quoted).joined(separator: " OR ") + ")"
        }.joined(separator: " AND ")
    }

    private static func quoted(_ word: String) -> String { "\"" + word.replacing("\"", with: "\"\"") + "\"" }

    /// The indexed words that begin so; `nil` when they are too many. Each is found by one seek, however often it occurs.
    private static func terms(beginningWith stem: String, in database: Database) throws -> [String]? {
        let next = try database.cachedStatement(sql: "SELECT term FROM task_word WHERE term >= ? LIMIT 1")
        var terms: [String] = []
        var start = stem
        while let term = try String.fetchOne(next, arguments: [start]), term.utf8.starts(with: stem.utf8) {
            guard terms.count < widestExpansion else { return nil }
            terms.append(term)
            start = term + "\u{1}"
        }
        return terms
    }
}
