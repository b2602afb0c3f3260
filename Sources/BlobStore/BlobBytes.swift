import Glibc

/// A blob's bytes, mapped from its file or held in memory, and never copied to be read.
package final class BlobBytes: Sendable {
    private enum Storage: Sendable {
        case memory([UInt8])
        /// The address, as a number so that it may cross threads, and the length. Nothing writes there after mapping.
        case mapping(address: UInt, count: Int)
    }

    private let storage: Storage
    /// The mapped file, open for reading; negative when it is not kept open.
    private let descriptor: Int32

    package init(_ bytes: [UInt8]) {
        storage = .memory(bytes)
        descriptor = -1
    }

    /// Maps a file, whole. The file must not be cut shorter while the mapping lives, which no part of the store ever does.
    /// - Parameter keepingOpen: Whether ``withDescriptor(_:)`` lends the file, so that another process can read it.
    init(mapping file: borrowing POSIXFile.Handle, keepingOpen: Bool = false) throws {
        let count = try file.size
        var descriptor: Int32 = -1
        if keepingOpen {
            descriptor = fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
            guard descriptor >= 0 else { throw BlobStoreError.last("keep open", file.path) }
        }
        self.descriptor = descriptor
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

    /// Lends the bytes for the length of `body`.
    package func withSpan<Value>(_ body: (Span<UInt8>) throws -> Value) rethrows -> Value {
        switch storage {
        case .memory(let bytes): return try body(bytes.span)
        case .mapping(let address, let count):
            let start = unsafe UnsafeRawPointer(bitPattern: address)
            let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count).assumingMemoryBound(to: UInt8.self)
            return try body(unsafe Span(_unsafeElements: bytes))
        }
    }

    /// Lends a descriptor of the file, open for reading only; `nil` when there is no file, or none that was kept open.
    package func withDescriptor<Value>(_ body: (Int32?) throws -> Value) rethrows -> Value {
        try body(descriptor >= 0 ? descriptor : nil)
    }

    /// A copy of a part, for those who hand it on piece by piece.
    package func array(_ part: Range<Int>) -> [UInt8] {
        withSpan { span in
            let piece = span.extracting(part)
            return unsafe [UInt8](unsafeUninitializedCapacity: piece.count) { buffer, count in
                for index in 0..<piece.count { unsafe buffer.initializeElement(at: index, to: piece[index]) }
                count = piece.count
            }
        }
    }

    /// A copy, for those who need an array.
    package var array: [UInt8] { array(0..<count) }
}
