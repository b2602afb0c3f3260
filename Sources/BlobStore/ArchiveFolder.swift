package import Foundation

/// The folder an archive lives in, known by its marker.
package struct ArchiveFolder: Sendable {
    /// The marker's contents.
    package struct Marker: Sendable, Codable {
        package var format: String
        package var version: Int
        package var archiveID: String
        package var createdAt: String
        package var about: String
    }

    package static let markerName = "fixative-archive.json"
    package static let currentVersion = 1

    /// Without a slash at the end.
    package let path: String
    package let marker: Marker
    /// Whether this call made the archive.
    package let isNew: Bool
    /// The permissions of what is written from now on.
    package let permissions: ArchivePermissions
    /// Whether its file system keeps the permission bits of each file.
    let keepsModes: Bool
    private let use: ArchiveUse

    package var catalogPath: String { path + "/" + Self.catalogName }
    package var configurationPath: String { path + "/fixative.json" }
    private var root: StorePath { StorePath(root: path) }
    var blobsPath: StorePath { root / "blobs/sha256" }
    var recordsPath: StorePath { root / "records" }
    var quarantinePath: StorePath { root / "quarantine" }
    var ingestPath: StorePath { root / "ingest" }

    static let catalogName = "catalog.sqlite"

    /// - Parameter inside: The path of a file inside the archive.
    func place(_ inside: String) -> StorePath { StorePath(root: path, inside: inside) }

    /// Opens the archive in a folder, or makes one where there is nothing yet.
    ///
    /// A folder that is missing or empty, or holds only a `README.md`, a `fixative.json` or what a creation left that was cut short,
    /// becomes a new archive when `creating` is true. Any other folder without a marker is refused: it is another folder, or an archive
    /// whose disk is not mounted. Of several processes that create at once, all get the archive that the first one made.
    ///
    /// - Parameter permissions: Of what is written from now on; what is there keeps its own.
    /// - Throws: ``BlobStoreError`` with code `markerMissing` or `markerUnreadable`, `notAFile`, or `system`.
    package init(
        path: String, creating: Bool, now: Date, archiveID: UUID = UUID(), permissions: ArchivePermissions = .ownerOnly
    ) throws {
        let folder = URL(fileURLWithPath: path).standardizedFileURL.path
        self.path = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        self.permissions = permissions
        let root = StorePath(root: self.path)
        let markerPath = root / Self.markerName
        var found = try Self.read(markerPath)
        if found == nil {
            let strangers = try Self.strangers(in: root)
            // Another process may be making the archive just now; its marker is there before anything is filed.
            if !strangers.isEmpty { found = try Self.read(markerPath) }
            guard found != nil || (creating && strangers.isEmpty) else {
                throw BlobStoreError(
                    .markerMissing, "open the archive in", path: self.path,
                    detail: strangers.isEmpty
                        ? "there is no archive here"
                        : "it holds \(strangers.prefix(3).joined(separator: ", ")) but no \(Self.markerName)")
            }
        }
        try Self.makeRoot(self.path, permissions)
        for part in Self.parts + ["blobs/sha256"] {
            try Self.makePart(root / part, permissions, isNeeded: found == nil)
        }
        if let found {
            marker = found
            isNew = false
        } else {
            let proposal = Marker(
                format: "fixative-archive", version: Self.currentVersion, archiveID: archiveID.uuidString.lowercased(),
                createdAt: now.formatted(Date.ISO8601FormatStyle()),
                about: "A Fixative archive: blobs/ holds the files by their SHA-256, records/ says what they are. "
                    + "catalog.sqlite can be made again from both.")
            // A creation that was killed may have made this folder's contents without making their names durable.
            try POSIXFile.synchroniseDirectory(root / "blobs")
            isNew = try Self.write(proposal, to: markerPath, in: root, permissions)
            marker = isNew ? proposal : try Self.read(markerPath) ?? proposal
        }
        keepsModes = FileSystem.keepsModes(self.path)
        use = try ArchiveUse(markerPath)
    }

    /// Sees to it that no other process has the archive open, for as long as `body` runs.
    /// - Throws: ``BlobStoreError`` with code `inUse`.
    package func alone<Value>(_ body: () throws -> Value) throws -> Value { try use.alone(body) }

    private static let parts = ["blobs", "records", "ingest", "quarantine"]

    /// What says that a folder without a marker is something else: all but an archive's parts without a file in them, which a creation
    /// leaves that was cut short, and what may lie beside them.
    private static func strangers(in path: StorePath) throws -> [String] {
        let known: Set<String> = ["README.md", "fixative.json"]
        return try POSIXFile.names(in: path).filter { name in
            if known.contains(name) || Litter.isName(name) { return false }
            return try !parts.contains(name) || holdsFiles(path / name)
        }
    }

    private static func holdsFiles(_ path: StorePath) throws -> Bool {
        guard try POSIXFile.isFolder(path) else { return true }
        return try POSIXFile.names(in: path).contains { name in
            try !name.hasPrefix(unfinishedMarker) && !Litter.isName(name) && holdsFiles(path / name)
        }
    }

    /// Whether a writer gives such names to files in `ingest/`: a UUID, alone or behind `marker-`.
    static func isIngestName(_ name: String) -> Bool {
        let plain = name.hasPrefix(unfinishedMarker) ? String(name.dropFirst(unfinishedMarker.count)) : name
        return UUID(uuidString: plain)?.uuidString.lowercased() == plain
    }

    private static let unfinishedMarker = "marker-"

    /// Why the marker is no longer the one of this archive, such as after its disk was unmounted; `nil` when it is.
    package func fileProblem() -> String? {
        let markerPath = root / Self.markerName
        do {
            guard let now = try Self.read(markerPath) else { return "\(markerPath) was removed while this process has it open" }
            return now.archiveID == marker.archiveID ? nil : "\(markerPath) is that of another archive now"
        } catch { return "\(error)" }
    }

    /// What has more permissions than are asked for, in words: one of the archive's folders, its catalog or its marker; `nil` for none.
    package func widerThanAsked() -> String? {
        guard keepsModes else { return nil }
        let places = [root] + (Self.parts + ["blobs/sha256", Self.catalogName, Self.markerName]).map { root / $0 }
        for place in places {
            guard let mode = try? POSIXFile.status(place)?.mode, permissions.isWider(mode) else { continue }
            return "\(place) has the mode \(String(mode & 0o777, radix: 8)), which"
        }
        return nil
    }

    /// Whether any record has been written: then a missing catalog is a lost one, not a new one.
    package var hasRecords: Bool {
        get throws { try POSIXFile.names(in: recordsPath).contains { !Litter.isName($0) } }
    }

    /// Whether there is no catalog, or an empty file in its place.
    package var isCatalogMissing: Bool {
        get throws {
            guard let found = try POSIXFile.status(root / Self.catalogName) else { return true }
            return found.isFile && found.bytes == 0
        }
    }

    /// Whether a regular file is in the place of the catalog.
    package var isCatalogAFile: Bool {
        get throws { try POSIXFile.status(root / Self.catalogName)?.isFile ?? false }
    }

    /// Makes the file of a new catalog with the archive's permissions, which SQLite gives to the files beside it too.
    ///
    /// - Throws: ``BlobStoreError`` with code `notAFile` when one of the catalog's files is a link, a pipe or the like: SQLite would
    ///   follow it or wait for it.
    package func prepareCatalog() throws { try prepare(root / Self.catalogName) }

    /// As ``prepareCatalog()``, for the one at ``newCatalogPath``.
    package func prepareNewCatalog() throws { try prepare(newCatalog) }

    private func prepare(_ catalog: StorePath) throws {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            guard let flaw = try flaw(of: catalog + suffix) else { continue }
            throw BlobStoreError(
                .notAFile, "open", path: "\(catalog + suffix)", detail: "it is \(flaw), not a file of the catalog")
        }
        guard try POSIXFile.status(catalog) == nil else { return }
        do {
            try POSIXFile.create(catalog).setMode(permissions.file)
        } catch let error as BlobStoreError where error.code == .system(EEXIST) {
            // Another process made it just now.
        }
    }

    /// What a file is that does not belong in the place of the catalog or its log; `nil` for one that may be opened, and for none.
    private func flaw(of path: StorePath) throws -> String? {
        guard let found = try POSIXFile.status(path) else { return nil }
        guard found.isFile else { return "\(found.kind)" }
        guard path.name.hasSuffix("-journal"), found.bytes >= Self.journalMagic.count else { return nil }
        // SQLite deletes the file that such a journal names at its end (sqlite.org/fileformat.html, "The Rollback Journal"; `pager.c`,
        // readSuperJournal). The catalog is one database, so no journal of it names another file.
        let end = try POSIXFile.openForReading(path).readEnd(Self.journalMagic.count)
        return end == Self.journalMagic ? "a journal that names another file to delete" : nil
    }

    private static let journalMagic: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]

    /// Moves links, pipes and the like, which lie where SQLite keeps the catalog's log, to the quarantine.
    package func quarantineForeignLogs() throws {
        for suffix in ["-wal", "-shm", "-journal"] {
            let log = root / Self.catalogName + suffix
            guard let flaw = try flaw(of: log) else { continue }
            try Quarantine(folder: self).take(log, note: QuarantineNote([("why", "it is \(flaw), not a file of the catalog")]))
        }
    }

    /// Where a new catalog is made that is to take the place of a damaged one.
    package var newCatalogPath: String { newCatalog.description }

    private var newCatalog: StorePath { root / Self.catalogName + ".new" }

    /// Takes away what an attempt to make a new catalog has left.
    package func clearNewCatalog() throws {
        for suffix in ["", "-wal", "-shm"] { try POSIXFile.remove(newCatalog + suffix) }
    }

    /// Puts the new catalog, closed and whole, in the place of the damaged one, which is kept in `quarantine/`.
    ///
    /// Killed at any point, one of the two is in place.
    ///
    /// - Returns: Where the damaged one lies now; `nil` when there was none.
    /// - Throws: ``BlobStoreError`` with code `inUse` when another process has the archive open.
    package func installNewCatalog(now: Date) throws -> String? {
        try alone {
            let catalog = root / Self.catalogName
            let made = try POSIXFile.openForReading(newCatalog)
            guard try POSIXFile.status(newCatalog + "-wal")?.bytes ?? 0 == 0 else {
                throw BlobStoreError(.inUse, "install", path: newCatalogPath, detail: "part of it is still in its log")
            }
            try made.synchronise()
            var target: String?
            if let damaged = try POSIXFile.status(catalog) {
                let place = try freeCatalogPlace(now: now)
                if damaged.isFile {
                    _ = try POSIXFile.link(catalog, to: place, copyingIn: ingestPath)
                } else {
                    try POSIXFile.rename(catalog, to: place)
                }
                for suffix in ["-wal", "-shm"] where try POSIXFile.status(catalog + suffix) != nil {
                    try POSIXFile.rename(catalog + suffix, to: place + suffix)
                }
                try POSIXFile.synchroniseDirectory(quarantinePath)
                target = "\(place)"
            }
            try POSIXFile.rename(newCatalog, to: catalog)
            // What SQLite leaves when it is closed after the file got its new name.
            try clearNewCatalog()
            try POSIXFile.synchroniseDirectory(root)
            return target
        }
    }

    private func freeCatalogPlace(now: Date) throws -> StorePath {
        let stem = quarantinePath / "catalog-\(now.formatted(Date.ISO8601FormatStyle(timeSeparator: .omitted)))"
        var place = stem + ".sqlite"
        var number = 2
        while try POSIXFile.status(place) != nil {
            place = stem + "-\(number).sqlite"
            number += 1
        }
        return place
    }

    /// The marker; `nil` when there is none.
    private static func read(_ path: StorePath) throws -> Marker? {
        guard try POSIXFile.status(path) != nil else { return nil }
        let bytes = try POSIXFile.openForReading(path).read(upTo: 1 << 16)
        guard let marker = try? JSONDecoder().decode(Marker.self, from: Data(bytes)), marker.format == "fixative-archive" else {
            throw BlobStoreError(.markerUnreadable, "read the marker", path: "\(path)", detail: "it is not a Fixative marker")
        }
        guard marker.version <= currentVersion else {
            throw BlobStoreError(
                .markerUnreadable, "open the archive of", path: "\(path)",
                detail: "its format is version \(marker.version), this program knows up to \(currentVersion)")
        }
        return marker
    }

    /// - Returns: `false` when another process was first: its marker stays.
    private static func write(
        _ marker: Marker, to path: StorePath, in folder: StorePath, _ permissions: ArchivePermissions
    ) throws -> Bool {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let file = try POSIXFile.createClaimed(in: folder / "ingest", prefix: unfinishedMarker)
        // Under its final name it is a marker that nobody uses before it is durable.
        try file.lock()
        let isFirst: Bool
        do {
            try file.write(Array(try encoder.encode(marker)))
            try file.setMode(permissions.file)
            try file.synchronise()
            isFirst = try POSIXFile.publish(file.path, as: path)
        } catch {
            try? POSIXFile.remove(file.path)
            throw error
        }
        try POSIXFile.remove(file.path)
        try POSIXFile.synchroniseDirectory(folder)
        return isFirst
    }

    /// Makes the archive's folder and those above it.
    private static func makeRoot(_ path: String, _ permissions: ArchivePermissions) throws {
        guard try POSIXFile.status(StorePath(root: path)) == nil else { return }
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if parent != path { try makeRoot(parent, permissions) }
        if try POSIXFile.makeDirectory(StorePath(root: path), permissions) {
            try POSIXFile.synchroniseDirectory(StorePath(root: parent))
        }
    }

    /// - Parameter isNeeded: Whether a disk that takes nothing is an error: an archive can be read without a part that is empty.
    private static func makePart(_ path: StorePath, _ permissions: ArchivePermissions, isNeeded: Bool) throws {
        guard let found = try POSIXFile.status(path) else {
            do {
                if try POSIXFile.makeDirectory(path, permissions) { try POSIXFile.synchroniseDirectory(path.parent) }
            } catch let error as BlobStoreError where !isNeeded && error.tellsOfNoWriting {}
            return
        }
        guard found.isFolder else {
            throw BlobStoreError(
                .notAFolder, "open the archive in", path: path.root, detail: "\(path.inside) is \(found.kind), not a folder")
        }
    }
}
