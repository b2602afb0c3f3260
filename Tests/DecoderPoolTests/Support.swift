import DecoderPool
import Foundation
import ImageCodecs
import Imaging
import Testing

/// The program whose decoder misbehaves, beside the test bundle, where SwiftPM builds it.
func probe() throws -> URL {
    let folders = [Bundle.main.bundleURL] + CommandLine.arguments.map { URL(filePath: $0).deletingLastPathComponent() }
    let found = folders.map { $0.appending(path: "decoder-probe") }.first {
        FileManager.default.isExecutableFile(atPath: $0.path)
    }
    return try #require(found)
}

/// A pool of such programs.
func misbehaving(_ change: (inout DecoderPool.Policy) -> Void = { _ in }) throws -> DecoderPool {
    var policy = DecoderPool.Policy()
    policy.program = try probe().path
    policy.pause = { _ in }
    change(&policy)
    return DecoderPool(.sandbox, width: 1, policy: policy)
}

/// The file that makes it do so.
func deed(_ name: String) -> [UInt8] { Array("misbehave:\(name)".utf8) }

extension DecoderPool {
    /// What came of a picture: the result, or the error as text.
    func outcome(of source: some DecoderInput) async -> String {
        do {
            return "picture \(try await inspect(source).header.width)"
        } catch let error as DecoderFailure {
            return error.code.rawValue
        } catch {
            return "\(error)"
        }
    }

    /// What a decoder answered that was let do a deed.
    func answer(to name: String) async throws -> String {
        do {
            _ = try await inspect(deed(name))
            return ""
        } catch let error as CodecError {
            return error.detail
        }
    }
}

/// A file on the disk, lent by its descriptor.
struct FileSource: DecoderInput {
    let handle: FileHandle
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "picture-\(UUID().uuidString)")
        try Data(bytes).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        handle = try FileHandle(forReadingFrom: path)
        self.bytes = bytes
    }

    var count: Int { bytes.count }
    func withSpan<Value>(_ body: (Span<UInt8>) throws -> Value) rethrows -> Value { try body(bytes.span) }
    func withDescriptor<Value>(_ body: (Int32?) throws -> Value) rethrows -> Value { try body(handle.fileDescriptor) }
}
