import ArchiveModel
import Foundation
import SizeContract

@testable import Gallery

/// Blobs in memory that count how often they are asked for.
actor MemoryBlobs: GalleryBlobSource {
    struct Missing: Error {}

    private(set) var asked = 0
    private var lost: Set<Digest> = []

    func lose(_ digest: Digest) { lost.insert(digest) }

    func bytes(of digest: Digest) throws -> [UInt8] {
        asked += 1
        if lost.contains(digest) { throw Missing() }
        return Array("bytes of \(digest)".utf8)
    }
}

/// A folder that goes when its owner does.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "gallery-\(UUID().uuidString)").path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Every file, relative to the folder, with its bytes.
    func contents() throws -> [String: Data] {
        let files = try FileManager.default.subpathsOfDirectory(atPath: path)
        var contents: [String: Data] = [:]
        for file in files {
            var isFolder: ObjCBool = false
            guard unsafe FileManager.default.fileExists(atPath: "\(path)/\(file)", isDirectory: &isFolder), !isFolder.boolValue
            else { continue }
            contents[file] = try Data(contentsOf: URL(filePath: "\(path)/\(file)"))
        }
        return contents
    }

    func text(_ file: String) throws -> String { try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8) }

    func write(_ text: String, to file: String) throws {
        let url = URL(filePath: "\(path)/\(file)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(file)") }
}

/// 64 digits that differ from those of every other number and letter.
func digest(_ number: Int, _ letter: Character = "a") throws -> Digest {
    let digits = String(number)
    let text = String(repeating: letter, count: 64 - digits.count) + digits
    guard let digest = Digest(text) else { throw MemoryBlobs.Missing() }
    return digest
}

func entry(_ number: Int, task: String? = nil, prompt: String? = "a red fox", state: OutputState = .archived) throws
    -> OutputEntry
{
    guard let task = TaskID(task ?? "task-\(number)") else { throw MemoryBlobs.Missing() }
    var entry = OutputEntry(id: OutputID(task: task, index: 0), state: state)
    // One a day, from 1 January 2026 on.
    entry.createdAt = Date(timeIntervalSince1970: 1_767_225_600 + Double(number) * 86_400)
    entry.request = RecordedRequest(model: "gpt-image-2-beta", prompt: prompt, size: "1:1", resolution: "1K")
    guard state == .archived else {
        entry.reason = "the link expired"
        return entry
    }
    entry.judgement = SizeContract.gptImage2.judge(
        delivered: PixelSize(width: 1024, height: 1024),
        request: try SizeContract.gptImage2.request(size: "1:1", resolution: "1K"))
    entry.original = .init(digest: try digest(number, "a"), bytes: 1_572_516, mediaType: "image/png", format: "png")
    entry.thumbnail = .init(digest: try digest(number, "b"), mediaType: "image/jpeg", width: 512, height: 512)
    entry.preview = .init(digest: try digest(number, "c"), mediaType: "image/jpeg", width: 1024, height: 1024)
    return entry
}

func export(
    _ entries: [OutputEntry], waiting: WaitingList? = nil, to folder: ScratchFolder, title: String = "Gallery",
    originals: Bool = false, pageSize: Int = 200,
    shardSize: Int = 500, baseURL: String? = nil, identity: String = "", blobs: MemoryBlobs = MemoryBlobs()
) async throws -> GallerySummary {
    let options = GalleryExport.Options(
        title: title, baseURL: baseURL, identity: identity, output: folder.path, includesOriginals: originals, pageSize: pageSize,
        shardSize: shardSize)
    return try await GalleryExport(options).write(entries, waiting: waiting, blobs: blobs)
}
