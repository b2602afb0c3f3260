package import ArchiveModel
import Foundation
import GRDB
import SizeContract

/// Reading for audits. Columns are read by number for speed: an audit reads a hundred thousand outputs in the time that a list
/// needs for some thousand.
extension SQLiteCatalog {
    private static let auditPageSize = 4000

    private enum Column: Int, CaseIterable {
        case task, index, place, state, reason, createdAt, hasRequest, model, prompt, size, resolution
        case digest, bytes, mediaType, format, verdict, width, height, expectedWidth, expectedHeight, ratioError, pixelRatio
        case onGrid, billedTier, deliveredTier, overpaid, nearestRatio, nearestTier, nearestWidth, nearestHeight
        case cause, siblings, credits, thumbnail, perceptualHash, link, contentType

        func sql(_ detail: AuditDetail) -> String {
            let hasPictures = detail.contains(.pictures)
            return switch self {
            case .task: "task.id"
            case .index: "output.idx"
            case .createdAt: "task.created_at"
            case .hasRequest: "task.has_request"
            case .mediaType: "output.media_type"
            case .expectedWidth: "output.expected_width"
            case .expectedHeight: "output.expected_height"
            case .ratioError: "output.ratio_error"
            case .pixelRatio: "output.pixel_ratio"
            case .onGrid: "output.on_grid"
            case .billedTier: "output.billed_tier"
            case .deliveredTier: "output.delivered_tier"
            case .overpaid: "output.overpaid_tenths"
            case .nearestRatio: "output.nearest_ratio"
            case .nearestTier: "output.nearest_tier"
            case .nearestWidth: "output.nearest_width"
            case .nearestHeight: "output.nearest_height"
            case .cause:
                "COALESCE(output.cause, CASE WHEN output.verdict = 'undecodable' AND output.ended_at < output.deadline THEN 'unknown' END)"
            case .siblings: "(SELECT COUNT(*) FROM output AS sibling WHERE sibling.task = output.task)"
            case .credits: detail.contains(.credits) ? SQLiteCatalog.credits : "NULL"
            case .prompt: hasPictures ? "task.prompt" : "NULL"
            case .thumbnail: hasPictures ? "output.thumb_digest" : "NULL"
            case .perceptualHash: hasPictures ? "output.perceptual_hash" : "NULL"
            case .link: detail.contains(.delivery) ? Self.record("$.download.url") : "NULL"
            case .contentType: detail.contains(.delivery) ? Self.record("$.download.headers.\"content-type\"") : "NULL"
            case .model, .size, .resolution: "task.\(self)"
            case .place, .state, .reason, .digest, .bytes, .format, .verdict, .width, .height: "output.\(self)"
            }
        }

        private static func record(_ path: String) -> String {
            """
            (SELECT json_extract(CAST(record_copy.bytes AS TEXT), '\(path)') FROM record_copy WHERE record_copy.output = output.key)
            """
        }
    }

    /// The number as the upstream wrote it. As an SQL value, SQLite would convert it to binary floating point.
    private static let credits = "(task.answer -> '$.usage.credits_used')"

    package func auditPage(_ query: EntryQuery, _ detail: AuditDetail, after cursor: ListCursor?) async throws -> AuditPage {
        let columns = Column.allCases.map { $0.sql(detail) }.joined(separator: ", ")
        return try await read { database in
            let keys = try Self.keys(query, after: cursor, limit: Self.auditPageSize + 1, in: database)
            let hasMore = keys.count > Self.auditPageSize
            let part = keys.prefix(Self.auditPageSize)
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT \(columns) FROM output JOIN task ON task.key = output.task
                    WHERE output.key IN (\(part.map(String.init).joined(separator: ","))) ORDER BY output.place DESC, output.idx
                    """)
            var entries: [AuditEntry] = []
            entries.reserveCapacity(part.count)
            var last: ListCursor?
            while let row = try rows.next() {
                entries.append(try Self.auditEntry(row))
                // Without bounds, so that the next page begins after this row in any case.
                let (place, index): (Int64?, Int?) = (row[Column.place.rawValue], row[Column.index.rawValue])
                last = ListCursor(place: place ?? 0, index: index ?? 0)
            }
            return AuditPage(entries: entries, next: hasMore ? last : nil)
        }
    }

    package func auditTasks(_ query: EndedTaskQuery, _ detail: AuditDetail) async throws -> [AuditTask] {
        try await read { database in
            guard let filter = try Self.endedFilter(query, after: nil, in: database) else { return [] }
            let credits = detail.contains(.credits) ? Self.credits : "NULL"
            let rows = try Row.fetchCursor(
                database, sql: "SELECT *, \(credits) AS credits FROM task WHERE \(filter.sql) ORDER BY place DESC LIMIT :limit",
                arguments: filter.arguments + ["limit": query.limit ?? -1])
            var tasks: [AuditTask] = []
            while let row = try rows.next() {
                var task = AuditTask(
                    id: try Self.taskID(row.text("id")),
                    state: row.text("state").flatMap(TaskState.init(rawValue:)) ?? .unavailable)
                task.reason = row.text("reason")?.unstored
                task.createdAt = row.date("created_at") ?? row.date("discovered_at")
                task.request = Self.request(row)
                task.credits = Self.number(row.text("credits"))
                tasks.append(task)
            }
            return tasks
        }
    }

    private static func auditEntry(_ row: Row) throws -> AuditEntry {
        func text(_ column: Column) -> String? { (row[column.rawValue] as String?)?.unstored }
        func number(_ column: Column) -> Int64? { row[column.rawValue] }
        func fraction(_ column: Column) -> Double? { finite(row[column.rawValue]) }
        func size(_ width: Column, _ height: Column) -> PixelSize? { Self.size(number(width), number(height)) }
        func tier(_ column: Column) -> Tier? { text(column).flatMap(Tier.init(rawValue:)) }

        let id = try outputID(text(.task), number(.index))
        var entry = AuditEntry(id: id, state: text(.state).flatMap(OutputState.init(rawValue:)) ?? .waiting)
        entry.reason = text(.reason)
        entry.cause = text(.cause).flatMap(FailureCause.init(rawValue:))
        entry.createdAt = number(.createdAt).map(Date.init(milliseconds:))
        entry.siblings = Int(number(.siblings) ?? 1)
        entry.credits = Self.number(text(.credits))
        if number(.hasRequest) == 1 {
            entry.request = RecordedRequest(
                model: text(.model), prompt: text(.prompt), size: text(.size), resolution: text(.resolution))
        }
        if let digest = text(.digest).flatMap({ Digest($0) }) {
            entry.original = OutputEntry.Original(
                digest: digest, bytes: Int((number(.bytes) ?? 0).limited(to: Largest.file)),
                mediaType: text(.mediaType) ?? MediaType.unknown, format: text(.format))
        }
        entry.thumbnail = text(.thumbnail).flatMap { Digest($0) }
        entry.perceptualHash = text(.perceptualHash)
        entry.contentType = text(.contentType)
        entry.linkEnding = text(.link).flatMap { link in
            let name = link.split(separator: "/").last ?? ""
            return name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() }
        }
        guard let verdict = text(.verdict).flatMap(Verdict.init(rawValue:)) else { return entry }
        var judgement = Judgement(verdict: verdict)
        judgement.delivered = size(.width, .height)
        judgement.expected = size(.expectedWidth, .expectedHeight)
        judgement.ratioError = fraction(.ratioError)
        judgement.pixelRatio = fraction(.pixelRatio)
        judgement.isOnGrid = number(.onGrid).map { $0 != 0 }
        judgement.billedTier = tier(.billedTier)
        judgement.deliveredTier = tier(.deliveredTier)
        judgement.overpaid = overpaid(number(.overpaid))
        if let ratio = text(.nearestRatio).flatMap({ AspectRatio(parsing: $0) }), let tier = tier(.nearestTier),
            let nearest = size(.nearestWidth, .nearestHeight)
        {
            judgement.nearestCell = SizeContract.Cell(ratio: ratio, tier: tier, size: nearest)
        }
        entry.judgement = judgement
        return entry
    }

    /// A JSON number, or the contents of a JSON string, exactly as written.
    private static func number(_ json: String?) -> String? {
        guard let json, json != "null" else { return nil }
        return json.hasPrefix("\"") ? String(json.dropFirst().dropLast()) : json
    }
}
