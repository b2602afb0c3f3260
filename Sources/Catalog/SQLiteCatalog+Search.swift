import Foundation
import GRDB

/// A search by words as FTS5 can answer it while it walks, newest first: it stops at the end of a page, however common the words are.
///
/// FTS5 gathers all places of all words that begin with a prefix before it gives the first one; a million prompts make that half a
/// second. So a prefix is replaced by the words it stands for where these are few, and by an index of its own where it has three or four letters.
extension SQLiteCatalog {
    /// The most words that a prefix is replaced by; of more it is mostly true that each is rare, and gathering them is quick.
    private static let widestExpansion = 64

    /// - Returns: `nil` when there is no word in `text`.
    static func searchExpression(_ text: String, in database: Database) throws -> String? {
        let plain = try database.makeTokenizer(.unicode61(diacritics: .remove))
        let stemming = try database.makeTokenizer(.porter(wrapping: .unicode61(diacritics: .remove)))
        // The tokenizer takes a C string, which ends at U+0000.
        let words = try plain.tokenize(query: text.stored).map(\.token)
        guard !words.isEmpty else { return nil }
        return try words.map { try expression(for: $0, stemming, in: database) }.joined(separator: " AND ")
    }

    private static func expression(
        for word: String, _ stemming: any FTS5Tokenizer, in database: Database
    ) throws -> String {
        guard let stem = try stemming.tokenize(query: word).first?.token, stem.utf8.count > 2 else { return quoted(word) }
        if stem == word, 3...4 ~= stem.unicodeScalars.count { return quoted(word) + "*" }
        // The beginning of a word is no word: its stem may lead elsewhere, as "bicy" to "bici", so both are looked for.
        let expansions = try (stem == word ? [stem] : [stem, word]).map { try indexedWords(beginningWith: $0, in: database) }
        let found = Set(expansions.flatMap { $0 ?? [] }).sorted()
        // Only a word that is its own stem can be asked for as it stands in the index.
        let areStems = try found.allSatisfy { try stemming.tokenize(query: $0).map(\.token) == [$0] }
        guard !expansions.contains(nil), areStems else { return quoted(word) + "*" }
        return found.isEmpty ? quoted(word) : "(" + found.map(quoted).joined(separator: " OR ") + ")"
    }

    private static func quoted(_ word: String) -> String { "\"" + word.replacing("\"", with: "\"\"") + "\"" }

    /// The indexed words that begin so; `nil` when they are too many. Each is found by one seek, however often it occurs.
    private static func indexedWords(beginningWith stem: String, in database: Database) throws -> [String]? {
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
