import ArchiveModel
import Foundation
import GRDB
import SizeContract

extension SQLiteCatalog {
    /// The columns that ``entry(_:)`` reads.
    static let entryColumns = """
        output.*, task.id AS id, task.created_at, task.discovered_at, task.model, task.prompt, task.size, task.resolution,
        task.image_urls, task.requested_at, task.has_request
        """

    static func entry(_ row: Row) throws -> OutputEntry {
        var entry = OutputEntry(
            id: try outputID(row["id"], row["idx"]),
            state: (row["state"] as String?).flatMap(OutputState.init(rawValue:)) ?? .waiting, attempts: row["attempts"] ?? 0)
        entry.reason = (row["reason"] as String?)?.unstored
        entry.createdAt = date(row["created_at"])
        entry.deadline = date(row["deadline"])
        entry.endedAt = date(row["ended_at"])
        entry.cause = (row["cause"] as String?).flatMap(FailureCause.init(rawValue:))
        if entry.state == .waiting || entry.state == .leased { entry.failing = failing(row) }
        entry.request = request(row)
        entry.judgement = judgement(row)
        if let digest = (row["digest"] as String?).flatMap({ Digest($0) }) {
            entry.original = OutputEntry.Original(
                digest: digest, bytes: row["bytes"] ?? 0, mediaType: row["media_type"] ?? "application/octet-stream",
                format: row["format"])
        }
        entry.thumbnail = rendition(row, "thumb")
        entry.preview = rendition(row, "preview")
        entry.thumbHash = row["thumb_hash"]
        entry.perceptualHash = row["perceptual_hash"]
        return entry
    }

    /// The failing state of a pending task or output from its row; `nil` if it has not failed.
    private static func failing(_ row: Row) -> FailingState? {
        let deaths: Int = row["deaths"] ?? 0
        let since = date(row["failing_since"]) ?? (deaths > 0 ? date(row["lease_expires_at"] ?? row["due_at"]) : nil)
        guard let since else { return nil }
        let leaseEnds = deaths > 0 && (row["state"] as String?) == "leased" ? date(row["lease_expires_at"]) : nil
        // The same rule as `ClaimSQL.pauseAfterDeaths`.
        let pause = TimeInterval(min(min(deaths, 1000) * min(deaths, 1000) * 10, 1800))
        return FailingState(
            cause: (row["cause"] as String?).flatMap(FailureCause.init(rawValue:)) ?? .unknown, since: since,
            tries: row["attempts"] ?? 0, nextTry: leaseEnds?.addingTimeInterval(pause) ?? Date(milliseconds: row["due_at"] ?? 0),
            deaths: deaths, leaseEnds: leaseEnds)
    }

    private static func judgement(_ row: Row) -> Judgement? {
        guard let verdict = (row["verdict"] as String?).flatMap(Verdict.init(rawValue:)) else { return nil }
        var judgement = Judgement(verdict: verdict)
        judgement.delivered = size(row["width"], row["height"])
        judgement.expected = size(row["expected_width"], row["expected_height"])
        judgement.ratioError = finite(row["ratio_error"])
        judgement.pixelRatio = finite(row["pixel_ratio"])
        judgement.isOnGrid = row["on_grid"]
        judgement.billedTier = (row["billed_tier"] as String?).flatMap(Tier.init(rawValue:))
        judgement.deliveredTier = (row["delivered_tier"] as String?).flatMap(Tier.init(rawValue:))
        judgement.overpaid = overpaid(row["overpaid_tenths"])
        if let ratio = (row["nearest_ratio"] as String?).flatMap({ AspectRatio(parsing: $0) }),
            let tier = (row["nearest_tier"] as String?).flatMap(Tier.init(rawValue:)),
            let nearest = size(row["nearest_width"], row["nearest_height"])
        {
            judgement.nearestCell = SizeContract.Cell(ratio: ratio, tier: tier, size: nearest)
        }
        return judgement
    }

    private static func rendition(_ row: Row, _ name: String) -> OutputEntry.Rendition? {
        guard let digest = (row["\(name)_digest"] as String?).flatMap({ Digest($0) }),
            let size = size(row["\(name)_width"], row["\(name)_height"])
        else { return nil }
        return OutputEntry.Rendition(
            digest: digest, mediaType: row["\(name)_type"] ?? "image/jpeg", width: size.width, height: size.height)
    }

    /// `nil` for impossible sides, which a damaged or foreign catalog may contain.
    static func size(_ width: Int?, _ height: Int?) -> PixelSize? {
        let sides = 1...PixelSize.maximumSide
        guard let width, let height, sides.contains(width), sides.contains(height) else { return nil }
        return PixelSize(width: width, height: height)
    }

    /// `nil` for a number so large that a sum of such numbers could overflow.
    static func overpaid(_ tenths: Int?) -> PriceMultiplier? {
        tenths.flatMap { $0.magnitude <= 1_000_000 ? PriceMultiplier(tenths: $0) : nil }
    }

    static func taskEntry(_ row: Row) throws -> TaskEntry {
        var entry = TaskEntry(
            id: try taskID(row["id"]), state: (row["state"] as String?).flatMap(TaskState.init(rawValue:)) ?? .waiting,
            reason: (row["reason"] as String?)?.unstored, source: (row["source"] as String?)?.unstored ?? "",
            createdAt: date(row["created_at"]),
            discoveredAt: Date(milliseconds: row["discovered_at"] ?? 0), request: request(row))
        entry.cause = (row["cause"] as String?).flatMap(FailureCause.init(rawValue:))
        if [.waiting, .leased, .held].contains(entry.state) { entry.failing = failing(row) }
        return entry
    }

    static func request(_ row: Row) -> RecordedRequest? {
        guard (row["has_request"] as Int?) == 1 else { return nil }
        let urls = (row["image_urls"] as String?).flatMap { try? ArchiveDecoder.decode([String].self, from: $0) }
        func text(_ name: String) -> String? { (row[name] as String?)?.unstored }
        return RecordedRequest(
            model: text("model"), prompt: text("prompt"), size: text("size"), resolution: text("resolution"), imageURLs: urls,
            recordedAt: date(row["requested_at"]))
    }

    static func taskID(_ text: String?) throws -> TaskID {
        guard let id = text.flatMap({ TaskID($0) }) else {
            throw CatalogError(.database, "row", detail: "'\(text ?? "NULL")' is not a task ID")
        }
        return id
    }

    static func outputID(_ task: String?, _ index: Int?) throws -> OutputID {
        guard let index, index >= 0 else { throw CatalogError(.database, "row", detail: "an output has no number") }
        return OutputID(task: try taskID(task), index: index)
    }

    static func date(_ milliseconds: Int64?) -> Date? { milliseconds.map(Date.init(milliseconds:)) }

    static func json(_ text: String?) -> JSONValue? {
        text.flatMap { try? ArchiveDecoder.decode(JSONValue.self, from: $0) }
    }

    static func text(of json: JSONValue) throws -> String {
        String(decoding: try JSONEncoder.archive(pretty: false).encode(json), as: UTF8.self)
    }

    /// `nil` for NaN and infinity, which JSON can't represent.
    static func finite(_ number: Double?) -> Double? { number.flatMap { $0.isFinite ? $0 : nil } }
}
