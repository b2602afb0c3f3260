import ArchiveModel
import Foundation
import Testing

@testable import BlobStore

@Suite struct LitterTests {
    /// Names as the systems' own documentation gives them.
    @Test(arguments: [
        ".DS_Store", "._task-1-0.json", ".AppleDouble", ".Spotlight-V100", ".Trashes", ".fseventsd", ".TemporaryItems", ".apdisk",
        "Thumbs.db", "thumbs.db", "ehthumbs.db", "desktop.ini", "Desktop.ini", "$RECYCLE.BIN", "System Volume Information",
        "@eaDir", "#recycle", "#snapshot", "@Recycle", ".@__thumb", ".snapshot", ".zfs", "lost+found", ".DAV",
        ".nfs0000000000000001", ".nfs000000000003a2c500000017", ".fuse_hidden0000001200000001", ".smbdeleteAAA1234.4",
        "task-1-0.sync-conflict-20261126-101010-ABCDEFG.json", ".syncthing.task-1-0.json.tmp", "~syncthing~task.json.tmp",
        ".stfolder",
        ".stversions", ".stignore", ".dropbox", ".dropbox.attr", ".dropbox.cache",
        "task-1-0 (Ann's conflicted copy 2026-11-26).json",
        "task-1-0 (conflicted copy 2026-11-26 101010).json", "task-1-0 (Case Conflict).json",
        "task_conflict-20261126-101010.json",
        ".~lock.report.odt#", "~$report.docx", "task-1-0.json~", ".task-1-0.json.swp", "#task-1-0.json#", ".#task-1-0.json",
        ".task-1-0.json.Ab12Cd", ".goutputstream-AB12CD", "ba78.part", "ba78.partial", "ba78.crdownload", ".Trash-1000",
        ".directory",
    ])
    func systemLeftoversAreRecognisedByName(_ name: String) { #expect(Litter.isName(name)) }

    @Test(arguments: [
        "task-1-0.json", "task-1.task.json", "notes.txt", "backup", "2026", "11", "ab",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "0f8fad5b-d9cb-469f-a165-708677289501", "README.md",
        "thumbs", "desktop", "part.json", "fixative.json", "catalog.sqlite-wal", "%2Etask-0.json",
    ])
    func otherNamesAreNotTakenForLeftovers(_ name: String) { #expect(!Litter.isName(name)) }

    @Test func onlyASyncCopyOfARecordIsLitter() async throws {
        let scratch = try ScratchFolder()
        let store = DirectoryRecordStore(folder: try archive(in: scratch.path), threads: threads)
        try await store.write(try record("a.sync-conflict-b"))
        try await store.write(try record("t"))
        let folder = "\(scratch.path)/records/2026/11/22"
        try FileManager.default.copyItem(
            atPath: "\(folder)/t-0.json", toPath: "\(folder)/t-0.sync-conflict-20261126-101010-ABCDEFG.json")
        try scratch.write("x", to: "records/@eaDir/2026/11/22/t-0.json")
        try scratch.write("x", to: "records/2026/11/22/notes.txt")
        var found: [String: RecordListing.Kind] = [:]
        for try await listing in store.listings() { found[listing.path] = listing.kind }
        let day = "records/2026/11/22"
        #expect(
            found == [
                "\(day)/a.sync-conflict-b-0.json": .record, "\(day)/t-0.json": .record, "\(day)/notes.txt": .stray,
                "\(day)/t-0.sync-conflict-20261126-101010-ABCDEFG.json": .litter, "records/@eaDir": .litter,
            ])
    }

    /// IDs that hold the mark of a sync program. The name of such a task's record looks like litter.
    static let marks = ["task_conflict_2", "a.sync-conflict-b", "a.conflict-b", "a_conflict-20261126"]

    @Test(arguments: marks)
    func aDamagedRecordIsNeverLitter(_ id: String) async throws {
        let scratch = try ScratchFolder()
        let store = DirectoryRecordStore(folder: try archive(in: scratch.path), threads: threads)
        try await store.write(try record(id))
        try await store.write(try record("t"))
        let day = "records/2026/11/22"
        let path = "\(day)/\(id)-0.json"
        #expect(Litter.isName("\(id)-0.json"))

        try scratch.remove(path)
        try scratch.write("{", to: path)
        #expect(try await Self.kinds(store) == ["\(path): record, unreadable", "\(day)/t-0.json: record"].sorted())

        try scratch.remove(path)
        try FileManager.default.createSymbolicLink(atPath: "\(scratch.path)/\(path)", withDestinationPath: "t-0.json")
        #expect(try await Self.kinds(store) == ["\(path): record, unreadable", "\(day)/t-0.json: record"].sorted())

        // The record of another task in its place: it is misplaced, and no copy of a sync program.
        try scratch.remove(path)
        try FileManager.default.copyItem(
            atPath: "\(scratch.path)/\(day)/t-0.json", toPath: "\(scratch.path)/\(path)")
        #expect(try await Self.kinds(store) == ["\(path): record", "\(day)/t-0.json: record"].sorted())
    }

    /// ownCloud's name for a copy: it has the form of a record's name.
    @Test func aWholeCopyWithTheFormOfARecordNameIsLitter() async throws {
        let scratch = try ScratchFolder()
        let store = DirectoryRecordStore(folder: try archive(in: scratch.path), threads: threads)
        try await store.write(try record("t"))
        let day = "records/2026/11/22"
        try FileManager.default.copyItem(
            atPath: "\(scratch.path)/\(day)/t-0.json", toPath: "\(scratch.path)/\(day)/t-0_conflict-20261126-101010.json")
        #expect(
            try await Self.kinds(store) == ["\(day)/t-0.json: record", "\(day)/t-0_conflict-20261126-101010.json: litter"])
    }

    private static func kinds(_ store: DirectoryRecordStore) async throws -> [String] {
        var found: [String] = []
        for try await listing in store.listings() {
            if case .failure = listing.record {
                found.append("\(listing.path): \(listing.kind), unreadable")
            } else {
                found.append("\(listing.path): \(listing.kind)")
            }
        }
        return found.sorted()
    }
}
