internal import ArchiveModel
internal import Foundation

/// The folder of a site. It tracks its own files, writes only changes, and deletes its own files that are no longer needed.
///
/// Every path is recorded in a journal before its first write, so that even an interrupted export knows its own files afterwards.
/// The list and the journal may come from elsewhere: paths that no export writes are ignored, so their files are never changed.
/// Files are written under a temporary name and renamed. Nothing is synced to the disk, because a gallery can be exported again.
/// A file truncated by a power cut no longer has its listed size and is rewritten.
struct GalleryFolder {
    static let listName = ".fixative-gallery.json"
    private static let journalName = ".fixative-gallery.journal"

    /// A file's entry in the list.
    private struct Listed: Codable, Hashable {
        var bytes: Int
        /// For generated files only; blobs have their digest in their name.
        var sha256: String?
    }

    private struct List: Codable {
        static let currentFormat = "fixative.gallery/1"

        var format = currentFormat
        var files: [String: Listed]
    }

    private(set) var written = 0
    private(set) var kept = 0
    private let site: SiteFiles
    private var known: [String: Listed]
    /// Our own files whose contents can't be trusted.
    private var unfinished: Set<String>
    private var current: [String: Listed] = [:]
    private let journal: FileHandle

    /// Opens a folder that is missing, empty, or written by an earlier export.
    init(root: String) throws {
        let site = try SiteFiles(root: root)
        let list = try site.read(Self.listName)
        let lines = try site.read(Self.journalName)
        guard try list != nil || lines != nil || site.isEmpty else { throw GalleryError(.foreignFolder, root) }
        var files = try list.map { try Self.files(in: $0, at: "\(root)/\(Self.listName)") } ?? [:]
        let begun = lines.map(Self.paths) ?? []
        for path in begun { files[path] = nil }
        self.site = site
        known = files
        unfinished = begun
        journal = try Self.startJournal(begun, in: site)
    }

    private static func files(in list: Data, at path: String) throws -> [String: Listed] {
        let decoded: List
        do { decoded = try JSONDecoder().decode(List.self, from: list) } catch {
            throw GalleryError(.damagedList, path, cause: error)
        }
        guard decoded.format == List.currentFormat, decoded.files.keys.allSatisfy(isInside) else {
            throw GalleryError(.damagedList, path)
        }
        return decoded.files.filter { SitePath.isWritten($0.key) }
    }

    /// The complete lines of a journal. An incomplete last line is ignored, because its file was not written yet.
    private static func paths(in journal: Data) -> Set<String> {
        let lines = String(decoding: journal, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        return Set(lines.dropLast().map(String.init).filter(SitePath.isWritten))
    }

    /// Continues the journal in a new file. The old one could be a hard link to another file.
    private static func startJournal(_ paths: Set<String>, in site: SiteFiles) throws -> FileHandle {
        try guarding("\(site.root)/\(journalName)") {
            let file = try site.createTemporary()
            try file.write(contentsOf: Data(paths.sorted().map { "\($0)\n" }.joined().utf8))
            try site.publishTemporary(as: journalName)
            return file
        }
    }

    /// Whether a listed path is inside the site. An edited list must not cause files elsewhere to be deleted.
    private static func isInside(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && !$0.contains("\0") && !$0.contains("\\") }
    }

    private static func guarding<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as GalleryError { throw error } catch {
            throw GalleryError(.notWritable, path, cause: error)
        }
    }

    /// Writes a generated file unless it is already up to date.
    mutating func write(_ bytes: [UInt8], to path: String) throws {
        let listed = Listed(bytes: bytes.count, sha256: Digest(of: bytes).hex)
        guard try claim(path, expecting: listed) else { return }
        try Self.guarding("\(site.root)/\(path)") { try site.writeTemporary(Data(bytes)) }
        try publish(path)
        current[path] = listed
    }

    /// Writes a blob unless the site already has it. `source` is used only if the blob must be written.
    mutating func write(_ digest: Digest, to path: String, from source: some GalleryBlobSource, linking: Bool) async throws {
        guard current[path] == nil else { return }
        guard try claim(path, expecting: known[path]) else { return }
        do {
            if let original = try await source.path(of: digest) {
                let isLinked = linking && site.linkTemporary(to: original)
                if !isLinked { try site.copyTemporary(from: original) }
            } else {
                try site.writeTemporary(Data(try await source.bytes(of: digest)))
            }
        } catch let error as CancellationError {
            throw error
        } catch let error as GalleryError {
            throw error
        } catch {
            throw GalleryError(.missingBlob, digest.hex, cause: error)
        }
        let bytes = try site.temporarySize()
        try publish(path)
        current[path] = Listed(bytes: bytes, sha256: nil)
    }

    /// Deletes this site's files that were not written or kept in this export, then updates the list. The site is complete after
    /// this.
    ///
    /// - Returns: The number of files deleted.
    mutating func finish() throws -> Int {
        var removed = 0
        var folders: Set<String> = []
        for path in Set(known.keys).union(unfinished).subtracting(current.keys).sorted() {
            if try site.remove(path) { removed += 1 }
            var parts = path.split(separator: "/").dropLast()
            while !parts.isEmpty {
                folders.insert(parts.joined(separator: "/"))
                parts = parts.dropLast()
            }
        }
        for folder in folders.sorted(by: >) { site.removeEmptyFolder(folder) }
        try writeList()
        try? journal.close()
        // A leftover of an interrupted export, or of renaming a hard link onto the same file, which has no effect.
        site.removeTemporary()
        _ = try? site.remove(Self.journalName)
        return removed
    }

    private func writeList() throws {
        try Self.guarding("\(site.root)/\(Self.listName)") {
            let encoded = try JSONEncoder.archive(pretty: true).encode(List(files: current)) + Data("\n".utf8)
            if let old = try? site.read(Self.listName), old == encoded { return }
            try site.writeTemporary(encoded)
            try site.publishTemporary(as: Self.listName)
        }
    }

    /// Whether `path` must be written. If not, the file is counted as kept. If so, this method throws for foreign files and
    /// records the path in the journal.
    private mutating func claim(_ path: String, expecting listed: Listed?) throws -> Bool {
        let full = "\(site.root)/\(path)"
        let found = try site.status(path)
        if let listed, known[path] == listed, let found, found.isFile, found.size == listed.bytes {
            current[path] = listed
            kept += 1
            return false
        }
        let isOurs = known[path] != nil || unfinished.contains(path) || current[path] != nil
        guard found == nil || isOurs else { throw GalleryError(.foreignFile, full) }
        try Self.guarding(full) { try journal.write(contentsOf: Data("\(path)\n".utf8)) }
        return true
    }

    private mutating func publish(_ path: String) throws {
        try site.publishTemporary(as: path)
        written += 1
    }
}
