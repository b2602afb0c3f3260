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
    private let use: ArchiveUse

    package var catalogPath: String { path + "/catalog.sqlite" }
    package var configurationPath: String { path + "/fixative.json" }
    var blobsPath: String { path + "/blobs/sha256" }
    var recordsPath: String { path + "/records" }
    var quarantinePath: String { path + "/quarantine" }
    var ingestPath: String { path + "/ingest" }

    /// Opens the archive in a folder, or makes one where there is nothing yet.
    ///
    /// A folder that is missing or empty, or holds only a `README.md`, a `fixative.json` or what a creation left that was cut short,
    /// becomes a new archive when `creating` is true. Any other folder without a marker is refused: it is another folder, or an archive
    /// whose disk is not mounted. Of several processes that create at once, all get the archive that the first one made.
    ///
    /// - Throws: ``BlobStoreError`` with code `markerMissing` or `markerUnreadable`, or `system`.
    package init(path: String, creating: Bool, now: Date, archiveID: UUID = UUID()) throws {
        let folder = URL(fileURLWithPath: path).standardizedFileURL.path
        self.path = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let markerPath = self.path + "/" + Self.markerName
        var found = try Self.read(markerPath)
        if found == nil {
            let strangers = try Self.strangers(in: self.path)
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
        for part in [""] + Self.parts.map({ "/" + $0 }) + ["/blobs/sha256"] { try Self.makeFolders(self.path + part) }
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
            try POSIXFile.synchroniseDirectory(self.path + "/blobs")
            isNew = try Self.write(proposal, to: markerPath, in: self.path)
            marker = isNew ? proposal : try Self.read(markerPath) ?? proposal
        }
        use = try ArchiveUse(markerPath)
    }

    /// Sees to it that no other process has the archive open, for as long as `body` runs.
    /// - Throws: ``BlobStoreError`` with code `inUse`.
    package func alone<Value>(_ body: () throws -> Value) throws -> Value { try use.alone(body) }

    private static let parts = ["blobs", "records", "ingest", "quarantine"]

    /// What says that a folder without a marker is something else: all but an archive's parts without a file in them, which a creation
    /// leaves that was cut short, and what may lie beside them.
    private static func strangers(in path: String) throws -> [String] {
        let known: Set<String> = ["README.md", "fixative.json", ".gitignore", "lost+found"]
        return try POSIXFile.names(in: path).filter { name in
            if known.contains(name) { return false }
            return try !parts.contains(name) || holdsFiles("\(path)/\(name)")
        }
    }

    private static func holdsFiles(_ path: String) throws -> Bool {
        guard try POSIXFile.isFolder(path) else { return true }
        return try POSIXFile.names(in: path).contains { try !$0.hasPrefix(unfinishedMarker) && holdsFiles("\(path)/\($0)") }
    }

    private static let unfinishedMarker = "marker-"

    /// Whether any record has been written: then a missing catalog is a lost one, not a new one.
    package var hasRecords: Bool {
        get throws { try !POSIXFile.names(in: recordsPath).isEmpty }
    }

    /// Whether there is no catalog, or an empty file in its place.
    package var isCatalogMissing: Bool {
        get throws { try (POSIXFile.status(catalogPath)?.bytes ?? 0) == 0 }
    }

    /// Where a new catalog is made that is to take the place of a damaged one.
    package var newCatalogPath: String { catalogPath + ".new" }

    /// Takes away what an attempt to make a new catalog has left.
    package func clearNewCatalog() throws {
        for suffix in ["", "-wal", "-shm"] { try POSIXFile.remove(newCatalogPath + suffix) }
    }

    /// Puts the new catalog, closed and whole, in the place of the damaged one, which is kept in `quarantine/`.
    ///
    /// Killed at any point, one of the two is in place.
    ///
    /// - Returns: Where the damaged one lies now; `nil` when there was none.
    /// - Throws: ``BlobStoreError`` with code `inUse` when another process has the archive open.
    package func installNewCatalog(now: Date) throws -> String? {
        try alone {
            let made = try POSIXFile.openForReading(newCatalogPath)
            guard try POSIXFile.status(newCatalogPath + "-wal")?.bytes ?? 0 == 0 else {
                throw BlobStoreError(.inUse, "install", path: newCatalogPath, detail: "part of it is still in its log")
            }
            try made.synchronise()
            var target: String?
            if try POSIXFile.status(catalogPath) != nil {
                let place = try freeCatalogPlace(now: now)
                _ = try POSIXFile.link(catalogPath, to: place)
                for suffix in ["-wal", "-shm"] where try POSIXFile.status(catalogPath + suffix) != nil {
                    try POSIXFile.rename(catalogPath + suffix, to: place + suffix)
                }
                try POSIXFile.synchroniseDirectory(quarantinePath)
                target = place
            }
            try POSIXFile.rename(newCatalogPath, to: catalogPath)
            // What SQLite leaves when it is closed after the file got its new name.
            try clearNewCatalog()
            try POSIXFile.synchroniseDirectory(path)
            return target
        }
    }

    private func freeCatalogPlace(now: Date) throws -> String {
        let stem = "\(quarantinePath)/catalog-\(now.formatted(Date.ISO8601FormatStyle(timeSeparator: .omitted)))"
        var place = stem + ".sqlite"
        var number = 2
        while try POSIXFile.status(place) != nil {
            place = "\(stem)-\(number).sqlite"
            number += 1
        }
        return place
    }

    /// The marker; `nil` when there is none.
    private static func read(_ path: String) throws -> Marker? {
        guard try POSIXFile.status(path) != nil else { return nil }
        let bytes = try POSIXFile.openForReading(path).read(upTo: 1 << 16)
        guard let marker = try? JSONDecoder().decode(Marker.self, from: Data(bytes)), marker.format == "fixative-archive" else {
            throw BlobStoreError(.markerUnreadable, "read the marker", path: path, detail: "it is not a Fixative marker")
        }
        guard marker.version <= currentVersion else {
            throw BlobStoreError(
                .markerUnreadable, "open the archive of", path: path,
                detail: "its format is version \(marker.version), this program knows up to \(currentVersion)")
        }
        return marker
    }

    /// - Returns: `false` when another process was first: its marker stays.
    private static func write(_ marker: Marker, to path: String, in folder: String) throws -> Bool {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let file = try POSIXFile.createClaimed(in: folder + "/ingest", prefix: unfinishedMarker)
        // Under its final name it is a marker that nobody uses before it is durable.
        try file.lock()
        let isFirst: Bool
        do {
            try file.write(Array(try encoder.encode(marker)))
            try file.synchronise()
            isFirst = try POSIXFile.link(file.path, to: path)
        } catch {
            try? POSIXFile.remove(file.path)
            throw error
        }
        try POSIXFile.remove(file.path)
        try POSIXFile.synchroniseDirectory(folder)
        return isFirst
    }

    private static func makeFolders(_ path: String) throws {
        guard try POSIXFile.status(path) == nil else { return }
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if parent != path { try makeFolders(parent) }
        if try POSIXFile.makeDirectory(path) { try POSIXFile.synchroniseDirectory(parent) }
    }
}
