package import ArchiveModel
internal import Foundation

/// What a run of the gallery did.
package struct GallerySummary: Sendable, Hashable {
    /// Files written, replaced or linked.
    package var written: Int
    /// Files that were right already.
    package var kept: Int
    /// Files of earlier runs that the site no longer needs.
    package var removed: Int
    /// Outputs in the gallery, with those that are unreadable or unavailable.
    package var pictures: Int
    /// Outputs left out because they are still on their way.
    package var pending: Int

    package init(written: Int, kept: Int, removed: Int, pictures: Int, pending: Int) {
        self.written = written
        self.kept = kept
        self.removed = removed
        self.pictures = pictures
        self.pending = pending
    }
}

/// Writes the archive as a static site, which works from a disk, from any web server and without JavaScript.
///
/// A second run into the same folder writes only what changed. Pages and data are cut so that a new picture changes few of them: they
/// fill from the oldest picture on, and the index takes what is over. The index is written after everything that it names, and old
/// files go last, so a run that is interrupted leaves the old site whole.
package struct GalleryExport: Sendable {
    package struct Options: Sendable, Hashable {
        /// How blobs come into the site, where the source has them as local files.
        package enum Transfer: Sendable, Hashable {
            case copy
            /// Hard links where the file system allows, copies elsewhere. The site then shares the archive's files: for reading only.
            case link
        }

        package var title: String
        /// Where the site will be read, such as `https://pictures.example.org/studio/`; makes the feed's links absolute. Pages are relative
        /// in any case.
        package var baseURL: String?
        /// What tells this gallery from every other, such as its archive's id and its title: the feed's id is made from it, so it
        /// should stay the same from run to run.
        package var identity: String
        /// The folder of the site: empty, not yet there, or written by an earlier run.
        package var output: String
        /// Whether the site holds the delivered files themselves, for 1:1 view and download.
        package var includesOriginals: Bool
        package var transfer: Transfer
        /// Pictures on a page that runs no script; the index takes up to twice as many, less one.
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
    ///   - entries: The outputs to show, in any order; newest first needs no sorting. Those still on their way are left out.
    ///   - waiting: What the archive still waits for; `nil` when nothing does, or when the pages should not say it.
    ///   - blobs: Asked only for blobs that the site does not have yet.
    /// - Throws: ``GalleryError`` for a folder that is not ours or cannot be written, and for a blob that the archive cannot give;
    ///   `CancellationError` when cancelled. A site that was there before still works then.
    @concurrent
    package func write(
        _ entries: [OutputEntry], waiting: WaitingList? = nil, blobs: some GalleryBlobSource
    ) async throws -> GallerySummary {
        let shown = entries.compactMap { GalleryPicture($0, copiesOriginals: options.includesOriginals) }
        let pictures = GalleryPlan.arranged(shown)
        return try await write(pictures, waiting, pending: entries.count - shown.count, blobs: blobs)
    }

    /// As ``write(_:waiting:blobs:)``, for outputs that come one by one. They are gathered before anything is written: about 1 kB each.
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
