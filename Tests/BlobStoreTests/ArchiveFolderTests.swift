import ArchiveModel
import BlockingThreads
import Foundation
import Testing

@testable import BlobStore

@Suite struct ArchiveFolderTests {
    let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func open(creating: Bool = true) throws -> ArchiveFolder {
        try ArchiveFolder(path: scratch.path, creating: creating, now: now)
    }

    private func marker(_ changes: [String: Any] = [:]) throws -> String {
        var marker: [String: Any] = [
            "format": "fixative-archive", "version": 1, "archiveID": "0f0e", "createdAt": "2026-11-22T12:51:00Z", "about": "x",
        ]
        marker.merge(changes) { $1 }
        return String(decoding: try JSONSerialization.data(withJSONObject: marker), as: UTF8.self)
    }

    @Test func anEmptyFolderBecomesAnArchive() throws {
        let made = try open()
        #expect(made.isNew)
        #expect(try scratch.names(in: "") == ["blobs", "fixative-archive.json", "ingest", "quarantine", "records"])
        #expect(try scratch.names(in: "ingest") == [])
        let text = try String(contentsOfFile: scratch.path + "/fixative-archive.json", encoding: .utf8)
        #expect(text.contains(#""format" : "fixative-archive""#))
        #expect(text.contains(#""version" : 1"#))
        #expect(text.contains(#""createdAt" : "2026-11-22T12:51:00Z""#))
        #expect(text.contains(made.marker.archiveID))

        let opened = try open()
        #expect(!opened.isNew)
        #expect(opened.marker.archiveID == made.marker.archiveID)
        #expect(try open(creating: false).marker.archiveID == made.marker.archiveID)
    }

    @Test(arguments: ["deep/down/here", "here/", "./here/../here", "here//"])
    func aMissingFolderIsCreated(name: String) throws {
        let made = try ArchiveFolder(path: scratch.path + "/" + name, creating: true, now: now)
        #expect(made.isNew)
        #expect(!made.path.hasSuffix("/"))
        #expect(try !ArchiveFolder(path: made.path, creating: false, now: now).isNew)
    }

    @Test(arguments: ["README.md", "fixative.json", ".gitignore", "lost+found/x"])
    func aFolderWithOnlyHarmlessFilesBecomesAnArchive(name: String) throws {
        try scratch.write("x", to: name)
        #expect(try open().isNew)
        #expect(FileManager.default.fileExists(atPath: "\(scratch.path)/\(name)"))
    }

    @Test(arguments: [
        "thesis.doc", "photos/cat.png", "blobs/sha256/ab/x", "records/2026/11/22/t-0.json", "catalog.sqlite", "quarantine/x",
        "blobs/stray", "readme.md", "ingest/somebodys.file",
    ])
    func anyOtherFolderIsRefusedAndUnchanged(name: String) throws {
        try scratch.write("x", to: name)
        let before = try FileManager.default.subpathsOfDirectory(atPath: scratch.path).sorted()
        #expect(performing: { try open() }, throws: hasCode(.markerMissing))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: scratch.path).sorted() == before)
    }

    @Test func anArchiveThatLostItsMarkerIsRefused() async throws {
        let store = DirectoryBlobStore(folder: try open(), threads: threads)
        _ = try await store.put([1, 2, 3])
        try scratch.remove("fixative-archive.json")
        for creating in [true, false] {
            #expect {
                try open(creating: creating)
            } throws: { error in
                hasCode(.markerMissing)(error) && "\(error)".contains("mount") && "\(error)".contains(scratch.path)
            }
        }
    }

    @Test func nothingIsCreatedUnlessAllowed() throws {
        #expect(performing: { try open(creating: false) }, throws: hasCode(.noArchive))
        #expect(try scratch.names(in: "") == [])
        let missing = scratch.path + "/missing"
        #expect(performing: { try ArchiveFolder(path: missing, creating: false, now: now) }, throws: hasCode(.noArchive))
        #expect(!FileManager.default.fileExists(atPath: missing))
    }

    @Test(arguments: ["", "{", "null", "[]", "not json", #"{"format":"fixative-archive"}"#, "\u{0}\u{0}\u{0}"])
    func aDamagedMarkerIsRefused(text: String) throws {
        try scratch.write(text, to: "fixative-archive.json")
        #expect(performing: { try open() }, throws: hasCode(.markerUnreadable))
        #expect(try String(contentsOfFile: scratch.path + "/fixative-archive.json", encoding: .utf8) == text)
    }

    @Test func aForeignOrNewerMarkerIsRefused() throws {
        try scratch.write(try marker(["format": "other"]), to: "fixative-archive.json")
        #expect(performing: { try open() }, throws: hasCode(.markerUnreadable))
        try scratch.write(try marker(["version": 2]), to: "fixative-archive.json")
        #expect {
            try open()
        } throws: { error in
            hasCode(.markerUnreadable)(error) && "\(error)".contains("version 2")
        }
        try scratch.write(try marker(["later": ["a": 1]]), to: "fixative-archive.json")
        #expect(try open().marker.archiveID == "0f0e")
    }

    @Test func aMarkerThatIsAFolderIsAnError() throws {
        try scratch.write("x", to: "fixative-archive.json/x")
        #expect(throws: BlobStoreError.self) { try open() }
    }

    @Test func aFileInPlaceOfTheFolderIsAnError() throws {
        try scratch.write("x", to: "file")
        for path in ["/file", "/file/below"] {
            #expect(throws: BlobStoreError.self) { try ArchiveFolder(path: scratch.path + path, creating: true, now: now) }
        }
    }

    @Test func anInterruptedCreationIsCompleted() throws {
        for folder in ["blobs/sha256", "records", "ingest", "quarantine"] {
            try FileManager.default.createDirectory(atPath: "\(scratch.path)/\(folder)", withIntermediateDirectories: true)
        }
        try scratch.write("half a mark", to: "ingest/marker-0f0e")
        #expect(try open().isNew)
        #expect(try !open().isNew)
    }

    @Test func concurrentCreatorsAgreeOnOneArchive() async throws {
        for round in 0..<25 {
            let path = "\(scratch.path)/\(round)"
            let made = try await withThrowingTaskGroup(of: ArchiveFolder.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await threads.run { try ArchiveFolder(path: path, creating: true, now: now) } }
                }
                return try await group.reduce(into: [ArchiveFolder]()) { $0.append($1) }
            }
            let stored = try ArchiveFolder(path: path, creating: false, now: now).marker.archiveID
            #expect(made.allSatisfy { $0.marker.archiveID == stored })
            #expect(made.count { $0.isNew } == 1)
            #expect(try scratch.names(in: "\(round)/ingest") == [])
        }
    }

    @Test func theFolderKnowsWhetherItHasRecords() async throws {
        let folder = try open()
        #expect(try !folder.hasRecords)
        try await DirectoryRecordStore(folder: folder, threads: threads).write(try record("t"))
        #expect(try folder.hasRecords)
    }

    @Test func aNewCatalogReplacesTheOldOneWhichIsKept() throws {
        let folder = try open()
        try scratch.write("rows", to: "catalog.sqlite")
        try scratch.write("log", to: "catalog.sqlite-wal")
        for round in ["", "-2"] {
            try scratch.write("new rows", to: "catalog.sqlite.new")
            let target = try database(in: folder).installReplacement(log: "-wal", now: now)
            #expect(target == "\(folder.path)/quarantine/catalog-2026-11-22T125100Z\(round).sqlite")
            #expect(try String(contentsOfFile: folder.path + "/catalog.sqlite", encoding: .utf8) == "new rows")
        }
        let kept = folder.path + "/quarantine/catalog-2026-11-22T125100Z.sqlite"
        #expect(try String(contentsOfFile: kept, encoding: .utf8) == "rows")
        #expect(try String(contentsOfFile: kept + "-wal", encoding: .utf8) == "log")
    }

    @Test func aCatalogInUseIsNotReplaced() throws {
        let folder = try open()
        try scratch.write("rows", to: "catalog.sqlite")
        try scratch.write("new rows", to: "catalog.sqlite.new")
        do {
            let other = try open()
            #expect(performing: { try database(in: folder).installReplacement(log: "-wal", now: now) }, throws: hasCode(.inUse))
            #expect(try String(contentsOfFile: other.path + "/catalog.sqlite", encoding: .utf8) == "rows")
            // Both still hold their share: neither can be alone, and a third may come.
            #expect(performing: { try other.alone {} }, throws: hasCode(.inUse))
            #expect(try !open().isNew)
        }
        #expect(try database(in: folder).installReplacement(log: "-wal", now: now) != nil)
    }
}
