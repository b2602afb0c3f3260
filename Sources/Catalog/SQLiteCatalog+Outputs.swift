package import ArchiveModel
import Crypto
package import Foundation
import GRDB
import SizeContract

extension SQLiteCatalog {
    static func outputLease(_ row: Row, key: SymmetricKey?, in database: Database) throws -> OutputLease {
        OutputLease(
            id: try outputID(row), token: row.integer("token") ?? 0, link: ResultLink(opened(row.text("link") ?? "", with: key)),
            deadline: row.date("output_deadline"), createdAt: row.date("created_at"),
            discoveredAt: row.date("discovered_at") ?? Date(milliseconds: 0), source: row.text("source")?.unstored ?? "",
            request: request(row), model: row.text("model")?.unstored, taskJSON: json(row.text("answer")),
            attempts: row.counter("tries"), failure: row.text("failure"), history: history(row, prefix: "output_"),
            candidates: try candidates(ofOutput: row["output_key"], in: database), account: row.integer("output_account") ?? 0)
    }

    /// The columns of a lease, selected from `task JOIN output`.
    static let leaseColumns = """
        task.*, output.key AS output_key, output.idx, output.lease_token AS token, output.link,
        output.deadline AS output_deadline, output.attempts AS tries, output.failure,
        output.failing_since AS output_failing_since, output.window_cause AS output_window_cause,
        output.refusals AS output_refusals, output.refused_since AS output_refused_since, output.told AS output_told,
        output.deaths AS output_deaths, output.account AS output_account
        """

    /// - Parameter prefix: The beginning of the columns' names.
    static func history(_ row: Row, prefix: String = "") -> FailureHistory {
        var history = FailureHistory()
        history.failingSince = row.date("\(prefix)failing_since")
        history.causeInWindow = row.text("\(prefix)window_cause").flatMap(FailureCause.init(rawValue:))
        history.refusals = row.counter("\(prefix)refusals")
        history.refusedSince = row.date("\(prefix)refused_since")
        history.isTold = row.flag("\(prefix)told")
        history.deaths = row.counter("\(prefix)deaths")
        return history
    }

    // MARK: Candidates

    static func candidates(ofOutput key: Int64, in database: Database) throws -> [DeliveryCandidate] {
        try String.fetchAll(
            database.cachedStatement(sql: "SELECT facts FROM candidate WHERE output = ? ORDER BY fetched_at, digest"),
            arguments: [key]
        ).compactMap { try? JSONDecoder.archive.decode(DeliveryCandidate.self, from: Data($0.utf8)) }
    }

    private static func keep(_ candidate: DeliveryCandidate, of lease: OutputLease, in database: Database) throws {
        let facts = String(decoding: try JSONEncoder.archive(pretty: false).encode(candidate), as: UTF8.self)
        let values: StatementArguments = [
            "id": lease.id.task.text, "index": lease.id.index, "digest": candidate.original.digest.hex, "facts": facts,
            "fetched_at": candidate.download.fetchedAt.milliseconds,
        ]
        try database.executeCached(
            sql: """
                INSERT INTO candidate (output, digest, facts, fetched_at)
                SELECT output.key, :digest, :facts, :fetched_at FROM output JOIN task ON task.key = output.task
                WHERE task.id = :id AND output.idx = :index
                ON CONFLICT (output, digest) DO UPDATE SET facts = excluded.facts, fetched_at = excluded.fetched_at
                """, arguments: values)
        let key = try Int64.fetchOne(
            database.cachedStatement(
                sql: "SELECT output.key FROM output JOIN task ON task.key = output.task WHERE task.id = ? AND output.idx = ?"),
            arguments: [lease.id.task.text, lease.id.index])
        guard let output = key else { return }
        for surplus in DeliveryCandidate.surplus(of: try candidates(ofOutput: output, in: database)) {
            try database.executeCached(
                sql: "DELETE FROM candidate WHERE output = ? AND digest = ?",
                arguments: [output, surplus.original.digest.hex])
        }
    }

    private static func forgetCandidates(of lease: OutputLease, in database: Database) throws {
        try database.executeCached(
            sql: """
                DELETE FROM candidate WHERE output = (SELECT output.key FROM output JOIN task ON task.key = output.task
                    WHERE task.id = ? AND output.idx = ?)
                """, arguments: [lease.id.task.text, lease.id.index])
    }

    private static let held = """
        WHERE idx = :index AND state = 'leased' AND lease_token = :token AND task = (SELECT key FROM task WHERE id = :id)
        """

    private static func key(_ lease: OutputLease) -> StatementArguments {
        ["id": lease.id.task.text, "index": lease.id.index, "token": lease.token]
    }

    package func extend(_ leases: [OutputLease], until: Date) async throws -> [OutputLease] {
        guard !leases.isEmpty else { return [] }
        return try await write { database in
            var lost: [OutputLease] = []
            for lease in leases {
                try database.executeCached(
                    sql: "UPDATE output SET lease_expires_at = :until \(Self.held)",
                    arguments: Self.key(lease) + ["until": until.milliseconds])
                if database.changesCount == 0 { lost.append(lease) }
            }
            return lost
        }
    }

    package func expiry(of lease: OutputLease) async throws -> Date? {
        try await read { database in
            try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT lease_expires_at FROM output \(Self.held)"), arguments: Self.key(lease)
            ).map(Date.init(milliseconds:))
        }
    }

    package func finish(_ lease: OutputLease, _ outcome: OutputOutcome, now: Date) async throws {
        try await write { database in
            switch outcome {
            case .ended(let record):
                try database.executeCached(
                    sql: """
                        UPDATE output SET \(Self.assignments), lease_expires_at = NULL, failing_since = NULL, not_before = NULL,
                            refusals = 0, refused_since = NULL, window_cause = NULL, deaths = 0, told = 0,
                            name = COALESCE(name, :name) \(Self.held)
                        """,
                    arguments: Self.arguments(of: record) + Self.key(lease) + [
                        "name": record.download.map { String($0.url.prefix { $0 != "?" }) }
                    ])
                // If the lease was lost, no row changed; the error below rolls back the transaction.
                guard database.changesCount > 0 else { break }
                try Self.forgetCandidates(of: lease, in: database)
                try Self.keepCopy(of: record, in: database)
                if lease.history.isTold, record.state == .archived, record.decodeError == nil {
                    try Self.post(Notice(.recovered, at: now, OutputView(OutputEntry(record), prompts: false)), in: database)
                }
                return try Self.post(Notice(record), in: database)
            case .postponed(let postponement):
                try Self.postpone(lease, postponement, in: database)
                guard database.changesCount > 0 else { break }
                if let candidate = postponement.candidate { try Self.keep(candidate, of: lease, in: database) }
                guard postponement.isToBeTold else { return }
                return try Self.post(Self.notice(of: lease, postponement, now: now), in: database)
            case .paused(let dueAt, let reason):
                try database.executeCached(
                    sql: """
                        UPDATE output SET state = 'waiting', due_at = :due_at, reason = :reason, lease_expires_at = NULL \(Self.held)
                        """, arguments: Self.key(lease) + ["due_at": dueAt.milliseconds, "reason": reason.stored])
            case .released:
                try database.executeCached(
                    sql: "UPDATE output SET state = 'waiting', due_at = :now, lease_expires_at = NULL \(Self.held)",
                    arguments: Self.key(lease) + ["now": now.milliseconds])
            }
            guard database.changesCount > 0 else { throw CatalogError(.leaseLost, "output \(lease.id)") }
        }
    }

    private static func postpone(_ lease: OutputLease, _ postponement: Postponement, in database: Database) throws {
        let history = postponement.history
        try database.executeCached(
            sql: """
                UPDATE output SET state = 'waiting', due_at = :due_at, reason = :reason, link = COALESCE(:link, link),
                    failure = :failure, cause = :cause, attempts = \(increased("attempts")), failing_since = :since,
                    window_cause = :window_cause, refusals = :refusals, refused_since = :refused_since, told = :told,
                    not_before = :not_before, deaths = 0, deadline = COALESCE(:deadline, deadline), lease_expires_at = NULL \(held)
                """,
            arguments: key(lease) + [
                "due_at": postponement.dueAt.milliseconds, "reason": postponement.error.stored,
                "link": try postponement.link.map { try sealed($0.unsafeText, in: database) }, "failure": postponement.kind,
                "cause": postponement.cause.rawValue, "since": history.failingSince?.milliseconds,
                "window_cause": history.causeInWindow?.rawValue, "refusals": history.refusals,
                "refused_since": history.refusedSince?.milliseconds,
                "told": history.isTold || postponement.isToBeTold ? 1 : 0,
                "not_before": postponement.notBefore?.milliseconds, "deadline": postponement.deadline?.milliseconds,
            ])
    }

    private static func notice(of lease: OutputLease, _ postponement: Postponement, now: Date) -> Notice {
        var entry = OutputEntry(id: lease.id, state: .waiting, attempts: lease.attempts + 1)
        entry.reason = postponement.error
        entry.cause = postponement.cause
        entry.deadline = lease.deadline
        entry.request = lease.request
        return Notice(.failing, at: now, OutputView(entry, prompts: false))
    }

    /// The columns filled from a record; ``arguments(of:)`` uses the same names.
    static let columns =
        [
            "state", "reason", "attempts", "ended_at", "link", "deadline", "digest", "bytes", "media_type", "format", "verdict",
            "width",
            "height", "expected_width", "expected_height", "ratio_error", "pixel_ratio", "on_grid", "billed_tier",
            "delivered_tier",
            "overpaid_tenths", "nearest_ratio", "nearest_tier", "nearest_width", "nearest_height", "thumb_digest", "thumb_type",
            "thumb_width", "thumb_height", "preview_digest", "preview_type", "preview_width", "preview_height", "thumb_hash",
            "perceptual_hash", "cause",
        ] + credentialColumns

    private static let assignments = columns.map { "\($0) = :\($0)" }.joined(separator: ", ")

    private static func arguments(of record: ArchiveRecord) -> StatementArguments {
        judgedArguments(of: record) + credentialArguments(of: record)
    }

    private static func judgedArguments(of record: ArchiveRecord) -> StatementArguments {
        let entry = OutputEntry(record)
        let judgement = entry.judgement
        let nearest = judgement?.nearestCell
        return [
            "state": entry.state.rawValue, "reason": entry.reason?.stored, "attempts": entry.attempts,
            "ended_at": record.endedAt.milliseconds,
            "link": nil, "deadline": entry.deadline?.milliseconds, "digest": entry.original?.digest.hex,
            "bytes": entry.original?.bytes,
            "media_type": entry.original?.mediaType, "format": entry.original?.format, "verdict": judgement?.verdict.rawValue,
            "width": judgement?.delivered?.width, "height": judgement?.delivered?.height,
            "expected_width": judgement?.expected?.width, "expected_height": judgement?.expected?.height,
            "ratio_error": judgement?.ratioError, "pixel_ratio": judgement?.pixelRatio, "on_grid": judgement?.isOnGrid,
            "billed_tier": judgement?.billedTier?.rawValue, "delivered_tier": judgement?.deliveredTier?.rawValue,
            "overpaid_tenths": judgement?.overpaid?.tenths, "nearest_ratio": nearest?.ratio.description,
            "nearest_tier": nearest?.tier.rawValue, "nearest_width": nearest?.size.width, "nearest_height": nearest?.size.height,
            "thumb_digest": entry.thumbnail?.digest.hex, "thumb_type": entry.thumbnail?.mediaType,
            "thumb_width": entry.thumbnail?.width, "thumb_height": entry.thumbnail?.height,
            "preview_digest": entry.preview?.digest.hex, "preview_type": entry.preview?.mediaType,
            "preview_width": entry.preview?.width, "preview_height": entry.preview?.height, "thumb_hash": entry.thumbHash,
            "perceptual_hash": entry.perceptualHash, "cause": entry.cause?.rawValue,
        ]
    }

    package func update(_ record: ArchiveRecord) async throws {
        try await write { try Self.replace(record, in: $0) }
    }

    /// Updates the row of an ended output. Outputs in any other state are left alone.
    static func replace(_ record: ArchiveRecord, in database: Database) throws {
        try database.executeCached(
            sql: """
                UPDATE output SET \(assignments)
                WHERE idx = :index AND state IN ('archived', 'unavailable') AND task = (SELECT key FROM task WHERE id = :id)
                """, arguments: arguments(of: record) + ["index": record.index, "id": record.task.text])
        if database.changesCount > 0 { try keepCopy(of: record, in: database) }
    }

    /// Inserts an ended output from its record.
    static func insert(_ record: ArchiveRecord, in database: Database) throws {
        try database.executeCached(
            sql: """
                INSERT INTO output (task, idx, due_at, name, \(columns.joined(separator: ", ")))
                SELECT key, :index, :ended_at, :name, \(columns.map { ":\($0)" }.joined(separator: ", ")) FROM task WHERE id = :id
                """,
            arguments: arguments(of: record) + [
                "index": record.index, "id": record.task.text,
                "name": record.download.map { String($0.url.prefix { $0 != "?" }) },
            ])
        try keepCopy(of: record, in: database)
    }
}
