import ArchiveModel
import Foundation
import SizeContract

@testable import Export

/// A folder that goes when its owner does.
final class ScratchFolder: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "bag-\(UUID().uuidString)").path(percentEncoded: false)
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Blobs as files named by their digest.
struct FolderSource: BagSource {
    struct Unknown: Error {}

    let folder: String

    func path(of digest: Digest) async throws -> String? {
        let path = "\(folder)/\(digest)"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    func record(of entry: OutputEntry) async throws -> BagRecord? { BagRecord(bytes: Array("record of \(entry.id)".utf8)) }

    func write(_ text: String, to digest: Digest) throws { try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(digest)")) }
    func remove(_ digest: Digest) throws { try FileManager.default.removeItem(atPath: "\(folder)/\(digest)") }

    /// An archived output of the `number + 1`st day of 2026 whose original holds `bytes`.
    func entry(_ number: Int, bytes: String, task: String? = nil, index: Int = 0, prompt: String? = "a red fox") throws
        -> OutputEntry
    {
        let name = try shell("printf '%s' \"$TEXT\" | sha256sum", ["TEXT": bytes]).output
        guard let task = TaskID(task ?? "task-\(number)"), let digest = Digest(String(name.prefix(64))) else { throw Unknown() }
        try write(bytes, to: digest)
        var entry = OutputEntry(id: OutputID(task: task, index: index), state: .archived)
        entry.createdAt = Date(timeIntervalSince1970: 1_767_225_600 + Double(number) * 86_400)
        entry.request = RecordedRequest(model: "gpt-image-2-beta", prompt: prompt, size: "1:1", resolution: "1K")
        entry.judgement = SizeContract.gptImage2.judge(
            delivered: PixelSize(width: 1024, height: 1024),
            request: try SizeContract.gptImage2.request(size: "1:1", resolution: "1K"))
        entry.original = .init(digest: digest, bytes: bytes.utf8.count, mediaType: "image/png", format: "png")
        return entry
    }
}

/// What another program says.
func shell(_ command: String, _ variables: [String: String] = [:]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
}
