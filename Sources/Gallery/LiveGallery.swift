package import ArchiveModel
package import Foundation

/// Serves the site that ``GalleryExport`` writes, generating each file on request from the archive's current contents.
///
/// It keeps the facts of every output in memory, about 1 kB each. When a page is requested, it checks for changes: a fingerprint shows
/// which days must be read again. Replaced data files remain available for a while, because pages loaded earlier still request
/// them.
package actor LiveGallery {
    package struct Options: Sendable, Hashable {
        package var title: String
        /// See ``GalleryExport/Options/identity``.
        package var identity: String
        /// See ``GalleryExport/Options/pageSize``.
        package var pageSize: Int
        /// See ``GalleryExport/Options/shardSize``.
        package var shardSize: Int
        /// The seconds for which a snapshot counts as current.
        package var freshness: TimeInterval
        /// The seconds for which data files remain available after they were replaced.
        package var afterlife: TimeInterval
        /// The maximum number of outputs to reread in one check if their day's sums did not change but something was written.
        /// Changes that leave all sums unchanged are rare, and the next check continues with other days.
        package var doubts: Int

        /// - Precondition: `pageSize` and `shardSize` are positive.
        package init(
            title: String = "Gallery", identity: String = "", pageSize: Int = 200, shardSize: Int = 500,
            freshness: TimeInterval = 2,
            afterlife: TimeInterval = 900, doubts: Int = 5_000
        ) {
            precondition(pageSize > 0 && shardSize > 0)
            self.title = title
            self.identity = identity
            self.pageSize = pageSize
            self.shardSize = shardSize
            self.freshness = freshness
            self.afterlife = afterlife
            self.doubts = doubts
        }
    }

    private struct Day {
        var sum: Int
        /// The fingerprint changeToken taken before the day was read.
        var changeToken: CatalogFingerprint.ChangeToken
        var readAt: Date
        var pictures: [GalleryPicture]
    }

    /// A replaced file that an older page may still request.
    private struct Retired {
        var until: Date
        var file: @Sendable () throws -> GalleryFile
    }

    private nonisolated let options: Options
    private nonisolated let assets: GalleryAssets
    private let source: any GallerySource
    private let clock: any WallClock

    private var days: [Date: Day] = [:]
    private var snapshot: GallerySnapshot?
    private var lookedAt: Date?
    private var looking: Task<GallerySnapshot, any Error>?
    private var retired: [String: Retired] = [:]
    /// Cached files of the current snapshot that are slow to generate or requested often.
    private var made: [String: GalleryFile] = [:]

    /// - Throws: ``GalleryError`` with code `damagedTemplate`.
    package init(_ options: Options, source: any GallerySource, clock: any WallClock = SystemClock()) throws {
        self.options = options
        self.source = source
        self.clock = clock
        assets = try GalleryAssets()
    }

    // MARK: Files

    /// The style sheet and the script, which do not depend on the archive.
    package nonisolated func asset(at path: String) -> GalleryFile? {
        [assets.style, assets.script].first { $0.path == path }.map { GalleryFile($0.path, $0.bytes, isImmutable: true) }
    }

    /// One file of the site.
    ///
    /// - Parameter path: Relative to the site's root, as in the pages' links and without percent-encoding: `index.html`,
    ///   `thumbs/ab/ab12...ef.jpg`.
    /// - Returns: `nil` when the site has no such file. For blobs, this does not check whether the archive has the blob.
    /// - Throws: Errors of the source, as long as no snapshot exists. Later errors are ignored and the last snapshot is served.
    package func file(at path: String) async throws -> GalleryFile? {
        if let asset = asset(at: path) { return asset }
        if path == "robots.txt" { return GalleryFile(path, GalleryExport.robots) }
        if let digest = Self.blob(at: path) { return GalleryFile(blob: digest) }
        if path.hasPrefix("data/") || path.hasPrefix("assets/") { return try await dataFile(at: path) }
        let snapshot = try await present()
        if let file = made[path] { return file }
        let file = try await snapshot.file(at: path, identity: options.identity)
        let isShared = [GalleryPlan.calendarPath, GalleryFeed.path, "index.html"].contains(path)
        // A concurrent check may have replaced the snapshot meanwhile.
        if isShared, let file, let latest = self.snapshot, latest.data.path == snapshot.data.path,
            latest.pages.waiting == snapshot.pages.waiting
        {
            made[path] = file
        }
        return file
    }

    /// Data files are named by their contents, so a known file is served without checking for changes.
    private func dataFile(at path: String) async throws -> GalleryFile? {
        if let file = try await knownDataFile(at: path) { return file }
        _ = try await present()
        return try await knownDataFile(at: path)
    }

    private func knownDataFile(at path: String) async throws -> GalleryFile? {
        if let snapshot, snapshot.data.path == path { return GalleryFile(path, snapshot.data.bytes, isImmutable: true) }
        if let shard = snapshot?.shards[path] {
            return try await Self.make { GalleryFile(path, try shard.bytes(), isImmutable: true) }
        }
        if let retired = retired[path] { return try await Self.make(retired.file) }
        return nil
    }

    @concurrent
    private static func make(_ file: @Sendable () throws -> GalleryFile) async throws -> GalleryFile { try file() }

    /// Parses blob paths such as `thumbs/ab/ab12...ef.jpg`.
    private static func blob(at path: String) -> Digest? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, ["thumbs", "previews", "originals"].contains(parts[0]) else { return nil }
        let name = parts[2].split(separator: ".", omittingEmptySubsequences: false)
        guard name.count == 2, ["png", "jpg", "webp", "bin"].contains(name[1]), name[0].utf8.count == 64,
            let digest = Digest(String(name[0])), digest.hex == name[0], digest.hex.prefix(2) == parts[1]
        else { return nil }
        return digest
    }

    // MARK: Changes

    /// The current snapshot. It is at most ``Options/freshness`` seconds old unless the source fails.
    private func present() async throws -> GallerySnapshot {
        if let snapshot, let lookedAt, (0..<options.freshness).contains(clock.now.timeIntervalSince(lookedAt)) { return snapshot }
        let task: Task<GallerySnapshot, any Error>
        if let looking {
            task = looking
        } else {
            // An unstructured task, so that it continues when the first request is cancelled.
            task = Task {
                defer { looking = nil }
                return try await look()
            }
            looking = task
        }
        do { return try await task.value } catch {
            guard let snapshot else { throw error }
            return snapshot
        }
    }

    private func look() async throws -> GallerySnapshot {
        let now = clock.now
        let fingerprint = try await source.fingerprint()
        let waiting = try await source.waiting(asOf: now)
        var hasChanged = false
        for day in days.keys where fingerprint.days[day] == nil {
            days[day] = nil
            hasChanged = true
        }
        for day in try daysToRead(fingerprint) {
            hasChanged = try await read(day, fingerprint, now) || hasChanged
        }
        retired = retired.filter { $0.value.until > now }
        if let snapshot, !hasChanged {
            lookedAt = now
            guard snapshot.pages.waiting != waiting else { return snapshot }
            let renewed = snapshot.with(waiting)
            self.snapshot = renewed
            made["index.html"] = nil
            return renewed
        }
        let pictures = GalleryPlan.arranged(days.sorted { $0.key > $1.key }.flatMap(\.value.pictures))
        let new = try await GallerySnapshot(
            pictures: pictures, title: options.title, pageSize: options.pageSize, shardSize: options.shardSize, assets: assets,
            waiting: waiting, after: snapshot)
        if let snapshot { retire(snapshot, for: new, until: now + options.afterlife) }
        (snapshot, lookedAt, made) = (new, now, [:])
        return new
    }

    /// The days to read again: all days whose fingerprint has changed, and some days whose fingerprint is equal. The latter are
    /// days read before the last write to the catalog, the least recently read first, until they have `options.doubts` pictures.
    private func daysToRead(_ fingerprint: CatalogFingerprint) throws -> [Date] {
        let changed = fingerprint.days.filter { days[$0.key]?.sum != $0.value }.map(\.key)
        let doubtful = days.filter { $0.value.changeToken != fingerprint.changeToken && fingerprint.days[$0.key] == $0.value.sum }
        var budget = options.doubts
        let reread = doubtful.sorted { ($0.value.readAt, $1.key) < ($1.value.readAt, $0.key) }.prefix { day in
            defer { budget -= day.value.pictures.count }
            return budget > 0
        }
        return changed + reread.map(\.key)
    }

    /// - Returns: Whether the pictures of the day have changed.
    private func read(_ day: Date, _ fingerprint: CatalogFingerprint, _ now: Date) async throws -> Bool {
        let old = days[day]?.pictures ?? []
        let known = Dictionary(old.map { ($0.name, $0) }) { first, _ in first }
        let entries = try await source.entries(of: day)
        let pictures = entries.compactMap { GalleryPicture($0, copiesOriginals: true) }.map { picture in
            if let same = known[picture.name], same.entry == picture.entry { same } else { picture }
        }
        days[day] = Day(sum: fingerprint.days[day] ?? 0, changeToken: fingerprint.changeToken, readAt: now, pictures: pictures)
        return pictures.count != old.count || !zip(pictures, old).allSatisfy { $0 === $1 }
    }

    private func retire(_ old: GallerySnapshot, for new: GallerySnapshot, until: Date) {
        for (path, shard) in old.shards where new.shards[path] == nil {
            retired[path] = Retired(until: until) { GalleryFile(path, try shard.bytes(), isImmutable: true) }
        }
        let data = old.data
        if data.path != new.data.path {
            retired[data.path] = Retired(until: until) { GalleryFile(data.path, data.bytes, isImmutable: true) }
        }
    }

    // MARK: Sign-in

    /// The sign-in page, shown to readers without access to the site.
    package enum SignIn: Sendable {
        case asked
        /// The token was wrong.
        case refused
        /// The reader is signed in and can only sign out.
        case done
    }

    /// - Parameter depth: The number of folders between the site's root and the page.
    package nonisolated func signIn(_ state: SignIn, depth: Int = 0) throws -> GalleryFile {
        let root = String(repeating: "../", count: depth)
        var context: [String: Any] = ["style": root + assets.style.path, "root": root, "hasForm": true, "title": options.title]
        context["isRefused"] = state == .refused
        context["isDone"] = state == .done
        return GalleryFile("sign-in.html", try assets.render("signin", context))
    }
}
