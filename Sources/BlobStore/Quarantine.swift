import Foundation

/// Explains to the user why a file was moved to the quarantine.
package struct QuarantineNote: Sendable {
    /// Lines of `name: value`.
    package var lines: [(name: String, value: String)]

    package init(_ lines: [(name: String, value: String)]) { self.lines = lines }

    fileprivate func text(path: String, now: Date) -> String {
        let head = [("what", path), ("put aside at", now.formatted(Date.ISO8601FormatStyle()))]
        return (head + lines).map { "\($0.0): \($0.1)\n" }.joined()
    }
}

/// The folder for damaged files. Each is kept as evidence with a note beside it, and never deleted.
struct Quarantine {
    let folder: ArchiveFolder

    /// Moves a file or folder into the quarantine.
    /// - Returns: Its new path inside the archive.
    @discardableResult
    func take(_ path: StorePath, note: QuarantineNote) throws -> String {
        let place = try write(note, about: path)
        try POSIXFile.rename(path, to: place)
        try settle(path)
        return place.inside
    }

    /// Links a file into the quarantine, so that another file may replace it.
    /// - Returns: Its path in the quarantine, inside the archive.
    func keep(_ path: StorePath, note: QuarantineNote) throws -> String {
        let place = try write(note, about: path)
        // Links and pipes can't get a second name and a new record must not be written into them, so move them.
        if try POSIXFile.status(path)?.isFile == true {
            _ = try POSIXFile.link(path, to: place, copyingIn: folder.ingestPath)
        } else {
            try POSIXFile.rename(path, to: place)
        }
        try POSIXFile.synchroniseDirectory(folder.quarantinePath)
        return place.inside
    }

    /// Writes the note before the file is moved.
    private func write(_ note: QuarantineNote, about path: StorePath) throws -> StorePath {
        // Truncate a long name to leave room for the suffix.
        let place =
            folder.quarantinePath
            / (String(decoding: path.name.utf8.prefix(200), as: UTF8.self) + "-" + UUID().uuidString.lowercased())
        var file = try IngestFile(in: folder.ingestPath)
        do {
            try file.append(Array(note.text(path: path.inside, now: Date()).utf8))
            try file.settle(folder.permissions.file)
            try file.rename(to: place + ".txt")
        } catch {
            file.remove()
            throw error
        }
        return place
    }

    private func settle(_ path: StorePath) throws {
        try POSIXFile.synchroniseDirectory(folder.quarantinePath)
        try POSIXFile.synchroniseDirectory(path.parent)
    }
}
