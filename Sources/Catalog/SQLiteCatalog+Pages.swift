package import ArchiveModel
package import Foundation
import GRDB
import SizeContract

/// Paginated lists. Each page scans an index, starting at the cursor.
extension SQLiteCatalog {
    private static let pageSize = 500
    /// The maximum number of tallies whose index scans are merged; with more, each row is filtered instead.
    private static let widestMerge = 100

    package func page(_ query: EntryQuery, after cursor: ListCursor?) async throws -> EntryPage {
        let limit = min(query.limit ?? Self.pageSize, Self.pageSize)
        return try await read { database in
            var keys = try Self.keys(query, after: cursor, limit: limit + 1, in: database)
            let hasMore = keys.count > limit
            keys = Array(keys.prefix(limit))
            var entries: [OutputEntry] = []
            var last: ListCursor?
            // Use a cursor: rows copied out of a statement look up each column by comparing names.
            let rows = try Self.rows(keys, in: database)
            while let row = try rows.next() {
                entries.append(try Self.entry(row))
                // Without bounds, so that the next page begins after this row in any case.
                last = ListCursor(place: row.integer("place") ?? 0, index: Int(row.integer("idx") ?? 0))
            }
            return EntryPage(entries: entries, next: hasMore ? last : nil)
        }
    }

    private static func rows(_ keys: [Int64], in database: Database) throws -> RowCursor {
        try Row.fetchCursor(
            database,
            sql: """
                SELECT \(Self.entryColumns) FROM output JOIN task ON task.key = output.task
                WHERE output.key IN (\(keys.map(String.init).joined(separator: ",")))
                ORDER BY output.place DESC, output.idx
                """)
    }

    static func keys(
        _ query: EntryQuery, after cursor: ListCursor?, limit: Int, in database: Database
    ) throws -> [Int64] {
        if let text = query.text {
            return try searchKeys(text, query, after: cursor, limit: limit, in: database)
        }
        guard let statement = try keyStatement(query, after: cursor, limit: limit, in: database) else { return [] }
        return try Int64.fetchAll(database, sql: statement.sql, arguments: statement.arguments)
    }

    /// Iterates over the tasks that match the words, the newest first, until the page is full. In a single statement SQLite would
    /// collect all matches and sort them, because the search index is ordered only by its own column.
    private static func searchKeys(
        _ text: String, _ query: EntryQuery, after cursor: ListCursor?, limit: Int, in database: Database
    ) throws -> [Int64] {
        guard let expression = try searchExpression(text, in: database) else { return [] }
        var (outputs, low, high) = filter(query, after: cursor)
        if let tallies = try tallyKeys(query, in: database) {
            guard !tallies.isEmpty else { return [] }
            outputs.append("+o.tally IN (\(tallies.map(String.init).joined(separator: ",")))")
        }
        let ofTask = try database.cachedStatement(
            sql: "SELECT o.key FROM output o WHERE o.place = :found AND \(outputs.joined(separator: " AND ")) ORDER BY o.idx")
        let tasks = try Int64.fetchCursor(
            database,
            sql: "SELECT rowid FROM task_text WHERE task_text MATCH :words AND rowid BETWEEN :low AND :high ORDER BY rowid DESC",
            arguments: ["words": expression, "low": low, "high": high])
        let arguments = self.arguments(query, after: cursor)
        var keys: [Int64] = []
        while keys.count < limit, let place = try tasks.next() {
            keys += try Int64.fetchAll(ofTask, arguments: arguments + ["found": place])
        }
        return Array(keys.prefix(limit))
    }

    /// The query as conditions on one output, and the range of sort keys to scan.
    private static func filter(_ query: EntryQuery, after cursor: ListCursor?) -> (
        conditions: [String], low: Int64, high: Int64
    ) {
        let low = query.since.map(place) ?? 0
        let high = min(query.before.map { place($0) - 1 } ?? .max, cursor?.place ?? .max)
        var conditions = ["true"]
        if cursor != nil { conditions.append("(o.place < :place OR o.idx > :index)") }
        if query.task != nil { conditions.append("o.task = (SELECT key FROM task WHERE id = :task)") }
        if query.digest != nil {
            conditions.append("(o.digest = :digest OR o.thumb_digest = :digest OR o.preview_digest = :digest)")
        }
        conditions += credentialConditions(query)
        return (conditions, low, high)
    }

    private static func arguments(_ query: EntryQuery, after cursor: ListCursor?) -> StatementArguments {
        var arguments: StatementArguments = [:]
        if let cursor { arguments += ["place": cursor.place, "index": cursor.index ?? Int.max] }
        if let task = query.task { arguments += ["task": task.text] }
        if let digest = query.digest { arguments += ["digest": digest.hex] }
        arguments += credentialFilter(query)
        return arguments
    }

    struct KeyStatement {
        var sql: String
        var arguments: StatementArguments
    }

    /// The statement that finds the keys of a page without a text search; `nil` when nothing can match.
    static func keyStatement(
        _ query: EntryQuery, after cursor: ListCursor?, limit: Int, in database: Database
    ) throws -> KeyStatement? {
        var (conditions, low, high) = filter(query, after: cursor)
        conditions.append("o.place BETWEEN :low AND :high")
        var arguments = arguments(query, after: cursor)
        arguments += ["limit": limit, "low": low, "high": high]
        let tallies = try tallyKeys(query, in: database)
        if tallies?.isEmpty == true { return nil }
        let isMerge = query.task == nil && query.digest == nil
        guard isMerge, let tallies, tallies.count <= widestMerge else {
            if let tallies { conditions.append("o.tally IN (\(tallies.map(String.init).joined(separator: ",")))") }
            let sql = """
                SELECT o.key FROM output o WHERE \(conditions.joined(separator: " AND ")) ORDER BY o.place DESC, o.idx LIMIT :limit
                """
            return KeyStatement(sql: sql, arguments: arguments)
        }
        // One index scan for each tally, merged during the scan.
        let walks = tallies.map {
            "SELECT o.key, o.place, o.idx FROM output o WHERE o.tally = \($0) AND \(conditions.joined(separator: " AND "))"
        }
        let merged = walks.joined(separator: " UNION ALL ") + " ORDER BY 2 DESC, 3 LIMIT :limit"
        return KeyStatement(sql: "SELECT key FROM (\(merged))", arguments: arguments)
    }

    /// The tallies whose outputs match the query; `nil` when the query does not restrict them.
    private static func tallyKeys(_ query: EntryQuery, in database: Database) throws -> [Int64]? {
        var conditions: [String] = []
        var arguments: StatementArguments = []
        func narrow(_ column: String, _ value: String?) {
            guard let value else { return }
            conditions.append("\(column) = ?")
            arguments += [value]
        }
        narrow("verdict", query.verdict?.rawValue)
        narrow("billed_tier", query.billedTier?.rawValue)
        narrow("delivered_tier", query.deliveredTier?.rawValue)
        narrow("model", query.model?.stored)
        if let states = query.states {
            conditions.append("state IN (\(states.map { _ in "?" }.joined(separator: ",")))")
            arguments += StatementArguments(states.map(\.rawValue).sorted())
        }
        guard !conditions.isEmpty else { return nil }
        conditions.append("EXISTS (SELECT 1 FROM tally_day WHERE tally_day.tally = tally.key)")
        return try Int64.fetchAll(
            database, sql: "SELECT key FROM tally WHERE \(conditions.joined(separator: " AND "))", arguments: arguments)
    }

    /// The lowest sort key of a point in time.
    private static func place(_ date: Date) -> Int64 {
        min(max(date.milliseconds, 0), (1 << (63 - placeBits)) - 1) << placeBits
    }

    package func endedTasks(_ query: EndedTaskQuery, after cursor: ListCursor?) async throws -> TaskPage {
        let limit = min(query.limit ?? Self.pageSize, Self.pageSize)
        return try await read { database in
            guard let filter = try Self.endedFilter(query, after: cursor, in: database) else { return TaskPage(tasks: []) }
            let rows = try Row.fetchAll(
                database, sql: "SELECT * FROM task WHERE \(filter.sql) ORDER BY place DESC LIMIT :limit",
                arguments: filter.arguments + ["limit": limit + 1])
            let last = rows.prefix(limit).last.map { ListCursor(place: $0.integer("place") ?? 0, index: nil) }
            return TaskPage(
                tasks: try rows.prefix(limit).map(Self.taskEntry), next: rows.count > limit ? last : nil)
        }
    }

    /// The query as conditions on a task; `nil` when nothing can match.
    static func endedFilter(
        _ query: EndedTaskQuery, after cursor: ListCursor?, in database: Database
    ) throws -> KeyStatement? {
        let states = query.states.map { "'\($0.rawValue)'" }.sorted().joined(separator: ",")
        var conditions = [
            "state IN ('failed', 'cancelled', 'unavailable') AND state IN (\(states))", "place < :place", "place >= :low",
        ]
        let end = min(query.before.map(place) ?? .max, cursor?.place ?? .max)
        var arguments: StatementArguments = ["place": end, "low": query.since.map(place) ?? 0]
        if let model = query.model {
            conditions.append("model = :model")
            arguments += ["model": model.stored]
        }
        if let text = query.text {
            guard let words = try searchExpression(text, in: database) else { return nil }
            conditions.append("place IN (SELECT rowid FROM task_text WHERE task_text MATCH :words)")
            arguments += ["words": words]
        }
        return KeyStatement(sql: conditions.joined(separator: " AND "), arguments: arguments)
    }

    package func tallies(since: Date?, before: Date?) async throws -> [OutputTally] {
        try await read { try Self.tallies(since: since, before: before, in: $0) }
    }

    /// Counts outputs: whole days from the counters, partial days row by row.
    static func tallies(since: Date? = nil, before: Date? = nil, in database: Database) throws -> [OutputTally] {
        let day: Int64 = 86_400_000 << placeBits
        let low = min(since.map(Self.place) ?? 0, .max - 2 * day)
        let high = before.map(Self.place) ?? .max
        let firstDay = low / day + (low % day == 0 ? 0 : 1)
        let endDay = max(high / day, firstDay)
        let (headEnd, tailStart) = (min(firstDay * day, high), endDay * day)
        // Sum each part before joining, because many years have many days. `SUM` fails when it overflows; `TOTAL` is exact below
        // 2^53.
        func beside(_ start: String, _ end: String) -> String {
            """
            SELECT tally, COUNT(*), TOTAL(bytes), TOTAL(overpaid_tenths)
            FROM output INDEXED BY output_place WHERE place >= :\(start) AND place < :\(end) GROUP BY tally
            """
        }
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT tally.*, CAST(TOTAL(outputs) AS INTEGER) AS outputs, CAST(TOTAL(bytes) AS INTEGER) AS bytes,
                    CAST(TOTAL(overpaid_tenths) AS INTEGER) AS overpaid_tenths FROM (
                    SELECT tally AS counted, TOTAL(outputs) AS outputs, TOTAL(bytes) AS bytes,
                        TOTAL(overpaid_tenths) AS overpaid_tenths
                    FROM tally_day WHERE day >= :first AND day < :end GROUP BY tally
                    UNION ALL \(beside("low", "headEnd")) UNION ALL \(beside("tailStart", "high"))
                ) JOIN tally ON tally.key = counted GROUP BY counted
                ORDER BY state, verdict, billed_tier, delivered_tier, model
                """,
            arguments: [
                "first": firstDay, "end": endDay, "low": low, "headEnd": headEnd, "tailStart": tailStart, "high": high,
            ])
        return rows.map(tally)
    }

    private static func tally(_ row: Row) -> OutputTally {
        func text(_ column: String) -> String? { row.text(column).flatMap { $0.isEmpty ? nil : $0 } }
        func number(_ column: String) -> Int64 { row.integer(column) ?? 0 }
        // Each model has tallies, and a catalog from elsewhere may have millions. The sum of all must not overflow either.
        let most: Int64 = 1 << 40
        return OutputTally(
            state: text("state").flatMap(OutputState.init(rawValue:)) ?? .waiting,
            verdict: text("verdict").flatMap(Verdict.init(rawValue:)),
            billedTier: text("billed_tier").flatMap(Tier.init(rawValue:)),
            deliveredTier: text("delivered_tier").flatMap(Tier.init(rawValue:)), model: text("model")?.unstored,
            outputs: Int(number("outputs").limited(to: most)), bytes: number("bytes").limited(to: Largest.sum),
            overpaid: PriceMultiplier(tenths: Int(min(max(number("overpaid_tenths"), -most), most))))
    }
}

extension SQLiteCatalog {
    /// SQLite's query plan for a page. A test uses it to check that no table is scanned in full.
    package func plan(_ query: EntryQuery, after cursor: ListCursor?) async throws -> [String] {
        try await read { database in
            guard let statement = try Self.keyStatement(query, after: cursor, limit: 50, in: database) else { return [] }
            return try Self.plan(statement.sql, statement.arguments, in: database)
        }
    }

    /// SQLite's query plans for a claim. A test uses them to check that no table is scanned in full.
    package func claimPlan() async throws -> [String] {
        try await read { database in
            try ClaimSQL.all.flatMap { sql in
                let all = ["limit": 16, "now": 0, "account": 1]
                let used = all.filter { sql.contains(":\($0.key)") }
                return try Self.plan(sql, StatementArguments(used), in: database)
            }
        }
    }

    private static func plan(_ sql: String, _ arguments: StatementArguments, in database: Database) throws -> [String] {
        try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + sql, arguments: arguments).map { $0["detail"] }
    }
}
