internal import ArchiveModel
internal import Foundation
internal import Markup
internal import SizeContract

/// Renders the pages and data files of a site.
struct GalleryPages: Sendable {
    struct ShardFile: Sendable, Encodable {
        let path: String
        let count: Int
    }

    let title: String
    let plan: GalleryPlan
    let assets: GalleryAssets
    /// `nil` when nothing is pending.
    var waiting: WaitingList?

    // MARK: Pages

    func index(data: GalleryAssets.Asset) throws -> [UInt8] {
        var context = context(of: plan.index)
        context["script"] = assets.script.path
        context["data"] = data.path
        context["title"] = title
        context["isEmpty"] = plan.pictures.isEmpty
        context["span"] = span(plan.pictures.indices)
        context["summary"] = summary
        context["isDated"] = isDated
        context["feed"] = GalleryFeed.path
        context["waiting"] = waiting.map { WaitingContext($0).context }
        return try assets.render("index", context)
    }

    /// The list of all pages. It is not part of the index, where it would be the longest part with 100,000 pictures.
    func calendar() throws -> [UInt8] {
        var context = pageContext(root: "")
        context["site"] = title
        let pages = [plan.index] + plan.older
        context["pages"] = pages.map { page in
            let count = NumberFormat.counted(page.pictures.count, "picture", "pictures")
            return ["href": page.path, "label": span(page.pictures) ?? "Undated", "count": count]
        }
        return try assets.render("calendar", context)
    }

    func older(_ page: GalleryPlan.Page) throws -> [UInt8] {
        var context = context(of: page)
        context["site"] = title
        context["title"] = span(page.pictures) ?? "Undated"
        return try assets.render("older", context)
    }

    func picture(at position: Int) throws -> [UInt8] {
        let picture = plan.pictures[position]
        var context = pageContext(root: "../")
        context["site"] = title
        context.merge(TileContext(picture).context) { $1 }
        context["home"] = "../\(plan.page(showing: position).path)#p-\(picture.name)"
        context["viewer"] = "../index.html#p=\(picture.name)"
        if position > 0 { context["newer"] = "\(plan.pictures[position - 1].name).html" }
        if position + 1 < plan.pictures.count { context["older"] = "\(plan.pictures[position + 1].name).html" }
        return try assets.render("picture", context)
    }

    // MARK: Data of the script

    func shard(_ shard: GalleryPlan.Page) throws -> (ShardFile, [UInt8]) {
        try Self.shard(number: shard.number, plan.pictures[shard.pictures])
    }

    static func shard(number: Int, _ pictures: ArraySlice<GalleryPicture>) throws -> (ShardFile, [UInt8]) {
        let head = "fixativeGallery.shard(\(number),["
        let bytes = Array(head.utf8) + (try GalleryManifest.lines(pictures)) + Array("]);\n".utf8)
        let asset = GalleryAssets.Asset(name: "\(number)", kind: "js", bytes: bytes)
        let path = "data/" + asset.path.dropFirst("assets/".count)
        return (ShardFile(path: path, count: pictures.count), bytes)
    }

    /// The first data that the script loads: the paths of the data files and the meaning of the verdicts.
    func data(shards: [ShardFile]) throws -> GalleryAssets.Asset {
        struct Start: Encodable {
            let total: Int
            let shards: [ShardFile]
            let verdicts: [VerdictLabel]
            let credentials: [CredentialWords]
            let clocks: [String: String]
        }
        let start = Start(
            total: plan.pictures.count, shards: shards, verdicts: VerdictLabel.all, credentials: CredentialWords.all,
            clocks: CredentialWords.clocks)
        let bytes = Array("window.fixativeStart=".utf8) + (try ScriptJSON.encode(start)) + Array(";\n".utf8)
        return GalleryAssets.Asset(name: "data", kind: "js", bytes: bytes)
    }

    // MARK: Contexts

    private func pageContext(root: String) -> [String: Any] { ["style": root + assets.style.path] }

    private func context(of page: GalleryPlan.Page) -> [String: Any] {
        var context = pageContext(root: "")
        context["months"] = months(page.pictures)
        if let newer = plan.newer(than: page) { context["newer"] = newer.path }
        if let older = plan.older(than: page) { context["older"] = older.path }
        if !plan.older.isEmpty { context["calendar"] = GalleryPlan.calendarPath }
        return context
    }

    private func months(_ range: Range<Int>) -> [[String: Any]] {
        var months: [(key: String, name: String, tiles: [[String: Any]])] = []
        for position in range {
            let picture = plan.pictures[position]
            let time = picture.date.map(CivilTime.init)
            let key = time?.monthKey ?? "undated"
            if months.last?.key != key { months.append((key, time?.monthName ?? "Undated", [])) }
            // The first rows are visible at once, so they are loaded eagerly.
            months[months.count - 1].tiles.append(TileContext(picture).tile(isFirst: position - range.lowerBound < 12))
        }
        return months.map { ["key": $0.key, "name": $0.name, "tiles": $0.tiles] }
    }

    /// `3 August 2026 – 22 November 2026`; `nil` if no picture has a date.
    private func span(_ range: Range<Int>) -> String? {
        let dates = plan.pictures[range].compactMap(\.date)
        guard let newest = dates.first, let oldest = dates.last else { return nil }
        let (first, last) = (CivilTime(oldest).dayName, CivilTime(newest).dayName)
        return first == last ? first : "\(first) – \(last)"
    }

    /// Whether the page reserves space for the control that jumps to a month. The control needs more than 60 dated pictures, from
    /// more than one month.
    private var isDated: Bool {
        let dates = plan.pictures.compactMap(\.date)
        guard dates.count > 60, let newest = dates.first, let oldest = dates.last else { return false }
        return CivilTime(newest).monthKey != CivilTime(oldest).monthKey
    }

    private var summary: [[String: Any]] {
        let counts = plan.pictures.reduce(into: [:]) { $0[$1.words.id, default: 0] += 1 }
        let complaints = VerdictLabel.all.reduce(0) { $1.isComplaint ? $0 + counts[$1.id, default: 0] : $0 }
        let all = plan.pictures.count
        let figures: [(filter: String, number: Int, label: String, tone: String, isAlways: Bool)] = [
            ("", all, all == 1 ? "output" : "outputs", "plain", true),
            ("exact", counts["exact", default: 0], "exact", "good", true),
            ("accepted", counts["accepted", default: 0], "accepted", "good", false),
            ("complaint", complaints, "not as requested", "warning", true),
            ("unrequested", counts["unrequested", default: 0], "without a request", "neutral", false),
            ("undecodable", counts["undecodable", default: 0], "unreadable", "bad", false),
            ("unread", counts["unread", default: 0], "not read", "neutral", false),
            ("unavailable", counts["unavailable", default: 0], "unavailable", "neutral", true),
        ]
        return figures.filter { $0.isAlways || $0.number > 0 }.map {
            ["filter": $0.filter, "number": NumberFormat.grouped($0.number), "label": $0.label, "tone": $0.tone]
        }
    }
}
