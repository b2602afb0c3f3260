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

    package var configurationPath: String { path + "/fixative.json" }
    var root: StorePath { StorePath(root: path) }
    var blobsPath: StorePath { root / "blobs/sha256" }
    var recordsPath: StorePath { root / "records" }
    var quarantinePath: StorePath { root / "quarantine" }
    var ingestPath: StorePath { root / "ingest" }

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
    /// - Throws: ``BlobStoreError`` with code `noArchive`, `markerMissing` or `markerUnreadable`, `notAFile`, or `system`.
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
                    strangers.isEmpty ? .noArchive : .markerMissing, "open the archive in", path: self.path,
                    detail: strangers.isEmpty
                        ? "there is no archive here"
                        : "the folder contains \(strangers.prefix(3).joined(separator: ", ")) but no \(Self.markerName)")
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
            return now.archiveID == marker.archiveID ? nil : "\(markerPath) now belongs to another archive"
        } catch { return "\(error)" }
    }

    /// A message about the first archive folder or file whose permissions are wider than configured; `nil` when there is none.
    /// - Parameter files: Names of files to check besides the marker.
    package func widerThanAsked(files: [String] = []) -> String? {
        guard keepsModes else { return nil }
        let places = [root] + (Self.parts + ["blobs/sha256", Self.markerName] + files).map { root / $0 }
        for place in places {
            guard let mode = try? POSIXFile.status(place)?.mode, permissions.isWider(mode) else { continue }
            return "\(place) has the mode \(String(mode & 0o777, radix: 8)), which"
        }
        return nil
    }

    /// Whether the archive has any record. An archive that has records but no catalog has lost its catalog.
    package var hasRecords: Bool {
        get throws { try POSIXFile.names(in: recordsPath).contains { !Litter.isName($0) } }
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
                detail: "its format has version \(marker.version); this program supports versions up to \(currentVersion)")
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
