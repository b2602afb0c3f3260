import ArchiveModel
import BlockingThreads
import Foundation
import Testing

@testable import BlobStore

/// One implementation of ``BlobStore`` under test; a further one is added to ``all`` and has to keep the same promises.
struct Implementation: Sendable, CustomTestStringConvertible {
    /// An empty store.
    struct Instance: Sendable {
        let store: any BlobStore
        /// How many files or uploads that are no blobs yet lie about.
        let unfinished: @Sendable () throws -> Int
    }

    let testDescription: String
    let make: @Sendable () throws -> Instance

    static let all = [directory]

    static let directory = Implementation(testDescription: "directory") {
        let scratch = try ScratchFolder()
        let store = DirectoryBlobStore(folder: try archive(in: scratch.path), threads: threads)
        return Instance(store: store) { try scratch.names(in: "ingest").count }
    }
}

@Suite struct BlobStoreContract {
    @Test(arguments: Implementation.all)
    func aStoredBlobIsFoundByItsSHA256(_ implementation: Implementation) async throws {
        let instance = try implementation.make()
        for count in [0, 1, 63, 64, 65, 4096, 1_000_003] {
            let given = bytes(count, seed: UInt64(count))
            let publication = try await instance.store.put(given)
            #expect(publication.digest.hex == (try sha256sum(given)))
            #expect(publication.bytes == count)
            #expect(publication.isNew)
            #expect(try await instance.store.size(of: publication.digest) == count)
            #expect(try await instance.store.contents(of: publication.digest).array == given)
            #expect(try await instance.store.contents(of: publication.digest).count == count)
            #expect(try await instance.store.rehash(publication.digest) == publication.digest)
        }
        #expect(try instance.unfinished() == 0)
    }

    @Test(arguments: Implementation.all)
    func theEmptyBlobHasItsKnownDigest(_ implementation: Implementation) async throws {
        let instance = try implementation.make()
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(try await instance.store.put([]).digest.hex == empty)
        let ingest = try await instance.store.beginIngest()
        let publication = try await ingest.publish()
        #expect(publication.digest.hex == empty)
        #expect(!publication.isNew)
    }

    @Test(arguments: Implementation.all)
    func aLargeBlobIsWrittenInChunksOfAnySize(_ implementation: Implementation) async throws {
        let instance = try implementation.make()
        let given = bytes(10_000_000)
        let ingest = try await instance.store.beginIngest()
        var (position, chunk) = (0, 1)
        while position < given.count {
            let end = min(position + chunk, given.count)
            try await ingest.append(Array(given[position..<end]))
            position = end
            // 1, 10, 73, … up to more than what is gathered before a write.
            chunk = chunk > 1_000_000 ? 1 : chunk * 7 + 3
        }
        try await ingest.append([])
        let expected = try sha256sum(given)
        let sealed = try await ingest.seal()
        #expect(sealed.digest.hex == expected)
        #expect(sealed.bytes == given.count)
        #expect(try await ingest.contents().array == given)
        #expect(try await instance.store.size(of: sealed.digest) == nil, "a sealed blob is not published yet")
        #expect(try await instance.store.listing().isEmpty)

        #expect(try await ingest.publish() == Publication(digest: sealed.digest, bytes: given.count, isNew: true))
        #expect(try await instance.store.contents(of: sealed.digest).array == given)
        #expect(try await instance.store.rehash(sealed.digest).hex == expected)
        #expect(try instance.unfinished() == 0)
    }

    @Test(arguments: Implementation.all)
    func bytesCanBePublishedWithoutBeingSealedFirst(_ implementation: Implementation) async throws {
        let instance = try implementation.make()
        let ingest = try await instance.store.beginIngest()
        try await ingest.append(Array("abc".utf8))
        // FIPS 180-2, appendix B.1.
        #expect(try await ingest.publish().digest.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test(arguments: Implementation.all)
    func theSameBytesAreStoredOnce(_ implementation: Implementation) async throws {
        let instance = try implementation.make()
        let given = bytes(1000)
        #expect(try await instance.store.put(given).isNew)
        #expect(try await !instance.store.put(given).isNew)
        let ingest = try await instance.store.beginIngest()
        try await ingest.append(given)
        #expect(try await !ingest.publish().isNew)
        #expect(try await instance.store.listing().count == 1)
        #expect(try instance.unfinished() == 0)
    }

    @Test(arguments: Implementation.all)
    func manyWritersOfTheSameBytesMakeOneBlob(_ implementation: Implementation) async throws {
        let instance = try implementation.make()
        let given = bytes(100_000)
        let isNew = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                group.addTask {
                    if number.isMultiple(of: 2) { return try await instance.store.put(given).isNew }
                    let ingest = try await instance.store.beginIngest()
                    try await ingest.append(Array(given[..<50_001]))
                    try await ingest.append(Array(given[50_001...]))
                    return try await ingest.publish().isNew
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(isNew.count { $0 } == 1)
        let listing = try await instance.store.listing()
        #expect(listing.map(\.digest?.hex) == [try sha256sum(given)])
        #expect(listing.first?.bytes == 100_000)
        #expect(try instance.unfinished() == 0)
    }

    @Test(arguments: Implementation.all)
    func manyWritersOfDifferentBytesMakeABlobEach(_ implementation: Implementation) async throws {
        let instance = try implementation.make()
        let digests = try await withThrowingTaskGroup(of: Publication.self) { group in
            for number in 0..<100 {
                group.addTask { try await instance.store.put(bytes(2000 + number, seed: UInt64(number) + 7)) }
            }
            return try await group.reduce(into: [Digest]()) { found, publication in
                #expect(publication.isNew)
                found.append(publication.digest)
            }
        }
        #expect(Set(digests).count == 100)
        #expect(Set(try await instance.store.listing().compactMap(\.digest)) == Set(digests))
        for digest in digests { #expect(try await instance.store.rehash(digest) == digest) }
        #expect(try instance.unfinished() == 0)
    }

    @Test(arguments: Implementation.all)
    func nothingRemainsOfDiscardedBytes(_ implementation: Implementation) async throws {
        let instance = try implementation.make()
        let ingest = try await instance.store.beginIngest()
        try await ingest.append(bytes(1_000_000))
        let sealed = try await ingest.seal()
        await ingest.discard()
        await ingest.discard()
        #expect(try await instance.store.size(of: sealed.digest) == nil)
        #expect(try await instance.store.listing().isEmpty)
        #expect(try instance.unfinished() == 0)
    }

    @Test(arguments: Implementation.all)
    func discardingAPublishedBlobChangesNothing(_ implementation: Implementation) async throws {
        let instance = try implementation.make()
        let ingest = try await instance.store.beginIngest()
        try await ingest.append(bytes(1000))
        let publication = try await ingest.publish()
        await ingest.discard()
        #expect(try await instance.store.contents(of: publication.digest).array == bytes(1000))
    }

    @Test(arguments: Implementation.all)
    func nothingRemainsOfUnpublishedBytes(_ implementation: Implementation) async throws {
        let instance = try implementation.make()
        do {
            let ingest = try await instance.store.beginIngest()
            try await ingest.append(bytes(1_000_000))
        }
        #expect(try instance.unfinished() == 0)
        #expect(try await instance.store.listing().isEmpty)
    }

    @Test(arguments: Implementation.all)
    func aMissingBlobIsNotFound(_ implementation: Implementation) async throws {
        let instance = try implementation.make()
        let missing = try #require(Digest(String(repeating: "ab", count: 32)))
        #expect(try await instance.store.size(of: missing) == nil)
        await #expect(performing: { try await instance.store.contents(of: missing) }, throws: hasCode(.notFound))
        await #expect(performing: { try await instance.store.rehash(missing) }, throws: hasCode(.notFound))
        #expect(try await instance.store.listing().isEmpty)
    }

    @Test(arguments: Implementation.all)
    func openBlobContentsOutliveTheStore(_ implementation: Implementation) async throws {
        let contents = try await {
            let instance = try implementation.make()
            return try await instance.store.contents(of: instance.store.put(bytes(70_000)).digest)
        }()
        // The store and its folder are gone by now.
        #expect(try contents.array == bytes(70_000))
        #expect(contents.withSpan { $0.count } == 70_000)
    }
}
