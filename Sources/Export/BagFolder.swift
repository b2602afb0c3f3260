internal import ArchiveModel
internal import Foundation

internal import struct Crypto.SHA512

/// A bag under construction. It is built beside its final path under a temporary name and renamed when it is complete.
///
/// `bagit.txt`, which makes a folder a bag, is written last, and all files are durable before the rename. So neither a kill nor a
/// power cut leaves a folder that looks like a complete bag.
///
/// The folder of an unfinished bag holds a mark. Only a folder with this mark is cleared, and no link in its place is followed: a
/// folder with the temporary name may also be somebody else's.
final class BagFolder {
    /// The facts about a file that manifests state.
    struct Fixity {
        var sha256: String
        var sha512: String
        var bytes: Int
    }

    private static let suffix = ".fixative-incomplete"
    /// An empty file. Its name is the mark, so no moment of its creation leaves a wrong one.
    private static let mark = ".fixative-export"
    private static let chunk = 1 << 20

    /// The final path of the bag.
    let place: String
    private let root: String
    private let folder: HeldFolder
    /// Whether there is an unfinished bag of this process to delete.
    private var isOpen = false
    private var folders: Set<String> = []
    private var manifests: [FileHandle] = []
    private var tags: [(path: String, fixity: Fixity)] = []
    /// The size of the payload so far, as in `Payload-Oxum`.
    private(set) var bytes = 0
    private(set) var files = 0

    /// - Parameter place: The final path: a missing or empty folder.
    /// - Throws: ``ExportError``
    init(place: String) throws {
        let path = URL(filePath: place).standardizedFileURL.path(percentEncoded: false)
        self.place = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        root = self.place + Self.suffix
        try Self.requireFree(self.place)
        folder = try HeldFolder(path: root)
        guard folder.lock() else { throw ExportError(.inUse, self.place) }
        try clear()
        isOpen = true
        try makeFolder("data")
        manifests = try ["sha256", "sha512"].map { try folder.create("manifest-\($0).txt") }
    }

    deinit { if isOpen { try? folder.removeAll() } }

    /// Deletes what a killed export left. Throws if the folder has no mark, or contains anything that no export writes.
    private func clear() throws {
        let names = try folder.names()
        guard !names.isEmpty else { return try Self.guarding(root) { try folder.create(Self.mark).close() } }
        let isOurs = names.allSatisfy { name in
            name == "data" || name == Self.mark
                || (name.hasSuffix(".txt") && ["bag", "manifest-", "tagmanifest-", "README"].contains { name.hasPrefix($0) })
        }
        guard isOurs, folder.hasFile(Self.mark) else { throw ExportError(.foreignFolder, root) }
        // The mark stays: a kill must not leave the rest without it.
        for name in names where name != Self.mark { try folder.remove(name) }
    }

    private static func requireFree(_ path: String) throws {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        let names = try isFolder.boolValue ? guarding(path) { try FileManager.default.contentsOfDirectory(atPath: path) } : [path]
        guard names.isEmpty else { throw ExportError(.notEmpty, path) }
    }

    // MARK: Payload

    /// Copies or hard-links a file into the payload, reading it once.
    ///
    /// - Parameters:
    ///   - path: The path below `data/`.
    ///   - isWanted: Called with the file's actual hashes and size; if it returns `false`, the file is not added.
    /// - Returns: The file's actual hashes and size.
    func add(fileAt source: String, to path: String, linking: Bool, isWanted: (Fixity) -> Bool) throws -> Fixity {
        let file = try prepare(path)
        let isLinked = linking && folder.link(source, to: file)
        let found = try Self.guarding("\(root)/\(file)") {
            let input = try FileHandle(forReadingFrom: URL(filePath: source))
            let output = isLinked ? nil : try folder.create(file)
            defer {
                try? input.close()
                try? output?.close()
            }
            var hash = RunningFixity()
            while let data = try input.read(upToCount: Self.chunk), !data.isEmpty {
                hash.update(data)
                try output?.write(contentsOf: data)
            }
            return hash.value
        }
        guard isWanted(found) else {
            try folder.remove(file)
            return found
        }
        try add(path, found)
        return found
    }

    /// Adds a small file to the payload.
    /// - Parameter path: The path below `data/`.
    func add(_ bytes: [UInt8], to path: String) throws {
        let file = try prepare(path)
        try Self.guarding("\(root)/\(file)") {
            let output = try folder.create(file)
            try output.write(contentsOf: Data(bytes))
            try output.close()
        }
        var hash = RunningFixity()
        hash.update(Data(bytes))
        try add(path, hash.value)
    }

    /// Opens a payload file for incremental writing. Call ``add(_:)`` when it is complete.
    /// - Parameter path: The path below `data/`.
    func open(_ path: String) throws -> GrowingFile { GrowingFile(path: path, file: try folder.create("data/\(path)")) }

    func add(_ file: GrowingFile) throws {
        try Self.guarding("\(root)/data/\(file.path)") { try file.file.close() }
        try add(file.path, file.hash.value)
    }

    /// A file that is written incrementally.
    final class GrowingFile {
        let path: String
        fileprivate let file: FileHandle
        fileprivate var hash = RunningFixity()

        fileprivate init(path: String, file: FileHandle) {
            self.path = path
            self.file = file
        }

        func append(_ text: String) throws {
            let data = Data(text.utf8)
            hash.update(data)
            do { try file.write(contentsOf: data) } catch { throw ExportError(.notWritable, "data/\(path)", cause: error) }
        }
    }

    /// Creates the folder of a payload file.
    /// - Returns: The file's path in the bag.
    private func prepare(_ path: String) throws -> String {
        if let slash = path.lastIndex(of: "/") { try makeFolder("data/\(path[..<slash])") }
        return "data/\(path)"
    }

    private func add(_ path: String, _ fixity: Fixity) throws {
        for (manifest, hash) in zip(manifests, [fixity.sha256, fixity.sha512]) {
            try Self.guarding(root) { try manifest.write(contentsOf: Data("\(hash)  data/\(path)\n".utf8)) }
        }
        bytes += fixity.bytes
        files += 1
    }

    // MARK: Tag files

    /// Writes a file outside the payload.
    func tag(_ text: String, to path: String) throws {
        try Self.guarding("\(root)/\(path)") {
            let output = try folder.create(path)
            try output.write(contentsOf: Data(text.utf8))
            try output.close()
        }
        try recordTag(path)
    }

    private func recordTag(_ path: String) throws {
        var hash = RunningFixity()
        try Self.guarding("\(root)/\(path)") {
            let input = try folder.read(path)
            while let data = try input.read(upToCount: Self.chunk), !data.isEmpty { hash.update(data) }
            try input.close()
        }
        tags.append((path, hash.value))
    }

    /// Closes the manifests, completes the bag and renames it. Returns when it is durable.
    func finish() throws {
        for manifest in manifests { try Self.guarding(root) { try manifest.close() } }
        for name in ["sha256", "sha512"] { try recordTag("manifest-\(name).txt") }
        let declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
        var hash = RunningFixity()
        hash.update(Data(declaration.utf8))
        tags.append(("bagit.txt", hash.value))
        tags.sort { $0.path < $1.path }
        for (name, value) in [("sha256", \Fixity.sha256), ("sha512", \Fixity.sha512)] {
            let lines = tags.map { "\($0.fixity[keyPath: value])  \($0.path)\n" }.joined()
            try Self.guarding(root) {
                let output = try folder.create("tagmanifest-\(name).txt")
                try output.write(contentsOf: Data(lines.utf8))
                try output.close()
            }
        }
        try Self.guarding(root) {
            let output = try folder.create("bagit.txt")
            try output.write(contentsOf: Data(declaration.utf8))
            try output.close()
        }
        // A single `sync` for all files: an fsync for each of 100,000 files takes many minutes.
        sync()
        guard folder.isInPlace else { throw ExportError(.foreignFolder, root) }
        guard unsafe rename(root, place) == 0 else {
            let error = Self.systemError()
            try Self.requireFree(place)
            throw ExportError(.notWritable, place, cause: error)
        }
        isOpen = false
        // Last, so that the next export can clear what a kill leaves.
        try folder.remove(Self.mark)
        try folder.synchronise()
    }

    // MARK: Files

    private func makeFolder(_ path: String) throws {
        guard folders.insert(path).inserted else { return }
        try folder.makeFolder(path)
    }

    private static func guarding<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as ExportError { throw error } catch {
            throw ExportError(.notWritable, path, cause: error)
        }
    }

    /// The error of the last system call.
    private static func systemError() -> any Error { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}

/// Computes both hashes and the size of a file incrementally.
private struct RunningFixity {
    private var sha256 = Digest.Accumulator()
    private var sha512 = SHA512()
    private var bytes = 0

    mutating func update(_ data: Data) {
        sha256.update(data)
        sha512.update(data: data)
        bytes += data.count
    }

    var value: BagFolder.Fixity {
        BagFolder.Fixity(sha256: sha256.digest().hex, sha512: Self.hex(sha512.finalize()), bytes: bytes)
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
