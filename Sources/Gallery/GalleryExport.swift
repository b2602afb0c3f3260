package import ArchiveModel
internal import Foundation

/// The results of a gallery export.
package struct GallerySummary: Sendable, Hashable {
    /// Files written, replaced or linked.
    package var written: Int
    /// Files that were already up to date.
    package var kept: Int
    /// Files of earlier exports that were deleted because they are no longer needed.
    package var removed: Int
    /// Outputs in the gallery, including unreadable and unavailable ones.
    package var pictures: Int
    /// Outputs left out because they are still pending.
    package var pending: Int

    package init(written: Int, kept: Int, removed: Int, pictures: Int, pending: Int) {
        self.written = written
        self.kept = kept
        self.removed = removed
        self.pictures = pictures
        self.pending = pending
    }
}

/// Exports the archive as a static site that works from a disk, on any web server and without JavaScript.
///
/// A second export into the same folder writes only changed files. Pages and data files are filled with the oldest pictures
/// first, and the index contains the newest pictures. So a new picture changes few files.
///
/// The index is written after all files that it refers to, and old files are deleted last. So an interrupted export leaves the
/// old site intact.
package struct GalleryExport: Sendable {
    package struct Options: Sendable, Hashable {
        /// How blobs are put into the site if the source has them as local files.
        package enum Transfer: Sendable, Hashable {
            case copy
            /// Hard links if the file system supports them, otherwise copies. The site then shares files with the archive and
            /// must be treated as read-only.
            case link
        }

        package var title: String
        /// The public URL of the site, such as `https://pictures.example.org/studio/`. It makes links in the feed absolute; pages
        /// always use relative links.
        package var baseURL: String?
        /// Identifies this gallery, for example by its archive's ID and its title. The feed's ID is derived from it, so it should
        /// stay the same in every export.
        package var identity: String
        /// The folder of the site: empty, missing, or written by an earlier export.
        package var output: String
        /// Whether the site includes the originals, for 1:1 view and download.
        package var includesOriginals: Bool
        package var transfer: Transfer
        /// Pictures on each page for readers without JavaScript. The index holds up to twice as many, minus one.
        package var pageSize: Int
        /// Pictures in one data file of the script.
        package var shardSize: Int

        /// - Precondition: `pageSize` and `shardSize` are positive.
        package init(
            title: String = "Gallery", baseURL: String? = nil, identity: String = "", output: String,
            includesOriginals: Bool = false, transfer: Transfer = .copy, pageSize: Int = 200, shardSize: Int = 500
        ) {
            precondition(pageSize > 0 && shardSize > 0)
            self.title = title
            self.baseURL = baseURL
            self.identity = identity
            self.output = output
            self.includesOriginals = includesOriginals
            self.transfer = transfer
            self.pageSize = pageSize
            self.shardSize = shardSize
        }
    }

    static let robots = Array("User-agent: *\nDisallow: /\n".utf8)

    private let options: Options
    private let assets: GalleryAssets

    package init(_ options: Options) throws {
        self.options = options
        self.assets = try GalleryAssets()
    }

    /// Writes or updates the site.
    ///
    /// - Parameters:
    ///   - entries: The outputs to show, in any order. Pending ones are left out.
    ///   - waiting: The pending outputs and tasks; `nil` when there are none or when pages should not mention them.
    ///   - blobs: Used only for blobs that the site does not have yet.
    /// - Throws: ``GalleryError`` for a foreign or unwritable folder and for a blob that the archive can't provide;
    ///   `CancellationError` when cancelled. An earlier site in the folder still works then.
    @concurrent
    package func write(
        _ entries: [OutputEntry], waiting: WaitingList? = nil, blobs: some GalleryBlobSource
    ) async throws -> GallerySummary {
        let shown = entries.compactMap { GalleryPicture($0, copiesOriginals: options.includesOriginals) }
        let pictures = GalleryPlan.arranged(shown)
        return try await write(pictures, waiting, pending: entries.count - shown.count, blobs: blobs)
    }

    /// Like ``write(_:waiting:blobs:)``, for a sequence of outputs. All of them are collected before anything is written, about 1
    /// kB each.
    @concurrent
    package func write<Entries: AsyncSequence & Sendable>(
        _ entries: Entries, waiting: WaitingList? = nil, blobs: some GalleryBlobSource
    ) async throws -> GallerySummary where Entries.Element == OutputEntry {
        var gathered: [OutputEntry] = []
        for try await entry in entries { gathered.append(entry) }
        return try await write(gathered, waiting: waiting, blobs: blobs)
    }

    private func write(
        _ pictures: [GalleryPicture], _ waiting: WaitingList?, pending: Int, blobs: some GalleryBlobSource
    ) async throws -> GallerySummary {
        let plan = GalleryPlan(pictures: pictures, pageSize: options.pageSize, shardSize: options.shardSize)
        let pages = GalleryPages(title: options.title, plan: plan, assets: assets, waiting: waiting)
        var folder = try GalleryFolder(root: options.output)

        for picture in pictures { try await writeBlobs(of: picture, from: blobs, into: &folder) }
        for asset in [assets.style, assets.script] { try folder.write(asset.bytes, to: asset.path) }
        for position in pictures.indices {
            try Task.checkCancellation()
            try folder.write(pages.picture(at: position), to: pictures[position].page)
        }
        for page in plan.older { try folder.write(pages.older(page), to: page.path) }
        if !plan.older.isEmpty { try folder.write(pages.calendar(), to: GalleryPlan.calendarPath) }
        var shards: [GalleryPages.ShardFile] = []
        for shard in plan.shards {
            try Task.checkCancellation()
            let (file, bytes) = try pages.shard(shard)
            try folder.write(bytes, to: file.path)
            shards.append(file)
        }
        let data = try pages.data(shards: shards)
        try folder.write(data.bytes, to: data.path)
        try folder.write(GalleryManifest.bytes(title: options.title, pictures: pictures), to: "manifest.json")
        let feed = GalleryFeed(title: options.title, baseURL: options.baseURL, identity: options.identity, pictures: pictures)
        try folder.write(assets.render("feed", feed.context), to: GalleryFeed.path)
        try folder.write(Self.robots, to: "robots.txt")
        try folder.write(pages.index(data: data), to: "index.html")
        let removed = try folder.finish()
        return GallerySummary(
            written: folder.written, kept: folder.kept, removed: removed, pictures: pictures.count, pending: pending)
    }

    private func writeBlobs(
        of picture: GalleryPicture, from blobs: some GalleryBlobSource, into folder: inout GalleryFolder
    ) async throws {
        try Task.checkCancellation()
        for media in [picture.thumbnail, picture.preview, picture.original] {
            guard let media else { continue }
            try await folder.write(media.digest, to: media.path, from: blobs, linking: options.transfer == .link)
        }
    }
}
