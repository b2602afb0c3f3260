import GRDB

extension Database {
    /// Runs one statement that each connection compiles once. Compiling it, with what its triggers do, takes longer than running it;
    /// so what is done for each output goes this way, and its text must not vary.
    func executeCached(sql: String, arguments: StatementArguments = StatementArguments()) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

extension SQLiteCatalog {
    /// Keys for `json_each`, so that the text of a statement is the same for all of them.
    static func list(_ keys: [Int64]) -> String { "[\(keys.map(String.init).joined(separator: ","))]" }
}
