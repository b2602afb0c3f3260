import Foundation

/// Why something was put aside, in words for whoever finds it.
package struct QuarantineNote: Sendable {
    /// Lines of `name: value`.
    package var lines: [(name: String, value: String)]

    package init(_ lines: [(name: String, value: String)]) { self.lines = lines }

    fileprivate func text(path: String, now: Date) -> String {
        let head = [("what", path), ("put aside at", now.formatted(Date.ISO8601FormatStyle()))]
        return (head + lines).map { "\($0.0): \($0.1)\n" }.joined()
    }
}

/// Where damaged files go: kept as evidence, each with a note beside it, and never deleted.
struct Quarantine {
    let folder: ArchiveFolder

    /// Moves a file or folder out of the archive's way.
    /// - Parameter path: Absolute.
    /// - Returns: Where it lies now, inside the archive.
    @discardableResult
    func take(_ path: String, note: QuarantineNote) throws -> String {
        let place = try write(note, about: path)
        try POSIXFile.rename(path, to: place)
        try settle(path)
        return inside(place)
    }

    /// Gives a file a second name in the quarantine, so that another may take its place.
    /// - Returns: Where it lies now, inside the archive.
    func keep(_ path: String, note: QuarantineNote) throws -> String {
        let place = try write(note, about: path)
        _ = try POSIXFile.link(path, to: place)
        try POSIXFile.synchroniseDirectory(folder.quarantinePath)
        return inside(place)
    }

    /// The note is there before what it tells of.
    private func write(_ note: QuarantineNote, about path: String) throws -> String {
        let name = URL(filePath: path).lastPathComponent
        let place = "\(folder.quarantinePath)/\(name)-\(UUID().uuidString.lowercased())"
        var file = try IngestFile(in: folder.ingestPath)
        do {
            try file.append(Array(note.text(path: inside(path), now: Date()).utf8))
            try file.settle()
            try file.rename(to: place + ".txt")
        } catch {
            file.remove()
            throw error
        }
        return place
    }

    private func settle(_ path: String) throws {
        try POSIXFile.synchroniseDirectory(folder.quarantinePath)
        try POSIXFile.synchroniseDirectory(URL(filePath: path).deletingLastPathComponent().path)
    }

    private func inside(_ path: String) -> String {
        path.hasPrefix(folder.path + "/") ? String(path.dropFirst(folder.path.count + 1)) : path
    }
}
