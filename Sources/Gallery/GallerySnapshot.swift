internal import ArchiveModel

/// An immutable state of a live gallery: its pages and the names of its data files.
struct GallerySnapshot: Sendable {
    /// A data file's name and source data. The contents are generated on request and are always the same.
    struct Shard: Sendable {
        let file: GalleryPages.ShardFile
        let number: Int
        let pictures: [GalleryPicture]

        func bytes() throws -> [UInt8] { try GalleryPages.shard(number: number, pictures[...]).1 }
    }

    private(set) var pages: GalleryPages
    /// By path.
    let shards: [String: Shard]
    let data: GalleryAssets.Asset
    private let positions: [String: Int]

    /// - Parameter old: The previous snapshot. Its data files with unchanged pictures are reused, because computing a name
    ///   requires generating the file.
    @concurrent
    init(
        pictures: [GalleryPicture], title: String, pageSize: Int, shardSize: Int, assets: GalleryAssets,
        waiting: WaitingList?, after old: GallerySnapshot?
    ) async throws {
        let plan = GalleryPlan(pictures: pictures, pageSize: pageSize, shardSize: shardSize)
        pages = GalleryPages(title: title, plan: plan, assets: assets, waiting: waiting)
        let known = Dictionary((old?.shards.values).map { $0.map { ($0.number, $0) } } ?? []) { $1 }
        var shards: [Shard] = []
        for page in plan.shards {
            let shown = Array(pictures[page.pictures])
            if let same = known[page.number], same.pictures.count == shown.count,
                zip(same.pictures, shown).allSatisfy({ $0 === $1 })
            {
                shards.append(same)
            } else {
                try Task.checkCancellation()
                let file = try GalleryPages.shard(number: page.number, shown[...]).0
                shards.append(Shard(file: file, number: page.number, pictures: shown))
            }
        }
        data = try pages.data(shards: shards.map(\.file))
        self.shards = Dictionary(shards.map { ($0.file.path, $0) }) { $1 }
        positions = Dictionary(pictures.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    /// A copy with the same pictures and a different list of pending entries.
    func with(_ waiting: WaitingList?) -> GallerySnapshot {
        var copy = self
        copy.pages.waiting = waiting
        return copy
    }

    /// A page, the feed, the manifest or another file by its path; `nil` when the site has no such file.
    @concurrent
    func file(at path: String, identity: String) async throws -> GalleryFile? {
        switch path {
        case "index.html": return GalleryFile(path, try pages.index(data: data))
        case GalleryPlan.calendarPath: return pages.plan.older.isEmpty ? nil : GalleryFile(path, try pages.calendar())
        case GalleryFeed.path:
            let feed = GalleryFeed(title: pages.title, baseURL: nil, identity: identity, pictures: pages.plan.pictures)
            return GalleryFile(path, try pages.assets.render("feed", feed.context))
        case "manifest.json":
            let parts = GalleryManifest.Parts(title: pages.title, pictures: pages.plan.pictures)
            // The data file's name changes with the same facts, so the tag is derived from it.
            let tag = String(Digest(of: "\(pages.title) \(data.path)").hex.prefix(32))
            return GalleryFile(path, tag: tag, pieces: parts.count) { try parts.part($0) }
        default: break
        }
        if path.hasPrefix("pictures/"), path.hasSuffix(".html"),
            let position = positions[String(path.dropFirst("pictures/".count).dropLast(".html".count))]
        {
            return GalleryFile(path, try pages.picture(at: position))
        }
        guard let page = pages.plan.older.first(where: { $0.path == path }) else { return nil }
        return GalleryFile(path, try pages.older(page))
    }
}
