package import Foundation

/// The folder of an archive. A marker file identifies it.
package struct ArchiveFolder: Sendable {
    /// The contents of the marker file.
    package struct Marker: Sendable, Codable {
        package var format: String
        package var version: Int
        package var archiveID: String
        package var createdAt: String
        package var about: String
    }

    package static let markerName = "fixative-archive.json"
    package static let currentVersion = 1

    /// Without a trailing slash.
    package let path: String
    package let marker: Marker
    /// Whether this call created the archive.
    package let isNew: Bool
    /// The permissions of newly written files and folders.
    package let permissions: ArchivePermissions
    /// Whether the file system keeps permission bits for each file.
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

    /// Opens the archive in a folder, or creates one.
    ///
    /// A missing or empty folder becomes a new archive when `creating` is true. So does a folder that holds only a `README.md`, a
    /// `fixative.json` or the leftovers of an interrupted creation. Any other folder without a marker is refused: it is a
    /// different folder, or an archive whose disk is not mounted. If several processes create the archive at once, all of them
    /// use the archive that the first one made.
    ///
    /// - Parameter permissions: The permissions of newly written files and folders. Existing ones keep theirs.
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
            // Another process may be creating the archive now. It writes the marker before any other file.
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
            // A killed creation may have made this folder's contents without making their names durable.
            try POSIXFile.synchroniseDirectory(root / "blobs")
            isNew = try Self.write(proposal, to: markerPath, in: root, permissions)
            marker = isNew ? proposal : try Self.read(markerPath) ?? proposal
        }
        keepsModes = FileSystem.keepsModes(self.path)
        use = try ArchiveUse(markerPath)
    }

    /// Runs `body` while no other process has the archive open.
    /// - Throws: ``BlobStoreError`` with code `inUse`.
    package func alone<Value>(_ body: () throws -> Value) throws -> Value { try use.alone(body) }

    private static let parts = ["blobs", "records", "ingest", "quarantine"]

    /// Names in a folder without a marker which show that it is not a new archive. Empty archive folders are ignored, because an
    /// interrupted creation leaves them. So are files that may lie beside them.
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

    /// Whether a name has the form of names in `ingest/`: a UUID, optionally preceded by `marker-`.
    static func isIngestName(_ name: String) -> Bool {
        let plain = name.hasPrefix(unfinishedMarker) ? String(name.dropFirst(unfinishedMarker.count)) : name
        return UUID(uuidString: plain)?.uuidString.lowercased() == plain
    }

    private static let unfinishedMarker = "marker-"

    /// Explains why the marker no longer belongs to this archive, for example after its disk was unmounted; `nil` when it does.
    package func fileProblem() -> String? {
        let markerPath = root / Self.markerName
        do {
            guard let now = try Self.read(markerPath) else { return "\(markerPath) was removed while this process has it open" }
            return now.archiveID == marker.archiveID ? nil : "\(markerPath) is that of another archive now"
        } catch { return "\(error)" }
    }

    /// A message about the first archive folder, catalog or marker whose permissions are wider than configured; `nil` when there
    /// is none.
    package func widerThanAsked() -> String? {
        guard keepsModes else { return nil }
        let places = [root] + (Self.parts + ["blobs/sha256", Self.catalogName, Self.markerName]).map { root / $0 }
        for place in places {
            guard let mode = try? POSIXFile.status(place)?.mode, permissions.isWider(mode) else { continue }
            return "\(place) has the mode \(String(mode & 0o777, radix: 8)), which"
        }
        return nil
    }

    /// Whether any record has been written. If so, a missing catalog was lost and is not new.
    package var hasRecords: Bool {
        get throws { try POSIXFile.names(in: recordsPath).contains { !Litter.isName($0) } }
    }

    /// Whether the catalog is missing or an empty file.
    package var isCatalogMissing: Bool {
        get throws {
            guard let found = try POSIXFile.status(root / Self.catalogName) else { return true }
            return found.isFile && found.bytes == 0
        }
    }

    /// Whether there is a regular file at the catalog's path.
    package var isCatalogAFile: Bool {
        get throws { try POSIXFile.status(root / Self.catalogName)?.isFile ?? false }
    }

    /// Creates the file of a new catalog with the archive's permissions. SQLite gives the same permissions to the files that it
    /// creates beside it.
    ///
    /// - Throws: ``BlobStoreError`` with code `notAFile` when one of the catalog's files is a link, a pipe or the like. SQLite
    ///   would follow a link or wait for a pipe.
    package func prepareCatalog() throws { try prepare(root / Self.catalogName) }

    /// Like ``prepareCatalog()``, for the catalog at ``newCatalogPath``.
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
            // Another process has just created it.
        }
    }

    /// Describes a file that must not be opened as the catalog or its log; `nil` when the file is acceptable or missing.
    private func flaw(of path: StorePath) throws -> String? {
        guard let found = try POSIXFile.status(path) else { return nil }
        guard found.isFile else { return "\(found.kind)" }
        guard path.name.hasSuffix("-journal"), found.bytes >= Self.journalMagic.count else { return nil }
        // SQLite deletes the file that such a journal names at its end (sqlite.org/fileformat.html, "The Rollback Journal";
        // `pager.c`, readSuperJournal). The catalog is one database, so its own journal never names another file.
        let end = try POSIXFile.openForReading(path).readEnd(Self.journalMagic.count)
        return end == Self.journalMagic ? "a journal that names another file to delete" : nil
    }

    private static let journalMagic: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]

    /// Moves links, pipes and the like found at the paths of the catalog's log files to the quarantine.
    package func quarantineForeignLogs() throws {
        for suffix in ["-wal", "-shm", "-journal"] {
            let log = root / Self.catalogName + suffix
            guard let flaw = try flaw(of: log) else { continue }
            try Quarantine(folder: self).take(log, note: QuarantineNote([("why", "it is \(flaw), not a file of the catalog")]))
        }
    }

    /// The path where a replacement for a damaged catalog is built.
    package var newCatalogPath: String { newCatalog.description }

    private var newCatalog: StorePath { root / Self.catalogName + ".new" }

    /// Removes the files of an earlier attempt to build a new catalog.
    package func clearNewCatalog() throws {
        for suffix in ["", "-wal", "-shm"] { try POSIXFile.remove(newCatalog + suffix) }
    }

    /// Replaces the damaged catalog with the new one, which must be closed and complete. The damaged one is kept in
    /// `quarantine/`.
    ///
    /// If the process is killed at any point, either the old or the new catalog is in place.
    ///
    /// - Returns: The new path of the damaged catalog; `nil` when there was none.
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
            // Remove the files that SQLite leaves if it closes the database after the rename.
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

    /// - Returns: `false` when another process was first; its marker stays.
    private static func write(
        _ marker: Marker, to path: StorePath, in folder: StorePath, _ permissions: ArchivePermissions
    ) throws -> Bool {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let file = try POSIXFile.createClaimed(in: folder / "ingest", prefix: unfinishedMarker)
        // The lock prevents other processes from using the marker under its final name before it is durable.
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

    /// Creates the archive's folder and its missing parent folders.
    private static func makeRoot(_ path: String, _ permissions: ArchivePermissions) throws {
        guard try POSIXFile.status(StorePath(root: path)) == nil else { return }
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if parent != path { try makeRoot(parent, permissions) }
        if try POSIXFile.makeDirectory(StorePath(root: path), permissions) {
            try POSIXFile.synchroniseDirectory(StorePath(root: parent))
        }
    }

    /// - Parameter isNeeded: Whether a disk that can't be written to is an error. An existing archive can be read without its
    ///   empty folders.
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
