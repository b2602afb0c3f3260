import ArchiveModel
import Foundation
import Testing

@testable import BlobStore

@Suite struct ClaimStoreTests {
    private let scratch: ScratchFolder
    private let store: DirectoryClaimStore
    private let records: DirectoryRecordStore
    private let one = ClaimID(over: "one")
    private let other = ClaimID(over: "other")

    init() throws {
        scratch = try ScratchFolder()
        let folder = try archive(in: scratch.path)
        store = DirectoryClaimStore(folder: folder, threads: threads)
        records = DirectoryRecordStore(folder: folder, threads: threads)
    }

    @Test func aClaimIsWrittenOnceAndKept() async throws {
        #expect(try await store.listing() == ClaimListing())
        #expect(try await store.create([1, 2], as: one, after: []))
        #expect(try await store.bytes(of: one) == [1, 2])
        #expect(try await store.bytes(of: other) == nil)
        #expect(try await !store.create([3], as: one, after: [one]), "the first one stays")
        #expect(try await store.bytes(of: one) == [1, 2])
        #expect(store.path(of: one) == "records/claims/\(one).json")
        #expect(try scratch.names(in: "ingest") == [])
    }

    @Test func aWriterThatDoesNotKnowAllClaimsWritesNothing() async throws {
        #expect(try await store.create([1], as: one, after: []))
        #expect(try await !store.create([2], as: other, after: []))
        #expect(try await store.bytes(of: other) == nil)
        #expect(try await store.create([2], as: other, after: [one]))
        #expect(try await store.listing().claims == [one, other].sorted())
    }

    @Test func foreignFilesAreListedAndClaimsAreNoRecords() async throws {
        #expect(try await store.create([1], as: one, after: []))
        try scratch.write("x", to: "records/claims/claim-1.json")
        try scratch.write("x", to: "records/claims/.DS_Store")
        let listing = try await store.listing()
        #expect(listing.claims == [one] && listing.strays == ["records/claims/claim-1.json"] && listing.litter == 1)
        for try await listing in records.listings() { Issue.record("\(listing.path) is listed as a record") }
    }
}
