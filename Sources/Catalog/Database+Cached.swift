import GRDB

extension Database {
    /// Runs a statement that each connection compiles only once. Compiling it with its triggers takes longer than running it. Use
    /// this for statements that run once per output; the SQL text must not vary.
    func executeCached(sql: String, arguments: StatementArguments = StatementArguments()) throws {
        try cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

extension SQLiteCatalog {
    /// The keys as a JSON array for `json_each`, so that the SQL text does not depend on the number of keys.
    static func list(_ keys: [Int64]) -> String { "[\(keys.map(String.init).joined(separator: ","))]" }
}
