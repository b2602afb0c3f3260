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

    package var catalogPath: String { path + "/catalog.sqlite" }
    package var configurationPath: String { path + "/fixative.json" }
    var blobsPath: String { path + "/blobs/sha256" }
    var recordsPath: String { path + "/records" }
    var ingestPath: String { path + "/ingest" }

    /// Opens the archive in a folder, or makes one where there is nothing yet.
    ///
    /// A folder that is missing or empty, or holds only a `README.md` or a `fixative.json`, becomes a new archive when `creating` is true. Any other
    /// folder without a marker is refused: it is another folder, or an archive whose disk is not mounted.
    ///
    /// - Throws: ``BlobStoreError`` with code `markerMissing` or `markerUnreadable`, or `system`.
    package init(path: String, creating: Bool, now: Date, archiveID: UUID = UUID()) throws {
        let folder = URL(fileURLWithPath: path).standardizedFileURL.path
        self.path = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let markerPath = self.path + "/" + Self.markerName
        if try POSIXFile.status(markerPath) != nil {
            marker = try Self.read(markerPath)
            isNew = false
        } else {
            let known: Set<String> = ["README.md", "fixative.json", ".gitignore", "lost+found"]
            let strangers = try POSIXFile.names(in: self.path).filter { !known.contains($0) }
            guard creating, strangers.isEmpty else {
                let found =
                    strangers.isEmpty
                    ? "there is no archive here"
                    : "it holds \(strangers.prefix(3).joined(separator: ", ")) but no \(Self.markerName)"
                throw BlobStoreError(.markerMissing, "open the archive in", path: self.path, detail: found)
            }
            marker = Marker(
                format: "fixative-archive", version: Self.currentVersion, archiveID: archiveID.uuidString.lowercased(),
                createdAt: now.formatted(Date.ISO8601FormatStyle()),
                about:
                    "A Fixative archive: blobs/ holds the files by their SHA-256, records/ says what they are. catalog.sqlite can be made again from both."
            )
            isNew = true
        }
        for part in ["", "/blobs", "/blobs/sha256", "/records", "/ingest", "/quarantine"] {
            try Self.makeFolders(self.path + part)
        }
        if isNew { try Self.write(marker, to: markerPath, in: self.path) }
    }

    /// Whether any record has been written: then a missing catalog is a lost one, not a new one.
    package var hasRecords: Bool {
        get throws { try !POSIXFile.names(in: recordsPath).isEmpty }
    }

    /// Moves a catalog that can't be read out of the way, so that a new one can be made; nothing is deleted.
    /// - Returns: Where it lies now.
    package func setCatalogAside(now: Date) throws -> String {
        let target = "\(path)/quarantine/catalog-\(now.formatted(Date.ISO8601FormatStyle(timeSeparator: .omitted))).sqlite"
        for suffix in ["", "-wal", "-shm"] where try POSIXFile.status(catalogPath + suffix) != nil {
            try POSIXFile.rename(catalogPath + suffix, to: target + suffix)
        }
        try POSIXFile.synchroniseDirectory(path)
        return target
    }

    private static func read(_ path: String) throws -> Marker {
        let bytes: [UInt8]
        do { bytes = try POSIXFile.openForReading(path).read(upTo: 1 << 16) }
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

    private static func write(_ marker: Marker, to path: String, in folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let temporary = folder + "/ingest/marker-" + UUID().uuidString
        let file = try POSIXFile.create(temporary)
        try file.write(Array(try encoder.encode(marker)))
        try file.synchronise()
        // Two processes may start on the same empty folder: the first marker stays.
        _ = try POSIXFile.link(temporary, to: path)
        try POSIXFile.remove(temporary)
        try POSIXFile.synchroniseDirectory(folder)
    }

    private static func makeFolders(_ path: String) throws {
        guard try POSIXFile.status(path) == nil else { return }
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        if parent != path { try makeFolders(parent) }
        if try POSIXFile.makeDirectory(path) { try POSIXFile.synchroniseDirectory(parent) }
    }
}
