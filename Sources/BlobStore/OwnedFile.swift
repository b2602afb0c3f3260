package import Foundation

/// A file in the archive's folder that another library opens by its path, such as a database, together with the files that the
/// library keeps beside it.
package struct OwnedFile: Sendable {
    private let folder: ArchiveFolder
    private let name: String
    private let sides: [String]
    private let check: Check

    /// Describes why a side file must not be opened, from its last bytes; `nil` when it is acceptable.
    package typealias Check = @Sendable (_ side: String, _ end: [UInt8]) -> String?

    /// The number of bytes that a ``Check`` gets.
    package static let checkedBytes = 64

    /// - Parameters:
    ///   - name: The name in the archive's folder.
    ///   - sides: What the library appends to the name for its side files, such as `-wal`.
    package init(_ folder: ArchiveFolder, name: String, sides: [String], check: @escaping Check) {
        self.folder = folder
        self.name = name
        self.sides = sides
        self.check = check
    }

    private var file: StorePath { folder.root / name }

    package var path: String { file.description }

    /// Whether the file is missing or empty.
    package var isMissing: Bool {
        get throws {
            guard let found = try POSIXFile.status(file) else { return true }
            return found.isFile && found.bytes == 0
        }
    }

    /// Whether there is a regular file with contents.
    package var hasContents: Bool {
        get throws { try POSIXFile.status(file).map { $0.isFile && $0.bytes > 0 } ?? false }
    }

    /// Creates the file with the archive's permissions if it is missing. The library gives the same permissions to the files that
    /// it creates beside it.
    ///
    /// - Throws: ``BlobStoreError`` with code `notAFile` when the file or a side file is a link, a pipe or the like. A library
    ///   would follow a link or wait for a pipe.
    package func prepare() throws {
        for suffix in [""] + sides {
            guard let flaw = try flaw(suffix) else { continue }
            throw BlobStoreError(.notAFile, "open", path: "\(file + suffix)", detail: "it is \(flaw), not a file of the catalog")
        }
        guard try POSIXFile.status(file) == nil else { return }
        do {
            try POSIXFile.create(file).setMode(folder.permissions.file)
        } catch let error as BlobStoreError where error.code == .system(EEXIST) {
            // Another process has just created it.
        }
    }

    private func flaw(_ suffix: String) throws -> String? {
        let path = file + suffix
        guard let found = try POSIXFile.status(path) else { return nil }
        guard found.isFile else { return "\(found.kind)" }
        guard !suffix.isEmpty else { return nil }
        return check(suffix, try POSIXFile.openForReading(path).readEnd(Self.checkedBytes))
    }

    /// Moves links, pipes and the like found at the paths of the side files to the quarantine.
    package func quarantineForeignSides() throws {
        for suffix in sides {
            guard let flaw = try flaw(suffix) else { continue }
            let note = QuarantineNote([("why", "it is \(flaw), not a file of the catalog")])
            try Quarantine(folder: folder).take(file + suffix, note: note)
        }
    }

    // MARK: Replacement

    /// The place where a replacement is built.
    package var replacement: OwnedFile { OwnedFile(folder, name: name + ".new", sides: sides, check: check) }

    /// Removes the file and its side files.
    package func clear() throws {
        for suffix in [""] + sides { try POSIXFile.remove(file + suffix) }
    }

    /// Replaces the file with its ``replacement``, which must be closed and complete. The old one is kept in `quarantine/`.
    ///
    /// If the process is killed at any point, either the old or the new file is in place.
    ///
    /// - Parameter side: The side file in which the replacement may still have contents if it is not complete.
    /// - Returns: The new path of the old file; `nil` when there was none.
    /// - Throws: ``BlobStoreError`` with code `inUse` when another process has the archive open.
    package func installReplacement(log side: String, now: Date) throws -> String? {
        try folder.alone {
            let new = replacement
            let made = try POSIXFile.openForReading(new.file)
            guard try POSIXFile.status(new.file + side)?.bytes ?? 0 == 0 else {
                throw BlobStoreError(.inUse, "install", path: new.path, detail: "part of it is still in its log")
            }
            try made.synchronise()
            var target: String?
            if let old = try POSIXFile.status(file) {
                let place = try freePlace(now: now)
                if old.isFile {
                    _ = try POSIXFile.link(file, to: place, copyingIn: folder.ingestPath)
                } else {
                    try POSIXFile.rename(file, to: place)
                }
                for suffix in sides where try POSIXFile.status(file + suffix) != nil {
                    try POSIXFile.rename(file + suffix, to: place + suffix)
                }
                try POSIXFile.synchroniseDirectory(folder.quarantinePath)
                target = "\(place)"
            }
            try POSIXFile.rename(new.file, to: file)
            // Remove the side files that the library leaves if it closes the replacement after the rename.
            try new.clear()
            try POSIXFile.synchroniseDirectory(folder.root)
            return target
        }
    }

    private func freePlace(now: Date) throws -> StorePath {
        let (stem, ending) = (name.prefix { $0 != "." }, name.drop { $0 != "." })
        let dated = "\(stem)-\(now.formatted(Date.ISO8601FormatStyle(timeSeparator: .omitted)))"
        var place = folder.quarantinePath / (dated + ending)
        var number = 2
        while try POSIXFile.status(place) != nil {
            place = folder.quarantinePath / "\(dated)-\(number)\(ending)"
            number += 1
        }
        return place
    }
}
