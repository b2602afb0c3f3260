package import ArchiveModel

/// Content-addressed files. Every implementation keeps these promises, and one suite of tests holds each to them:
/// - what ``BlobIngest/publish()`` or ``put(_:)`` has returned survives a power cut;
/// - the same bytes are stored once, whoever stores them and however often;
/// - a blob under its name is whole: nobody sees one being written.
package protocol BlobStore: Sendable {
    /// Opens a place to receive bytes whose digest is not known yet.
    func beginIngest() async throws -> any BlobIngest

    /// Stores bytes that are in memory; returns when they are durable.
    func put(_ bytes: [UInt8]) async throws -> Publication

    /// The stored size in bytes; `nil` when there is no such blob.
    func size(of digest: Digest) async throws -> Int?

    /// The bytes of a blob.
    /// - Throws: ``BlobStoreError`` with code `notFound`. Contents are not hashed again: ``rehash(_:)`` does that.
    func contents(of digest: Digest) async throws -> BlobBytes

    /// Reads a blob whole and gives the digest of what is really there.
    /// - Throws: ``BlobStoreError`` with code `notFound`.
    func rehash(_ digest: Digest) async throws -> Digest

    /// Writes a little, durably, and takes it away again: whether there is room, and a disk that takes it.
    func probe() async throws

    /// Everything under the store's roof, also what has no business there.
    func listing() async throws -> [StoredBlob]
}

/// Bytes on their way into a store. Use it from one task at a time; without ``publish()`` nothing remains of it.
///
/// The first failure is final: every later call throws it again, so that bytes cut short by a full disk are never published.
package protocol BlobIngest: Sendable {
    /// Takes more bytes.
    func append(_ bytes: [UInt8]) async throws

    /// Ends the writing.
    /// - Returns: The digest and the number of bytes received.
    func seal() async throws -> (digest: Digest, bytes: Int)

    /// The sealed bytes, for a look before they are published.
    func contents() async throws -> BlobBytes

    /// Makes the sealed bytes a blob. Returns when it is durable; "already there" is success.
    func publish() async throws -> Publication

    /// Drops the bytes. Does nothing after ``publish()``.
    func discard() async
}

/// That a blob is stored.
package struct Publication: Sendable, Hashable {
    package let digest: Digest
    package let bytes: Int
    /// `false` when the blob was there before.
    package let isNew: Bool
}

/// A file found in a store.
package struct StoredBlob: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case blob
        /// Its name is a digest, but it stands in the wrong folder, or is no regular file.
        case misplaced
        /// Left by a system or a sync program; see ``Litter``.
        case litter
        /// Anything else, which somebody put there.
        case stray
    }

    /// `nil` for what is no blob.
    package let digest: Digest?
    /// For people: the path inside the store.
    package let path: String
    package let bytes: Int
    /// Permission bits; `nil` where the store has none.
    package let mode: UInt32?
    package let kind: Kind
    /// What it is instead of a file, such as `a pipe`; `nil` for a file.
    package var what: String?

    package init(digest: Digest?, path: String, bytes: Int, mode: UInt32?, kind: Kind = .blob) {
        self.digest = digest
        self.path = path
        self.bytes = bytes
        self.mode = mode
        self.kind = kind
    }
}
