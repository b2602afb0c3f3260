import ArchiveModel
import Foundation
import Testing

@testable import BlobStore

@Suite struct DirectoryBlobStoreTests {
    let scratch: ScratchFolder
    let store: DirectoryBlobStore

    init() throws {
        scratch = try ScratchFolder()
        store = DirectoryBlobStore(folder: try archive(in: scratch.path), threads: threads)
    }

    /// SHA-256 of "abc", from FIPS 180-2, appendix B.1.
    static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    static let abcPath = "blobs/sha256/ba/\(abc)"

    @Test func aBlobIsAReadOnlyFileNamedByItsDigest() async throws {
        let digest = try await store.put(Array("abc".utf8)).digest
        let path = "\(scratch.path)/\(Self.abcPath)"
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "abc")
        #expect(try run("/usr/bin/stat", "-c", "%a %h %F", path) == "400 1 regular file\n")
        #expect(try await store.localPath(of: digest) == path)
        let listing = try await store.listing()
        #expect(listing == [StoredBlob(digest: digest, path: Self.abcPath, bytes: 3, mode: 0o400)])
    }

    @Test func aMissingBlobHasNoFile() async throws {
        #expect(try await store.localPath(of: try #require(Digest(Self.abc))) == nil)
    }

    @Test(arguments: ["abcd", "", "abd"])
    func aDamagedBlobIsQuarantinedAndReplaced(_ damage: String) async throws {
        try scratch.write(damage, to: Self.abcPath)
        #expect(try await store.put(Array("abc".utf8)).isNew)
        #expect(try String(contentsOfFile: "\(scratch.path)/\(Self.abcPath)", encoding: .utf8) == "abc")
        // What was there is evidence, and stays, with a note of why.
        let kept = try scratch.names(in: "quarantine")
        #expect(kept.count == 2)
        for name in kept {
            let text = try String(contentsOfFile: "\(scratch.path)/quarantine/\(name)", encoding: .utf8)
            #expect(name.hasSuffix(".txt") ? text.contains("it held \(damage.utf8.count) bytes") : text == damage)
        }
        #expect(try scratch.names(in: "ingest") == [])
    }

    /// A name as writers give them in `ingest/`.
    private func leftover(_ number: Int) -> String { "0f8fad5b-d9cb-469f-a165-70867728950\(number)" }

    private func touch(_ path: String, _ date: String) throws {
        try run("/usr/bin/touch", "-d", date, "\(scratch.path)/\(path)")
    }

    @Test func storingABlobAgainMarksItAsUsedNow() async throws {
        let digest = try await store.put(Array("abc".utf8)).digest
        let longAgo = Date(timeIntervalSinceNow: -86400)
        try touch(Self.abcPath, "2020-01-01T00:00:00Z")
        #expect(try await store.collect(digest, unusedSince: longAgo, trying: true) == 3)
        #expect(try await !store.put(Array("abc".utf8)).isNew)
        #expect(try await store.collect(digest, unusedSince: longAgo, trying: false) == nil)
        #expect(try await store.size(of: digest) == 3)
        try touch(Self.abcPath, "2020-01-01T00:00:00Z")
        #expect(try await store.collect(digest, unusedSince: longAgo, trying: false) == 3)
        #expect(try await store.size(of: digest) == nil)
    }

    /// A worker stores bytes that are there already, while the collector is about to take them away: whatever comes first, the bytes
    /// are there once the worker has been told so.
    @Test func aBlobStoredAgainIsNeverCollected() async throws {
        let given = bytes(20_000)
        let digest = try await store.put(given).digest
        let path = "blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)"
        let limit = Date(timeIntervalSinceNow: -3600)
        var collected = 0
        for _ in 0..<200 {
            try FileManager.default.setAttributes([.modificationDate: Date.distantPast], ofItemAtPath: "\(scratch.path)/\(path)")
            let taken = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 {
                    group.addTask { try await store.collect(digest, unusedSince: limit, trying: false) == nil ? 0 : 1 }
                    group.addTask {
                        _ = try await store.put(given)
                        #expect(try await store.size(of: digest) == 20_000)
                        return 0
                    }
                }
                return try await group.reduce(0, +)
            }
            collected += taken
            #expect(try await store.rehash(digest) == digest)
        }
        #expect(collected > 0, "storing and collecting never overlapped")
        #expect(try scratch.names(in: "ingest") == [])
        #expect(try scratch.names(in: "quarantine") == [])
    }

    @Test func anUndamagedBlobIsNotQuarantined() async throws {
        let digest = try await store.put(Array("abc".utf8)).digest
        #expect(try await store.quarantine(digest, note: QuarantineNote([("why", "a wrong alarm")])) == nil)
        #expect(try await store.size(of: digest) == 3)
    }

    @Test func aSymbolicLinkIsNeverABlob() async throws {
        let digest = try #require(Digest(Self.abc))
        try FileManager.default.createDirectory(
            atPath: "\(scratch.path)/blobs/sha256/ba", withIntermediateDirectories: true)
        try scratch.write("abc", to: "elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: "\(scratch.path)/\(Self.abcPath)", withDestinationPath: "\(scratch.path)/elsewhere")
        #expect(try await store.listing().map(\.digest) == [nil])
        #expect(try await store.read([digest]) == [nil])
        #expect(try await store.put(Array("abc".utf8)).isNew)
        #expect(try run("/usr/bin/stat", "-c", "%F", "\(scratch.path)/\(Self.abcPath)") == "regular file\n")
    }

    @Test func rehashingReturnsTheActualDigest() async throws {
        try scratch.write("abd", to: Self.abcPath)
        let digest = try #require(Digest(Self.abc))
        #expect(try await store.rehash(digest).hex == sha256sum(Array("abd".utf8)))
        #expect(try await store.size(of: digest) == 3)
    }

    @Test func theListingShowsMisplacedFilesToo() async throws {
        _ = try await store.put(Array("abc".utf8))
        try scratch.write("x", to: "blobs/sha256/ba/notes.txt")
        try scratch.write("abc", to: "blobs/sha256/cd/\(Self.abc)")
        try scratch.write("abc", to: "blobs/sha256/ba/\(Self.abc.uppercased())")
        try scratch.write("abc", to: "blobs/sha256/bab/\(Self.abc)")
        try scratch.write("stray", to: "blobs/sha256/stray.txt")
        let listing = try await store.listing()
        #expect(
            Set(listing.map(\.path)) == [
                Self.abcPath, "blobs/sha256/ba/notes.txt", "blobs/sha256/cd/\(Self.abc)",
                "blobs/sha256/ba/\(Self.abc.uppercased())",
                "blobs/sha256/bab/\(Self.abc)", "blobs/sha256/stray.txt",
            ])
        #expect(listing.filter { $0.digest != nil }.map(\.path) == [Self.abcPath])
    }

    @Test func sweepingRemovesOnlyLeftoversOfDeadWriters() async throws {
        try scratch.write("left over", to: "ingest/\(leftover(1))")
        try scratch.write("left over", to: "ingest/\(leftover(2))")
        let ingest = try await store.beginIngest()
        try await ingest.append(bytes(300_000))
        #expect(try await store.sweepIngest(trying: false) == 2)
        #expect(try scratch.names(in: "ingest").count == 1)
        #expect(try await ingest.publish().bytes == 300_000)
        #expect(try await store.sweepIngest(trying: false) == 0)
        #expect(try scratch.names(in: "ingest") == [])
    }

    @Test func anUnfinishedWriterDoesNotBlockOthers() async throws {
        var writer = try IngestFile(in: StorePath(root: scratch.path) / "ingest")
        try writer.append(Array("abc".utf8))
        _ = try store.publish(writer)
        #expect(try await store.sweepIngest(trying: false) == 1, "it has its final name")
        #expect(try await store.put(Array("abc".utf8)).isNew == false)
        let digest = try #require(Digest(Self.abc))
        #expect(try await store.collect(digest, unusedSince: .distantFuture, trying: false) == 3)
        writer.remove()
    }

    @Test func aFolderInTheWayDoesNotStopTheSweeping() async throws {
        try scratch.write("x", to: "ingest/0-folder/file")
        try scratch.write("left over", to: "ingest/\(leftover(1))")
        #expect(try await store.sweepIngest(trying: false) == 1)
        #expect(try scratch.names(in: "ingest") == ["0-folder"])
    }

    @Test func sweepingWhileOthersWriteLosesNothing() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask { _ = try await store.put(bytes(500, seed: UInt64(number) + 1)) }
                group.addTask { _ = try await store.sweepIngest(trying: false) }
            }
            try await group.waitForAll()
        }
        #expect(try await store.listing().count == 60)
        #expect(try scratch.names(in: "ingest") == [])
    }

    @Test func aPublishedLeftoverIsRemovedEvenIfOpen() async throws {
        let scratch = try ScratchFolder()
        let folder = try archive(in: scratch.path)
        let leftover = "\(folder.ingestPath)/marker-\(leftover(1))"
        try FileManager.default.linkItem(atPath: "\(scratch.path)/fixative-archive.json", toPath: leftover)
        // As a process that was killed between giving the marker its name and taking this one away leaves it.
        #expect(try await DirectoryBlobStore(folder: folder, threads: threads).sweepIngest(trying: false) == 1)
        #expect(try scratch.names(in: "ingest") == [])
        #expect(FileManager.default.fileExists(atPath: "\(scratch.path)/fixative-archive.json"))
    }

    /// A filesystem that knows no locks must say so: taking that for "somebody else has it" would make one new file after another.
    @Test func anUnexpectedLockFailureIsAnError() {
        let closed = POSIXFile.Handle(descriptor: -1, path: StorePath(root: "nowhere"))
        var code: BlobStoreError.Code?
        do { _ = try closed.claim() } catch { code = (error as? BlobStoreError)?.code }
        // EBADF is 9 on every Unix.
        #expect(code == .system(9))
    }
}

@Suite struct FullDiskTests {
    @Test func aBlobThatDoesNotFitIsRefusedAndLeavesNothing() async throws {
        try await withSmallDisk(kilobytes: 2048) { path in
            let store = DirectoryBlobStore(folder: try archive(in: path), threads: threads)
            let kept = try await store.put(bytes(100_000)).digest
            await #expect(performing: { try await store.put(bytes(4_000_000)) }, throws: isNoSpace)

            let ingest = try await store.beginIngest()
            await #expect(
                performing: {
                    for _ in 0..<16 { try await ingest.append(bytes(250_000)) }
                    _ = try await ingest.seal()
                }, throws: isNoSpace)
            await ingest.discard()

            #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/ingest").isEmpty)
            #expect(try await store.listing().map(\.digest) == [kept])
            #expect(try await store.rehash(kept) == kept)
            #expect(try await store.put(bytes(200_000, seed: 2)).isNew, "there is room again")
        }
    }

    @Test func aFileCutShortByAFullDiskIsNeverPublished() async throws {
        try await withSmallDisk(kilobytes: 2048) { path in
            let store = DirectoryBlobStore(folder: try archive(in: path), threads: threads)
            let ingest = try await store.beginIngest()
            // Whole pages, so that the next write takes no byte at all and the file is as long as what it has counted.
            try await ingest.append(bytes(307_200))
            let filler = try fill(path)
            await #expect(performing: { try await ingest.append(bytes(307_200)) }, throws: isNoSpace)
            try FileManager.default.removeItem(atPath: filler)

            await #expect(performing: { try await ingest.append(bytes(1)) }, throws: isNoSpace)
            await #expect(performing: { try await ingest.seal() }, throws: isNoSpace)
            await #expect(performing: { try await ingest.contents() }, throws: isNoSpace)
            await #expect(performing: { try await ingest.publish() }, throws: isNoSpace)
            await ingest.discard()
            #expect(try await store.listing().isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/ingest").isEmpty)
        }
    }

    @Test func aRecordThatDoesNotFitKeepsTheEarlierOne() async throws {
        try await withSmallDisk(kilobytes: 1024) { path in
            let folder = try archive(in: path)
            let store = DirectoryRecordStore(folder: folder, threads: threads)
            let before = try record("t", reason: "before")
            try await store.write(before)
            let filler = try fill(path)
            await #expect(
                performing: { try await store.write(try record("t", reason: String(repeating: "after", count: 10_000))) },
                throws: isNoSpace)
            #expect(try await store.record(of: before.id, day: now) == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/ingest").isEmpty)
            try FileManager.default.removeItem(atPath: filler)
        }
    }

    @Test func anArchiveCanBeCreatedOnceThereIsRoom() async throws {
        try await withSmallDisk(kilobytes: 64) { path in
            let filler = try fill(path)
            #expect(performing: { try archive(in: path) }, throws: isNoSpace)
            try FileManager.default.removeItem(atPath: filler)
            #expect(try archive(in: path).isNew)
        }
    }
}
