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
            id: try outputID(row),
            state: row.text("state").flatMap(OutputState.init(rawValue:)) ?? .waiting, attempts: row.counter("attempts"))
        entry.reason = row.text("reason")?.unstored
        entry.createdAt = row.date("created_at")
        entry.deadline = row.date("deadline")
        entry.endedAt = row.date("ended_at")
        entry.cause = row.text("cause").flatMap(FailureCause.init(rawValue:))
        if entry.state == .waiting || entry.state == .leased { entry.failing = failing(row) }
        entry.request = request(row)
        entry.judgement = judgement(row)
        if let digest = row.text("digest").flatMap({ Digest($0) }) {
            entry.original = OutputEntry.Original(
                digest: digest, bytes: row.fileSize("bytes"), mediaType: row.text("media_type") ?? MediaType.unknown,
                format: row.text("format"))
        }
        entry.thumbnail = rendition(row, "thumb")
        entry.preview = rendition(row, "preview")
        entry.thumbHash = row.text("thumb_hash")
        entry.perceptualHash = row.text("perceptual_hash")
        entry.credentials = credentialSummary(row)
        return entry
    }

    /// The failing state of a pending task or output from its row; `nil` if it has not failed.
    private static func failing(_ row: Row) -> FailingState? {
        let deaths = row.counter("deaths")
        let due = row.date("due_at") ?? Date(milliseconds: 0)
        let leaseEnd = row.date("lease_expires_at")
        let since = row.date("failing_since") ?? (deaths > 0 ? leaseEnd ?? due : nil)
        guard let since else { return nil }
        let leaseEnds = deaths > 0 && row.text("state") == "leased" ? leaseEnd : nil
        // The same rule as `ClaimSQL.pauseAfterDeaths`.
        let pause = TimeInterval(min(deaths * deaths * 10, 1800))
        return FailingState(
            cause: row.text("cause").flatMap(FailureCause.init(rawValue:)) ?? .unknown, since: since,
            tries: row.counter("attempts"), nextTry: leaseEnds?.addingTimeInterval(pause) ?? due, deaths: deaths,
            leaseEnds: leaseEnds)
    }

    private static func judgement(_ row: Row) -> Judgement? {
        guard let verdict = row.text("verdict").flatMap(Verdict.init(rawValue:)) else { return nil }
        var judgement = Judgement(verdict: verdict)
        judgement.delivered = size(row.integer("width"), row.integer("height"))
        judgement.expected = size(row.integer("expected_width"), row.integer("expected_height"))
        judgement.ratioError = finite(row.fraction("ratio_error"))
        judgement.pixelRatio = finite(row.fraction("pixel_ratio"))
        judgement.isOnGrid = row.integer("on_grid").map { $0 != 0 }
        judgement.billedTier = row.text("billed_tier").flatMap(Tier.init(rawValue:))
        judgement.deliveredTier = row.text("delivered_tier").flatMap(Tier.init(rawValue:))
        judgement.overpaid = overpaid(row.integer("overpaid_tenths"))
        if let ratio = row.text("nearest_ratio").flatMap({ AspectRatio(parsing: $0) }),
            let tier = row.text("nearest_tier").flatMap(Tier.init(rawValue:)),
            let nearest = size(row.integer("nearest_width"), row.integer("nearest_height"))
        {
            judgement.nearestCell = SizeContract.Cell(ratio: ratio, tier: tier, size: nearest)
        }
        return judgement
    }

    private static func rendition(_ row: Row, _ name: String) -> OutputEntry.Rendition? {
        guard let digest = row.text("\(name)_digest").flatMap({ Digest($0) }),
            let size = size(row.integer("\(name)_width"), row.integer("\(name)_height"))
        else { return nil }
        return OutputEntry.Rendition(
            digest: digest, mediaType: row.text("\(name)_type") ?? "image/jpeg", width: size.width, height: size.height)
    }

    /// `nil` for impossible sides, which a damaged or foreign catalog may contain.
    static func size(_ width: Int64?, _ height: Int64?) -> PixelSize? {
        let sides = 1...Int64(PixelSize.maximumSide)
        guard let width, let height, sides.contains(width), sides.contains(height) else { return nil }
        return PixelSize(width: Int(width), height: Int(height))
    }

    /// `nil` for a number so large that a sum of such numbers could overflow.
    static func overpaid(_ tenths: Int64?) -> PriceMultiplier? {
        tenths.flatMap { (-Largest.price...Largest.price).contains($0) ? PriceMultiplier(tenths: Int($0)) : nil }
    }

    static func taskEntry(_ row: Row) throws -> TaskEntry {
        var entry = TaskEntry(
            id: try taskID(row.text("id")), state: row.text("state").flatMap(TaskState.init(rawValue:)) ?? .waiting,
            reason: row.text("reason")?.unstored, source: row.text("source")?.unstored ?? "", createdAt: row.date("created_at"),
            discoveredAt: row.date("discovered_at") ?? Date(milliseconds: 0), request: request(row))
        entry.cause = row.text("cause").flatMap(FailureCause.init(rawValue:))
        if [.waiting, .leased, .held].contains(entry.state) { entry.failing = failing(row) }
        return entry
    }

    static func request(_ row: Row) -> RecordedRequest? {
        guard row.integer("has_request") == 1 else { return nil }
        let urls = row.text("image_urls").flatMap { try? ArchiveDecoder.decode([String].self, from: $0) }
        func text(_ name: String) -> String? { row.text(name)?.unstored }
        return RecordedRequest(
            model: text("model"), prompt: text("prompt"), size: text("size"), resolution: text("resolution"), imageURLs: urls,
            recordedAt: row.date("requested_at"))
    }

    static func taskID(_ text: String?) throws -> TaskID {
        guard let id = text.flatMap({ TaskID($0) }) else {
            throw CatalogError(.database, "row", detail: "'\(text ?? "NULL")' is not a task ID")
        }
        return id
    }

    static func outputID(_ row: Row) throws -> OutputID { try outputID(row.text("id"), row.integer("idx")) }

    static func outputID(_ task: String?, _ index: Int64?) throws -> OutputID {
        guard let index else { throw CatalogError(.database, "row", detail: "an output has no number") }
        return OutputID(task: try taskID(task), index: Int(index.limited(to: Largest.index)))
    }

    static func json(_ text: String?) -> JSONValue? {
        text.flatMap { try? ArchiveDecoder.decode(JSONValue.self, from: $0) }
    }

    static func text(of json: JSONValue) throws -> String {
        String(decoding: try JSONEncoder.archive(pretty: false).encode(json), as: UTF8.self)
    }

    /// `nil` for NaN and infinity, which JSON can't represent.
    static func finite(_ number: Double?) -> Double? { number.flatMap { $0.isFinite ? $0 : nil } }
}
