import ArchiveModel
package import Foundation
import GRDB
import SizeContract

/// The catalog as one SQLite file, shared by all processes that use the archive.
package struct SQLiteCatalog: Catalog {
    let database: DatabasePool
    private let commits: CommitGroup
    let path: String
    /// The file that was opened; see ``fileProblem()``.
    let identity: FileIdentity?
    /// The write-ahead log and its index. They exist while this process has the catalog open.
    let logs: [(suffix: String, identity: FileIdentity)]
    /// The temporary copy behind this catalog, if it is a copy.
    private let copy: CatalogCopy?

    /// Whether this is a temporary copy, made because the catalog's disk can't be written to. Writes to it are lost.
    package var isCopy: Bool { copy != nil }

    /// Opens or creates the database file and applies all migrations. Waits while another process does so.
    ///
    /// Uses WAL with `synchronous=FULL`: with `NORMAL`, a power cut loses acknowledged commits (measured).
    ///
    /// - Throws: ``CatalogError`` with code `database`, `noRoom`, `damaged` or `newerSchema`.
    package init(path: String) throws { try self.init(path: path, copy: nil) }

    init(path: String, copy: CatalogCopy?) throws {
        self.copy = copy
        self.path = path
        do {
            database = try OpeningLock.hold(path) { try Self.migrated(path) }
            // A foreign archive may contain a trigger that undoes every write, or a column with unexpected types, which would
            // crash the process.
            if let difference = try database.read(Self.schemaDamage).first {
                throw CatalogError(.damaged, path, detail: difference)
            }
            commits = CommitGroup(database)
            identity = FileIdentity(of: path)
            logs = [Self.log, "-shm"].compactMap { suffix in FileIdentity(of: path + suffix).map { (suffix, $0) } }
        } catch let error as DatabaseError {
            throw CatalogError(error, path)
        }
    }

    /// Opens the database file and applies the migrations that it lacks.
    private static func migrated(_ path: String) throws -> DatabasePool {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(30)
        configuration.maximumReaderCount = 4
        configuration.label = "catalog"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA foreign_keys = ON")
            // Debian's SQLite turns it on by default. The only secret is the link key, which ``forgetDeleted()`` overwrites.
            try database.execute(sql: "PRAGMA secure_delete = OFF")
        }
        let database = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL on the writing connection when it opens a pool, after `prepareDatabase`.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        let migrator = Self.migrator
        let applied = try database.read { try migrator.appliedIdentifiers($0) }
        let unknown = applied.subtracting(migrator.migrations)
        guard unknown.isEmpty else {
            let names = unknown.sorted().map { "'\($0)'" }.joined(separator: ", ")
            throw CatalogError(.newerSchema, path, detail: "the changes \(names)")
        }
        try migrator.migrate(database)
        if !applied.isEmpty, !applied.contains(sealing) {
            // Before this migration, links were stored unencrypted; remove their fragments from the file.
            try database.vacuum()
            try database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        }
        return database
    }

    /// Closes the file after all running operations have finished. Without this call, the file closes shortly after its last use.
    /// Call it before replacing the file.
    package func close() throws { try database.close() }

    /// The version of the SQLite library in this process.
    package static var libraryVersion: String {
        (try? DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") }) ?? "unknown"
    }

    /// The durability of a commit; 2 is FULL. For a test.
    package func synchronousMode() async throws -> Int? {
        try await write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    }

    /// Deletes the link key when no stored link needs it.
    package func forgetLinks() async throws { try await write { try Self.forgetLinkKey(in: $0) } }

    /// Removes traces of deleted links: the link key, if no stored link needs it, and deleted rows in the write-ahead log. The
    /// log stays while another process uses the database; that process empties it later.
    package func forgetDeleted() async throws {
        try await forgetLinks()
        do {
            try await database.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY || error.resultCode == .SQLITE_LOCKED {
            return
        } catch let error as DatabaseError {
            throw CatalogError(error, path)
        }
    }

    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await database.read(body)
        } catch let error as DatabaseError {
            throw translated(error)
        }
    }

    /// Performs one write in a `BEGIN IMMEDIATE` transaction, possibly shared with other writes. It is durable when this returns.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await commits.write(body)
        } catch let error as DatabaseError {
            throw translated(error)
        }
    }

    /// Cancelling a task interrupts its SQL statement, which is not a database failure.
    private func translated(_ error: DatabaseError) -> any Error {
        if Task.isCancelled, error.resultCode == .SQLITE_INTERRUPT || error.resultCode == .SQLITE_ABORT {
            return CancellationError()
        }
        return CatalogError(error, path)
    }
}

extension CatalogError {
    init(_ error: DatabaseError, _ path: String) {
        let isDamage = error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
        let code: Code = isDamage ? .damaged : error.tellsOfNoRoom ? .noRoom : .database
        self.init(code, path, detail: error.message ?? error.description)
    }
}

extension SQLiteCatalog {
    package func holdTasks(reason: String) async throws {
        try await write { database in
            try database.execute(
                sql: "UPDATE task SET state = 'held', reason = ?, lease_expires_at = NULL WHERE state IN ('waiting', 'leased')",
                arguments: [reason.stored])
        }
    }

    package func releaseHeld(now: Date) async throws {
        try await write { database in
            try database.execute(
                sql: "UPDATE task SET state = 'waiting', reason = NULL, due_at = ? WHERE state = 'held'",
                arguments: [now.milliseconds])
        }
    }

    package func probe() async throws {
        try await write { database in
            // SQLite skips pages whose bytes did not change, so change the bytes and then change them back.
            try database.executeCached(sql: "UPDATE outbox_state SET dropped = dropped + 1, mark = mark - 5")
            try database.executeCached(sql: "UPDATE outbox_state SET dropped = dropped - 1, mark = mark + 5")
        }
    }

    package func nextDue() async throws -> Date? {
        try await read { database in
            let due = """
                SELECT MIN(due) FROM (
                    SELECT MIN(due_at) AS due FROM task WHERE state = 'waiting'
                    UNION ALL SELECT MIN(lease_expires_at + \(ClaimSQL.pauseAfterDeaths)) FROM task WHERE state = 'leased'
                    UNION ALL SELECT MIN(due_at) FROM output WHERE state = 'waiting'
                    UNION ALL SELECT MIN(lease_expires_at + \(ClaimSQL.pauseAfterDeaths)) FROM output WHERE state = 'leased')
                """
            return try Int64.fetchOne(database.cachedStatement(sql: due)).map(Date.init(milliseconds:))
        }
    }

    package func status(now: Date) async throws -> CatalogStatus {
        try await read { database in
            var status = CatalogStatus()
            for row in try Row.fetchAll(database.cachedStatement(sql: "SELECT state, tasks FROM task_tally")) {
                let state = row.text("state").flatMap(TaskState.init(rawValue:)) ?? .waiting
                status.tasks[state] = Int((row.integer("tasks") ?? 0).limited(to: 1 << 48))
            }
            for tally in try Self.tallies(in: database) {
                status.outputs[tally.state, default: 0] += tally.outputs
                guard tally.state == .archived else { continue }
                // Both are at most 2^60.
                status.originalBytes = min(status.originalBytes + tally.bytes, Largest.sum)
                if let verdict = tally.verdict { status.verdicts[verdict, default: 0] += tally.outputs }
            }
            // Query each state separately: its minimum is the first entry of an index.
            let deadlines = try ["waiting", "leased"].compactMap {
                try Int64.fetchOne(
                    database.cachedStatement(sql: "SELECT MIN(deadline) FROM output WHERE state = ?"), arguments: [$0])
            }
            status.nearestDeadline = deadlines.min().map(Date.init(milliseconds:))
            status.holdReason = try String.fetchOne(
                database.cachedStatement(sql: "SELECT reason FROM task WHERE state = 'held' LIMIT 1"))?.unstored
            return status
        }
    }
}
