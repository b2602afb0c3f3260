internal import ArchiveModel
internal import Foundation

/// The folder of a site. It tracks its own files, writes only changes, and deletes its own files that are no longer needed.
///
/// Every path is recorded in a journal before its first write, so that even an interrupted export knows its own files afterwards.
/// Files are written under a temporary name and renamed. Nothing is synced to the disk, because a gallery can be exported again.
/// A file truncated by a power cut no longer has its listed size and is rewritten.
struct GalleryFolder {
    static let listName = ".fixative-gallery.json"
    private static let journalName = ".fixative-gallery.journal"
    private static let temporaryName = ".fixative-gallery.tmp"

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

    let root: String
    private(set) var written = 0
    private(set) var kept = 0
    private var known: [String: Listed]
    /// Our own files whose contents can't be trusted.
    private var unfinished: Set<String>
    private var current: [String: Listed] = [:]
    private var madeFolders: Set<String> = []
    private let journal: FileHandle

    /// Opens a folder that is missing, empty, or written by an earlier export.
    init(root: String) throws {
        let files = FileManager.default
        let listPath = "\(root)/\(Self.listName)"
        let journalPath = "\(root)/\(Self.journalName)"
        try Self.guarding(root) { try files.createDirectory(atPath: root, withIntermediateDirectories: true) }
        let isOurs = files.fileExists(atPath: listPath) || files.fileExists(atPath: journalPath)
        let contents = try Self.guarding(root) { try files.contentsOfDirectory(atPath: root) }
        guard isOurs || contents.isEmpty else { throw GalleryError(.foreignFolder, root) }

        self.root = root
        known = try Self.readList(listPath)
        unfinished = try Self.readJournal(journalPath)
        for path in unfinished { known[path] = nil }
        journal = try Self.guarding(journalPath) {
            if !files.fileExists(atPath: journalPath) { try Data().write(to: URL(filePath: journalPath)) }
            return try FileHandle(forWritingTo: URL(filePath: journalPath))
        }
        _ = try Self.guarding(journalPath) { try journal.seekToEnd() }
    }

    private static func readList(_ path: String) throws -> [String: Listed] {
        guard FileManager.default.fileExists(atPath: path) else { return [:] }
        do {
            let list = try JSONDecoder().decode(List.self, from: Data(contentsOf: URL(filePath: path)))
            guard list.format == List.currentFormat else { throw GalleryError(.damagedList, path) }
            guard list.files.keys.allSatisfy(isInside) else { throw GalleryError(.damagedList, path) }
            return list.files
        } catch let error as GalleryError {
            throw error
        } catch {
            throw GalleryError(.damagedList, path, cause: error)
        }
    }

    /// The complete lines of the journal. An incomplete last line is ignored, because its file was not written yet.
    private static func readJournal(_ path: String) throws -> Set<String> {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        let text = try guarding(path) { String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self) }
        return Set(text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init).filter(isInside))
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
        try Self.guarding("\(root)/\(path)") { try writeTemporary(Data(bytes)) }
        try publish(path)
        current[path] = listed
    }

    /// Writes a blob unless the site already has it. `source` is used only if the blob must be written.
    mutating func write(_ digest: Digest, to path: String, from source: some GalleryBlobSource, linking: Bool) async throws {
        guard current[path] == nil else { return }
        guard try claim(path, expecting: known[path]) else { return }
        let files = FileManager.default
        try? files.removeItem(atPath: temporary)
        do {
            if let original = try await source.path(of: digest) {
                if linking, (try? files.linkItem(atPath: original, toPath: temporary)) != nil {
                    // A hard link shares the blob's permissions, which only the archive may change.
                } else {
                    try files.copyItem(atPath: original, toPath: temporary)
                    try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: temporary)
                }
            } else {
                try writeTemporary(Data(try await source.bytes(of: digest)))
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            throw GalleryError(.missingBlob, digest.hex, cause: error)
        }
        let bytes = size(ofFileAt: temporary) ?? 0
        try publish(path)
        current[path] = Listed(bytes: bytes, sha256: nil)
    }

    /// Deletes this site's files that were not written or kept in this export, then updates the list. The site is complete after
    /// this.
    ///
    /// - Returns: The number of files deleted.
    mutating func finish() throws -> Int {
        let files = FileManager.default
        var removed = 0
        var folders: Set<String> = []
        for path in Set(known.keys).union(unfinished).subtracting(current.keys).sorted() {
            let full = "\(root)/\(path)"
            if size(ofFileAt: full) != nil {
                try Self.guarding(full) { try files.removeItem(atPath: full) }
                removed += 1
            }
            var parts = path.split(separator: "/").dropLast()
            while !parts.isEmpty {
                folders.insert(parts.joined(separator: "/"))
                parts = parts.dropLast()
            }
        }
        for folder in folders.sorted(by: >) where (try? files.contentsOfDirectory(atPath: "\(root)/\(folder)"))?.isEmpty == true {
            try? files.removeItem(atPath: "\(root)/\(folder)")
        }
        try writeList()
        try? journal.close()
        // A leftover of an interrupted export, or of renaming a hard link onto the same file, which has no effect.
        try? files.removeItem(atPath: temporary)
        try? files.removeItem(atPath: "\(root)/\(Self.journalName)")
        return removed
    }

    private func writeList() throws {
        let path = "\(root)/\(Self.listName)"
        try Self.guarding(path) {
            let encoded = try JSONEncoder.archive(pretty: true).encode(List(files: current)) + Data("\n".utf8)
            if let old = try? Data(contentsOf: URL(filePath: path)), old == encoded { return }
            try writeTemporary(encoded)
            try rename(to: path)
        }
    }

    private var temporary: String { "\(root)/\(Self.temporaryName)" }

    /// Unlike `Data.write`, this does not sync every file. Syncing took most of the time of an export of 10,000 pictures.
    private func writeTemporary(_ data: Data) throws {
        try? FileManager.default.removeItem(atPath: temporary)
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.systemError() }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: data)
        try file.close()
    }

    /// The error of the last system call.
    private static func systemError() -> any Error { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }

    /// Whether `path` must be written. If not, the file is counted as kept. If so, this method throws for foreign files and
    /// records the path in the journal.
    private mutating func claim(_ path: String, expecting listed: Listed?) throws -> Bool {
        let full = "\(root)/\(path)"
        let size = size(ofFileAt: full)
        if let listed, known[path] == listed, size == listed.bytes {
            current[path] = listed
            kept += 1
            return false
        }
        let isOurs = known[path] != nil || unfinished.contains(path) || current[path] != nil
        guard size == nil || isOurs else { throw GalleryError(.foreignFile, full) }
        if let slash = path.lastIndex(of: "/"), madeFolders.insert(String(path[..<slash])).inserted {
            let folder = "\(root)/\(path[..<slash])"
            try Self.guarding(folder) {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
        }
        try Self.guarding(full) { try journal.write(contentsOf: Data("\(path)\n".utf8)) }
        return true
    }

    private mutating func publish(_ path: String) throws {
        try Self.guarding("\(root)/\(path)") { try rename(to: "\(root)/\(path)") }
        written += 1
    }

    private func rename(to path: String) throws {
        guard unsafe Foundation.rename(temporary, path) == 0 else { throw Self.systemError() }
    }

    /// The size in bytes; `nil` when the file does not exist.
    private func size(ofFileAt path: String) -> Int? {
        var facts = stat()
        guard unsafe lstat(path, &facts) == 0 else { return nil }
        return Int(facts.st_size)
    }
}
