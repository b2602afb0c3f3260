import ArchiveModel
import Foundation
import Testing

@testable import Gallery

/// What an export does to the folder it is given.
struct GalleryFolderTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    @Test func aSecondRunWritesNothingAndReadsNoBlob() async throws {
        let entries = try (0..<30).map { try entry($0) }
        let first = try await export(entries, to: folder, originals: true, pageSize: 10)
        let before = try folder.contents()
        let blobs = MemoryBlobs()
        let second = try await export(entries, to: folder, originals: true, pageSize: 10, blobs: blobs)
        #expect(second.written == 0)
        #expect(second.removed == 0)
        #expect(second.kept == first.written)
        #expect(await blobs.asked == 0)
        #expect(try folder.contents() == before)
    }

    @Test func theSameInputInAnyOrderGivesTheSameBytes() async throws {
        let other = try ScratchFolder()
        let entries = try (0..<25).map { try entry($0) }
        _ = try await export(entries, to: folder, pageSize: 10)
        _ = try await export(entries.reversed(), to: other, pageSize: 10)
        #expect(try folder.contents() == other.contents())
    }

    @Test func anOutputGivenTwiceIsShownOnce() async throws {
        let summary = try await export([try entry(1), try entry(2), try entry(1)], to: folder)
        #expect(summary.pictures == 2)
        #expect(try await export([try entry(1), try entry(2)], to: folder).written == 0)
    }

    @Test func aNewPictureChangesNoFullPageOrShard() async throws {
        _ = try await export(try (0..<45).map { try entry($0) }, to: folder, pageSize: 10, shardSize: 10)
        let before = try folder.contents()
        let summary = try await export(try (0..<46).map { try entry($0) }, to: folder, pageSize: 10, shardSize: 10)
        let after = try folder.contents()
        for page in ["page-1.html", "page-2.html", "page-3.html"] { #expect(before[page] == after[page]) }
        let shards = before.keys.filter { $0.hasPrefix("data/") }
        #expect(shards.count == 5)
        #expect(shards.filter { after[$0] == before[$0] }.count == 4)
        // Thumbnail, preview, its page, its neighbour's page, list of pages, shard, data list, manifest, feed, index.
        #expect(summary.written == 10)
    }

    @Test func onlyOrphansAreRemoved() async throws {
        _ = try await export([try entry(1), try entry(2)], to: folder)
        try folder.write("mine", to: "notes.txt")
        try folder.write("mine too", to: "pictures/mine.html")
        let summary = try await export([try entry(2)], to: folder)
        #expect(!folder.has("pictures/task-1-0.html"))
        #expect(!folder.has("thumbs/bb/\(try digest(1, "b")).jpg"))
        #expect(folder.has("thumbs/bb/\(try digest(2, "b")).jpg"))
        #expect(try folder.text("notes.txt") == "mine")
        #expect(try folder.text("pictures/mine.html") == "mine too")
        // Page, thumbnail and preview of the picture that went; the shard and the list of shards under their old names.
        #expect(summary.removed == 5)
    }

    @Test func aFolderWithOtherFilesIsRefusedUntouched() async throws {
        try folder.write("thesis", to: "thesis.txt")
        let error = await #expect(throws: GalleryError.self) { try await export([try entry(1)], to: folder) }
        #expect(error?.code == .foreignFolder)
        #expect(error?.description.contains(folder.path) == true)
        #expect(try folder.contents() == ["thesis.txt": Data("thesis".utf8)])
    }

    @Test func aForeignFileInTheWayIsNotOverwritten() async throws {
        _ = try await export([try entry(1)], to: folder)
        try folder.write("mine", to: "pictures/task-2-0.html")
        let error = await #expect(throws: GalleryError.self) { try await export([try entry(1), try entry(2)], to: folder) }
        #expect(error?.code == .foreignFile)
        #expect(try folder.text("pictures/task-2-0.html") == "mine")
    }

    @Test func aMissingBlobKeepsTheOldSiteUntilTheNextRun() async throws {
        _ = try await export([try entry(1)], to: folder)
        let before = try folder.contents()
        let blobs = MemoryBlobs()
        await blobs.lose(try digest(3, "b"))
        let entries = [try entry(2), try entry(3)]
        let error = await #expect(throws: GalleryError.self) { try await export(entries, to: folder, blobs: blobs) }
        #expect(error?.code == .missingBlob)
        #expect(error?.subject == (try digest(3, "b")).hex)
        let during = try folder.contents()
        for (file, bytes) in before { #expect(during[file] == bytes) }

        let fresh = try ScratchFolder()
        _ = try await export([try entry(3)], to: folder)
        _ = try await export([try entry(3)], to: fresh)
        #expect(try folder.contents() == fresh.contents())
    }

    @Test func aTruncatedFileIsWrittenAgain() async throws {
        _ = try await export([try entry(1)], to: folder)
        let whole = try folder.contents()
        for file in ["index.html", "thumbs/bb/\(try digest(1, "b")).jpg"] { try folder.write("", to: file) }
        let summary = try await export([try entry(1)], to: folder)
        #expect(summary.written == 2)
        #expect(try folder.contents() == whole)
    }

    @Test(arguments: ["../outside.txt", "/etc/hostname", "a/../../outside.txt", "a//b", ""])
    func aFileListWithOutsidePathsIsRefused(path: String) async throws {
        try folder.write(#"{"format":"fixative.gallery/1","files":{"\#(path)":{"bytes":1}}}"#, to: ".fixative-gallery.json")
        let error = await #expect(throws: GalleryError.self) { try await export([], to: folder) }
        #expect(error?.code == .damagedList)
    }

    @Test func blobsCanBeLinked() async throws {
        struct Files: GalleryBlobSource {
            let source: ScratchFolder
            func bytes(of digest: Digest) async throws -> [UInt8] { throw MemoryBlobs.Missing() }
            func path(of digest: Digest) async throws -> String? {
                try source.write("blob", to: digest.hex)
                return "\(source.path)/\(digest)"
            }
        }
        let source = try ScratchFolder()
        let options = GalleryExport.Options(output: folder.path, transfer: .link)
        _ = try await GalleryExport(options).write([try entry(1)], blobs: Files(source: source))
        let number = { (path: String) in try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int }
        let digest = try digest(1, "b")
        #expect(try number("\(folder.path)/thumbs/bb/\(digest).jpg") == number("\(source.path)/\(digest)"))
    }
}
