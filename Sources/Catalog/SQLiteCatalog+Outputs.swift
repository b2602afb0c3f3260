package import ArchiveModel
import Crypto
package import Foundation
import GRDB
import SizeContract

extension SQLiteCatalog {
    static func outputLease(_ row: Row, key: SymmetricKey?) throws -> OutputLease {
        OutputLease(
            id: try outputID(row["id"], row["idx"]), token: row["token"],
            link: opened(row["link"], with: key),
            deadline: date(row["output_deadline"]), createdAt: date(row["created_at"]),
            discoveredAt: Date(milliseconds: row["discovered_at"]), source: row["source"], request: request(row),
            model: row["model"],
            taskJSON: json(row["answer"]), attempts: row["tries"], goneAnswers: row["gone_answers"],
            suspect: (row["suspect"] as String?).flatMap { Digest($0) }, failure: row["failure"], repeats: row["repeats"])
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
                    sql: "UPDATE output SET \(Self.assignments), lease_expires_at = NULL \(Self.held)",
                    arguments: Self.arguments(of: record) + Self.key(lease))
                // A lease that passed on has changed nothing, and undoes all of this.
                guard database.changesCount > 0 else { break }
                try Self.keepCopy(of: record, in: database)
                return try Self.post(Notice(record), in: database)
            case .postponed(let dueAt, let error, let failure, let link, let goneAnswers, let suspect):
                try database.executeCached(
                    sql: """
                        UPDATE output SET state = 'waiting', due_at = :due_at, reason = :reason, link = COALESCE(:link, link),
                            gone_answers = :gone, suspect = :suspect, repeats = CASE WHEN failure = :failure THEN repeats + 1 ELSE 1 END,
                            failure = :failure, attempts = attempts + 1, lease_expires_at = NULL \(Self.held)
                        """,
                    arguments: Self.key(lease) + [
                        "due_at": dueAt.milliseconds, "reason": error, "link": try link.map { try Self.sealed($0, in: database) },
                        "gone": goneAnswers, "suspect": suspect?.hex,
                        "failure": failure,
                    ])
            case .paused(let dueAt, let reason):
                try database.executeCached(
                    sql: """
                        UPDATE output SET state = 'waiting', due_at = :due_at, reason = :reason, lease_expires_at = NULL \(Self.held)
                        """, arguments: Self.key(lease) + ["due_at": dueAt.milliseconds, "reason": reason])
            case .released:
                try database.executeCached(
                    sql: "UPDATE output SET state = 'waiting', due_at = :now, lease_expires_at = NULL \(Self.held)",
                    arguments: Self.key(lease) + ["now": now.milliseconds])
            }
            guard database.changesCount > 0 else { throw CatalogError(.leaseLost, "output \(lease.id)") }
        }
    }

    /// The columns that a record fills; the same names are the arguments of ``arguments(of:)``.
    static let columns = [
        "state", "reason", "attempts", "ended_at", "link", "deadline", "digest", "bytes", "media_type", "format", "verdict",
        "width",
        "height", "expected_width", "expected_height", "ratio_error", "pixel_ratio", "on_grid", "billed_tier", "delivered_tier",
        "overpaid_tenths", "nearest_ratio", "nearest_tier", "nearest_width", "nearest_height", "thumb_digest", "thumb_type",
        "thumb_width", "thumb_height", "preview_digest", "preview_type", "preview_width", "preview_height", "thumb_hash",
        "perceptual_hash",
    ]

    private static let assignments = columns.map { "\($0) = :\($0)" }.joined(separator: ", ")

    private static func arguments(of record: ArchiveRecord) -> StatementArguments {
        let entry = OutputEntry(record)
        let judgement = entry.judgement
        let nearest = judgement?.nearestCell
        return [
            "state": entry.state.rawValue, "reason": entry.reason, "attempts": entry.attempts,
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
            "perceptual_hash": entry.perceptualHash,
        ]
    }

    package func update(_ record: ArchiveRecord) async throws {
        try await write { try Self.replace(record, in: $0) }
    }

    /// Replaces the facts of an output that has ended; any other is left alone.
    static func replace(_ record: ArchiveRecord, in database: Database) throws {
        try database.executeCached(
            sql: """
                UPDATE output SET \(assignments)
                WHERE idx = :index AND state IN ('archived', 'unavailable') AND task = (SELECT key FROM task WHERE id = :id)
                """, arguments: arguments(of: record) + ["index": record.index, "id": record.task.text])
        if database.changesCount > 0 { try keepCopy(of: record, in: database) }
    }

    /// Enters an output straight from its record.
    static func insert(_ record: ArchiveRecord, in database: Database) throws {
        try database.executeCached(
            sql: """
                INSERT INTO output (task, idx, due_at, \(columns.joined(separator: ", ")))
                SELECT key, :index, :ended_at, \(columns.map { ":\($0)" }.joined(separator: ", ")) FROM task WHERE id = :id
                """, arguments: arguments(of: record) + ["index": record.index, "id": record.task.text])
        try keepCopy(of: record, in: database)
    }
}
