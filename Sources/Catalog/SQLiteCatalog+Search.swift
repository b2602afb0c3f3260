import Foundation
import GRDB

/// Full-text search that FTS5 can answer during an index scan, newest first. The search stops when a page is full, however common
/// the words are.
///
/// For a prefix, FTS5 collects all positions of all matching words before it returns the first one. With a million prompts this
/// takes half a second. So a prefix is replaced by its matching words where these are few. A prefix of three or four letters uses
/// its own index.
extension SQLiteCatalog {
    /// The maximum number of words that replace a prefix. With more words, each is usually rare, so collecting their positions is
    /// quick.
    private static let widestExpansion = 64

    /// - Returns: `nil` when `text` contains no word.
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
        // A prefix may have a different stem than the complete word ("bicy" becomes "bici"), so search for both forms.
        let expansions = try (stem == word ? [stem] : [stem, word]).map { try indexedWords(beginningWith: $0, in: database) }
        let found = Set(expansions.flatMap { $0 ?? [] }).sorted()
        // The search stems its words, so an indexed word can be searched for only if it is its own stem.
        let areStems = try found.allSatisfy { try stemming.tokenize(query: $0).map(\.token) == [$0] }
        guard !expansions.contains(nil), areStems else { return quoted(word) + "*" }
        return found.isEmpty ? quoted(word) : "(" + found.map(quoted).joined(separator: " OR ") + ")"
    }

    private static func quoted(_ word: String) -> String { "\"" + word.replacing("\"", with: "\"\"") + "\"" }

    /// The indexed words with this prefix; `nil` when there are too many. Each takes one seek, however often it occurs.
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
