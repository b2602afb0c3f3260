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
        case endedAt, account, cause, siblings, charge, thumbnail, perceptualHash, link, contentType

        func sql(_ detail: AuditDetail) -> String {
            let hasPictures = detail.contains(.pictures)
            return switch self {
            case .task: "task.id"
            case .index: "output.idx"
            case .createdAt: "task.created_at"
            case .endedAt: "output.ended_at"
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
            case .charge: detail.contains(.charges) ? SQLiteCatalog.charge : "NULL"
            case .prompt: hasPictures || detail.contains(.prompts) ? "task.prompt" : "NULL"
            case .thumbnail: hasPictures ? "output.thumb_digest" : "NULL"
            case .perceptualHash: hasPictures ? "output.perceptual_hash" : "NULL"
            case .link: detail.contains(.delivery) ? Self.record("$.download.url") : "NULL"
            case .contentType: detail.contains(.delivery) ? Self.record("$.download.headers.\"content-type\"") : "NULL"
            case .model, .size, .resolution, .account: "task.\(self)"
            case .place, .state, .reason, .digest, .bytes, .format, .verdict, .width, .height: "output.\(self)"
            }
        }

        private static func record(_ path: String) -> String {
            """
            (SELECT json_extract(CAST(record_copy.bytes AS TEXT), '\(path)') FROM record_copy WHERE record_copy.output = output.key)
            """
        }
    }

    /// A JSON array of the three fields of a charge, with the numbers as the upstream wrote them. As SQL values, SQLite would
    /// convert them to binary floating point.
    private static let charge =
        "json_extract(task.answer, '$.usage.credits_used', '$.usage.cost.credits', '$.usage.cost.usd')"

    /// Why the upstream refused a call, in its own words.
    private static let error = "json_extract(task.answer, '$.error.code', '$.error.type')"

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
            let charge = detail.contains(.charges) ? Self.charge : "NULL"
            let rows = try Row.fetchCursor(
                database,
                sql:
                    "SELECT *, \(charge) AS charge, \(Self.error) AS error FROM task WHERE \(filter.sql) ORDER BY place DESC LIMIT :limit",
                arguments: filter.arguments + ["limit": query.limit ?? -1])
            var tasks: [AuditTask] = []
            while let row = try rows.next() {
                var task = AuditTask(
                    id: try Self.taskID(row.text("id")),
                    state: row.text("state").flatMap(TaskState.init(rawValue:)) ?? .unavailable)
                task.reason = row.text("reason")?.unstored
                task.createdAt = row.date("created_at") ?? row.date("discovered_at")
                task.cause = row.text("cause").flatMap(FailureCause.init(rawValue:))
                task.isRefused = Self.isRefusal(row.text("error"))
                task.model = row.text("model")?.unstored
                task.account = row.integer("account") ?? 0
                task.request = Self.request(row)
                task.charge = Self.charge(row.text("charge"))
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
        entry.endedAt = number(.endedAt).map(Date.init(milliseconds:))
        entry.model = text(.model)
        entry.account = number(.account) ?? 0
        entry.siblings = Int(number(.siblings) ?? 1)
        entry.charge = Self.charge(row[Column.charge.rawValue] as String?)
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
}

/// Charges.
extension SQLiteCatalog {
    package func chargeTallies() async throws -> [ChargeTally] {
        try await read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT model, has_request, size, resolution, charge, COUNT(*) AS calls FROM (
                        SELECT model, has_request, size, resolution, \(Self.charge) AS charge FROM task
                        WHERE answer IS NOT NULL)
                    GROUP BY model, has_request, size, resolution, charge
                    """)
            var tallies: [ChargeTally] = []
            while let row = try rows.next() {
                let request =
                    row.flag("has_request")
                    ? RecordedRequest(size: row.text("size")?.unstored, resolution: row.text("resolution")?.unstored) : nil
                tallies.append(
                    ChargeTally(
                        model: row.text("model")?.unstored, request: request, charge: Self.charge(row.text("charge")),
                        calls: Int(row.integer("calls") ?? 0)))
            }
            return tallies
        }
    }

    /// Reads a JSON array of numbers, of strings with numbers, and of other values, which are ignored.
    static func charge(_ array: String?) -> RecordedCharge {
        guard let array, array.utf8.first == 0x5B else { return RecordedCharge() }
        let items = elements(array.utf8.dropFirst().dropLast())
        guard items.count == 3 else { return RecordedCharge() }
        return RecordedCharge(creditsUsed: number(items[0]), costCredits: number(items[1]), costUSD: number(items[2]))
    }

    /// The elements of a JSON array without its brackets, as they are written.
    private static func elements(_ text: Substring.UTF8View) -> [Substring] {
        var (items, start, depth, isText, isEscaped): ([Substring], String.Index, Int, Bool, Bool) = (
            [], text.startIndex, 0, false, false
        )
        for index in text.indices {
            let byte = text[index]
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == 0x5C {
                    isEscaped = true
                } else if byte == 0x22 {
                    isText = false
                }
                continue
            }
            switch byte {
            case 0x22: isText = true
            case 0x5B, 0x7B: depth += 1
            case 0x5D, 0x7D: depth -= 1
            case 0x2C where depth == 0:
                items.append(Substring(text[start..<index]))
                start = text.index(after: index)
            default: break
            }
        }
        return items + [Substring(text[start...])]
    }

    /// A JSON number, or the contents of a JSON string, exactly as written.
    private static func number(_ json: Substring) -> String? {
        guard json != "null" else { return nil }
        return json.first == "\"" ? String(json.dropFirst().dropLast()) : String(json)
    }

    /// Whether an error code or type means that the request itself was refused.
    private static func isRefusal(_ error: String?) -> Bool {
        guard let error = error?.lowercased() else { return false }
        return refusals.contains { error.contains($0) }
    }

    /// Parts of error codes: the prompt breaks a rule, or the parameters are wrong.
    private static let refusals = [
        "policy", "moderation", "safety", "sensitive", "nsfw", "invalid_request", "invalid_param", "image_download_failed",
    ]
}
