import Glibc

/// A blob's bytes, mapped from its file or held in memory.
///
/// If a page of a mapped file can't be read (bad sector or truncated file), SIGBUS ends the process. Only decoders therefore use
/// the mapping. All other code reads parts of the file, where the same problem is an error.
package final class BlobBytes: Sendable {
    private enum Storage: Sendable {
        case memory([UInt8])
        /// The address, stored as a number to be `Sendable`, and the length. Nothing writes to this memory after mapping.
        case mapping(address: UInt, count: Int)
    }

    private let storage: Storage
    /// The mapped file, open for reading; negative without a file.
    private let descriptor: Int32
    private let path: String

    package init(_ bytes: [UInt8]) {
        storage = .memory(bytes)
        descriptor = -1
        path = ""
    }

    /// Maps a whole file and keeps it open.
    init(mapping file: borrowing POSIXFile.Handle) throws {
        let count = try file.size
        path = file.path.description
        descriptor = fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw BlobStoreError.last("keep open", file.path) }
        guard count > 0 else {
            storage = .memory([])
            return
        }
        let address = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else { throw BlobStoreError.last("map", file.path) }
        storage = .mapping(address: UInt(bitPattern: address), count: count)
    }

    deinit {
        if case .mapping(let address, let count) = storage { unsafe munmap(UnsafeMutableRawPointer(bitPattern: address), count) }
        if descriptor >= 0 { _ = close(descriptor) }
    }

    package var count: Int {
        switch storage {
        case .memory(let bytes): bytes.count
        case .mapping(_, let count): count
        }
    }

    /// Passes the bytes to `body`. For decoders only; see the type's comment.
    package func withSpan<Value>(_ body: (Span<UInt8>) throws -> Value) rethrows -> Value {
        switch storage {
        case .memory(let bytes): return try body(bytes.span)
        case .mapping(let address, let count):
            let start = unsafe UnsafeRawPointer(bitPattern: address)
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count).assumingMemoryBound(to: UInt8.self)
            return try body(unsafe Span(_unsafeElements: bytes))
        }
    }

    /// Passes a read-only descriptor of the file to `body`; `nil` when the bytes are in memory.
    package func withDescriptor<Value>(_ body: (Int32?) throws -> Value) rethrows -> Value {
        try body(descriptor >= 0 ? descriptor : nil)
    }

    /// A copy of a part of the bytes.
    /// - Throws: ``BlobStoreError`` with code `system` when the disk can't read it, or `corrupt` when the file has become
    ///   shorter.
    package func array(_ part: Range<Int>) throws -> [UInt8] {
        if case .memory(let bytes) = storage { return Array(bytes[part]) }
        var failure: BlobStoreError?
        let read = unsafe [UInt8](unsafeUninitializedCapacity: part.count) { buffer, count in
            while count < part.count {
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[count..<part.count])
                let got = unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(part.lowerBound + count))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = BlobStoreError(.system(errno), "read", path: path) }
                if got == 0 { failure = BlobStoreError(.corrupt, "read", path: path) }
                guard got > 0 else { return }
                count += got
            }
        }
        if let failure { throw failure }
        return read
    }

    /// A copy of all bytes.
    /// - Throws: The same errors as ``array(_:)``.
    package var array: [UInt8] { get throws { try array(0..<count) } }
}
