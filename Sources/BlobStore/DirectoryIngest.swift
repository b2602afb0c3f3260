import ArchiveModel
import BlockingThreads
import Foundation
import Glibc
import Synchronization

/// A file in `ingest/` that is hashed while it is written. It is locked so that other processes don't treat it as a leftover.
struct IngestFile: ~Copyable {
    private let file: POSIXFile.Handle
    private var hash = Digest.Accumulator()
    private(set) var count = 0

    init(in folder: StorePath) throws {
        file = try POSIXFile.createClaimed(in: folder)
    }

    var path: StorePath { file.path }

    mutating func append(_ bytes: [UInt8]) throws {
        try file.write(bytes)
        hash.update(bytes)
        count += bytes.count
    }

    func digest() -> Digest { hash.digest() }

    /// Makes the contents durable, after checking that the file has as many bytes as were written.
    /// - Parameter mode: The permission bits of the finished file.
    func settle(_ mode: mode_t) throws {
        let size = try file.size
        guard size == count else {
            throw BlobStoreError(
                .corrupt, "store", path: "\(path)", detail: "\(count) bytes were written, but the file has \(size)")
        }
        try file.setMode(mode)
        try file.synchronise()
    }

    /// - Returns: `false` when the name is already taken.
    func publish(as newPath: StorePath) throws -> Bool { try POSIXFile.publish(path, as: newPath) }
    func exchange(with other: StorePath) throws -> POSIXFile.Exchange { try POSIXFile.exchange(path, with: other) }
    func rename(to newPath: StorePath) throws { try POSIXFile.rename(path, to: newPath) }

    /// Removes the name in `ingest/`. If this fails, nothing is lost: the next start deletes the leftover.
    func remove() { try? POSIXFile.remove(path) }

    func contents() throws -> BlobBytes { try BlobBytes(mapping: POSIXFile.openForReading(path)) }
}

/// Received bytes in a file in `ingest/`.
final class DirectoryIngest: BlobIngest {
    /// The number of bytes to buffer before a thread of the pool writes them to the file.
    private static let flushSize = 256 << 10

    private struct State: ~Copyable {
        var file: IngestFile?
        var pending: [UInt8] = []
        /// The first failure, which is final: after it, it is unknown which bytes are in the file or on the disk.
        var failure: (any Error)?

        mutating func failing<Value>(_ body: (inout IngestFile?) throws -> Value) throws -> Value {
            try check()
            do {
                return try body(&file)
            } catch {
                failure = error
                throw error
            }
        }

        func check() throws { if let failure { throw failure } }
    }

    private let state: Mutex<State>
    private let store: DirectoryBlobStore
    private let threads: BlockingThreadPool

    init(store: DirectoryBlobStore, threads: BlockingThreadPool, ingestFolder: StorePath) throws {
        self.store = store
        self.threads = threads
        state = Mutex(State(file: try IngestFile(in: ingestFolder)))
    }

    deinit { state.withLock { $0.file?.remove() } }

    func append(_ bytes: [UInt8]) async throws {
        let isFull = try state.withLock { state in
            try state.check()
            state.pending += bytes
            return state.pending.count >= Self.flushSize
        }
        if isFull { try await threads.run { [self] in try flush() } }
    }

    private func flush() throws {
        try state.withLock { state in
            guard !state.pending.isEmpty else { return }
            let bytes = exchange(&state.pending, with: [])
            try state.failing { try $0?.append(bytes) }
        }
    }

    func seal() async throws -> (digest: Digest, bytes: Int) {
        try await threads.run { [self] in
            try flush()
            return try withFile { ($0.digest(), $0.count) }
        }
    }

    func contents() async throws -> BlobBytes {
        try await threads.run { [self] in try withFile { try $0.contents() } }
    }

    func publish() async throws -> Publication {
        try await threads.run { [self] in
            try flush()
            let publication = try withFile { try store.publish($0) }
            drop()
            return publication
        }
    }

    func discard() async {
        _ = try? await threads.run { [self] in drop() }
    }

    private func drop() {
        state.withLock { state in
            state.file?.remove()
            state.file = nil
        }
    }

    private func withFile<Value: Sendable>(_ body: (borrowing IngestFile) throws -> Value) throws -> Value {
        try state.withLock { state in
            try state.failing { file in
                switch file {
                case .some(let file): return try body(file)
                case .none: preconditionFailure("an ingest is not used after it was published or discarded")
                }
            }
        }
    }
}
