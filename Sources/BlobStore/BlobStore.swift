package import ArchiveModel

/// Content-addressed files. Every implementation guarantees the following; one test suite checks each of them:
/// - a blob is durable (it survives a power cut) once ``BlobIngest/publish()`` or ``put(_:)`` returns;
/// - the same bytes are stored only once;
/// - a blob becomes visible under its digest only when it is complete.
package protocol BlobStore: Sendable {
    /// Begins storing bytes whose digest is not known yet.
    func beginIngest() async throws -> any BlobIngest

    /// Stores bytes that are in memory; returns when they are durable.
    func put(_ bytes: [UInt8]) async throws -> Publication

    /// The stored size in bytes; `nil` when there is no such blob.
    func size(of digest: Digest) async throws -> Int?

    /// The bytes of a blob. They are not hashed again; use ``rehash(_:)`` for that.
    /// - Throws: ``BlobStoreError`` with code `notFound`.
    func contents(of digest: Digest) async throws -> BlobBytes

    /// Reads a blob in full and returns the digest of its actual bytes.
    /// - Throws: ``BlobStoreError`` with code `notFound`.
    func rehash(_ digest: Digest) async throws -> Digest

    /// Writes and removes a small file, to check that the disk has room and accepts writes.
    func probe() async throws

    /// Everything in the store's folder, including foreign files.
    func listing() async throws -> [StoredBlob]
}

/// Bytes being received by a store. Use an ingest from one task at a time. Without ``publish()``, no data is kept.
///
/// The first failure is final: every later call throws it again, so that bytes truncated by a full disk are never published.
package protocol BlobIngest: Sendable {
    /// Appends bytes.
    func append(_ bytes: [UInt8]) async throws

    /// Ends writing.
    /// - Returns: The digest and the number of bytes received.
    func seal() async throws -> (digest: Digest, bytes: Int)

    /// The sealed bytes, for inspection before publishing.
    func contents() async throws -> BlobBytes

    /// Makes the sealed bytes a blob. Returns when it is durable. It is not an error if the blob already exists.
    func publish() async throws -> Publication

    /// Discards the bytes. Does nothing after ``publish()``.
    func discard() async
}

/// The result of storing a blob.
package struct Publication: Sendable, Hashable {
    package let digest: Digest
    package let bytes: Int
    /// `false` when the blob already existed.
    package let isNew: Bool
}

/// A file found in a store.
package struct StoredBlob: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case blob
        /// Its name is a digest, but it lies in the wrong folder or is not a regular file.
        case misplaced
        /// Left by an operating system or a sync program; see ``Litter``.
        case litter
        /// Any other foreign file.
        case stray
    }

    /// `nil` when the file is not a blob.
    package let digest: Digest?
    /// The path inside the store, for display.
    package let path: String
    package let bytes: Int
    /// Permission bits; `nil` where the store has none.
    package let mode: UInt32?
    package let kind: Kind
    /// The kind of an object that is not a file, such as `a pipe`; `nil` for a file.
    package var what: String?

    package init(digest: Digest?, path: String, bytes: Int, mode: UInt32?, kind: Kind = .blob) {
        self.digest = digest
        self.path = path
        self.bytes = bytes
        self.mode = mode
        self.kind = kind
    }
}
