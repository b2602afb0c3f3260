import ArchiveModel
import BlockingThreads
import Foundation
import Testing

@testable import BlobStore

/// A folder that goes when its owner does.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "blobs-\(UUID().uuidString)").path(percentEncoded: false)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)").sorted()
    }

    func write(_ text: String, to file: String) throws {
        let url = URL(filePath: "\(path)/\(file)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(file)") }
}

let threads = BlockingThreadPool(name: "blob store tests", width: 8)

/// 2026-11-22T12:51:00.250Z, by date(1).
let now = Date(milliseconds: 1_795_351_860_250)

/// A database's file with the side files of SQLite.
func database(in folder: ArchiveFolder) -> OwnedFile {
    OwnedFile(folder, name: "catalog.sqlite", sides: ["-wal", "-shm", "-journal"]) { _, _ in nil }
}

func archive(in path: String) throws -> ArchiveFolder { try ArchiveFolder(path: path, creating: true, now: now) }

/// Bytes that differ from those of every other seed, and that no two blocks of 256 repeat.
func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state)
    }
}

struct ToolFailure: Error {
    let text: String
}

/// Runs a program of the system to its end.
@discardableResult
func run(_ program: String, _ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw ToolFailure(text: "\(program): \(text)") }
    return text
}

/// The SHA-256 of some bytes, by coreutils.
func sha256sum(_ bytes: [UInt8]) throws -> String {
    let scratch = try ScratchFolder()
    try Data(bytes).write(to: URL(filePath: "\(scratch.path)/bytes"))
    return String(try run("/usr/bin/sha256sum", "\(scratch.path)/bytes").prefix(64))
}

/// Lends an empty filesystem of its own with little room.
///
/// Mounting takes root. Without it the test is skipped with a printed line; root under continuous integration must be able to.
func withSmallDisk(kilobytes: Int, _ body: (String) async throws -> Void) async throws {
    let scratch = try ScratchFolder()
    do {
        try run("/usr/bin/mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k", "none", scratch.path)
    } catch {
        if ProcessInfo.processInfo.environment["CI"] == "true", try run("/usr/bin/id", "-u") == "0\n" {
            Issue.record("a small disk can't be mounted: \(error)")
        } else {
            print("skipped: a small disk can't be mounted: \(error)")
        }
        return
    }
    let result: Result<Void, any Error>
    do { result = .success(try await body(scratch.path)) } catch { result = .failure(error) }
    try run("/usr/bin/umount", "-l", scratch.path)
    try result.get()
}

/// Fills what room is left on the disk of `path`; gives the filler's path.
func fill(_ path: String) throws -> String {
    let filler = "\(path)/README.md"
    // dd ends with an error once nothing more fits, which is what it is for.
    _ = try? run("/usr/bin/dd", "if=/dev/zero", "of=\(filler)", "bs=4096")
    return filler
}

func isNoSpace(_ error: any Error) -> Bool {
    guard let error = error as? BlobStoreError else { return false }
    return error.code == .system(BlobStoreError.noSpace) && error.description.lowercased().contains("no space left")
        && error.description.contains("Free some space")
}

func hasCode(_ code: BlobStoreError.Code) -> (any Error) -> Bool {
    { ($0 as? BlobStoreError)?.code == code }
}
