import ArchiveModel
import Foundation
import Testing

@testable import BlobStore

/// Things that are no files, in the places of files.
@Suite struct PoisonTests {
    let scratch: ScratchFolder
    let folder: ArchiveFolder

    init() throws {
        scratch = try ScratchFolder()
        folder = try archive(in: scratch.path)
    }

    static let kinds = ["pipe", "link", "dangling link", "socket", "device", "folder", "hole"]

    /// The whole path may be longer than an address can be.
    private static let binding =
        "import os,socket,sys;os.chdir(os.path.dirname(sys.argv[1]));socket.socket(socket.AF_UNIX).bind(os.path.basename(sys.argv[1]))"

    /// Puts something in the place of a file; `false` where that takes rights that the process lacks.
    private func put(_ kind: String, at file: String) throws -> Bool {
        let path = "\(scratch.path)/\(file)"
        let manager = FileManager.default
        try manager.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try? manager.removeItem(atPath: path)
        switch kind {
        case "pipe": try run("/usr/bin/mkfifo", path)
        case "link":
            try scratch.write("outside", to: "outside")
            try manager.createSymbolicLink(atPath: path, withDestinationPath: "\(scratch.path)/outside")
        case "dangling link": try manager.createSymbolicLink(atPath: path, withDestinationPath: "\(scratch.path)/nowhere")
        case "socket": try run("/usr/bin/python3", "-c", Self.binding, path)
        case "device": return (try? run("/usr/bin/mknod", path, "c", "1", "5")) != nil
        case "folder": try manager.createDirectory(atPath: path, withIntermediateDirectories: false)
        default: try run("/usr/bin/truncate", "-s", "6T", path)
        }
        return true
    }

    @Test(arguments: kinds)
    func onlyARegularFileIsABlob(_ kind: String) async throws {
        let store = DirectoryBlobStore(folder: folder, threads: threads)
        let digest = try #require(Digest(DirectoryBlobStoreTests.abc))
        guard try put(kind, at: DirectoryBlobStoreTests.abcPath) else { return }
        if kind != "hole" {
            #expect(try await store.size(of: digest) == nil)
            #expect(try await store.read([digest]) == [nil])
            #expect(try await store.localPath(of: digest) == nil)
            await #expect(throws: BlobStoreError.self) { try await store.contents(of: digest) }
            #expect(try await store.listing().map(\.kind) == [.misplaced])
        }
        await #expect(throws: BlobStoreError.self) { try await store.rehash(digest) }
        // The whole bytes take the place, and what was there is kept.
        #expect(try await store.put(Array("abc".utf8)).isNew)
        #expect(try await store.rehash(digest) == digest)
        #expect(try scratch.names(in: "quarantine").count == 2)
        if kind == "link" { #expect(try String(contentsOfFile: scratch.path + "/outside", encoding: .utf8) == "outside") }
    }

    @Test(arguments: kinds)
    func onlyARegularFileIsARecord(_ kind: String) async throws {
        let store = DirectoryRecordStore(folder: folder, threads: threads)
        try await store.write(try record("t", 1))
        let path = "records/2026/11/22/t-0.json"
        guard try put(kind, at: path) else { return }
        await #expect(
            performing: { try await store.record(of: try record("t").id, day: now) }, throws: hasCode(.unreadableRecord))
        var found: [String] = []
        for try await listing in store.records() {
            if case .failure = listing.record { found.append(listing.path) }
        }
        #expect(found == [path])
        _ = try await store.keep(path, note: QuarantineNote([("why", "it is no file")]))
        try await store.write(try record("t"))
        #expect(try await store.record(of: try record("t").id, day: now)?.id == record("t").id)
    }

    @Test(arguments: kinds)
    func onlyARegularFileIsAMarker(_ kind: String) throws {
        guard try put(kind, at: "fixative-archive.json") else { return }
        #expect(throws: BlobStoreError.self) { try archive(in: scratch.path) }
    }

    @Test(arguments: ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"])
    func onlyARegularFileIsACatalog(_ name: String) throws {
        for kind in ["pipe", "link", "dangling link", "folder"] {
            #expect(try put(kind, at: name))
            #expect(performing: { try database(in: folder).prepare() }, throws: hasCode(.notAFile))
        }
    }

    @Test(arguments: ["blobs", "blobs/sha256", "records", "ingest", "quarantine"])
    func aLinkInPlaceOfAFolderIsRefusedByName(_ part: String) throws {
        let path = "\(scratch.path)/\(part)"
        try FileManager.default.moveItem(atPath: path, toPath: "\(scratch.path)/elsewhere")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "\(scratch.path)/elsewhere")
        #expect {
            try archive(in: scratch.path)
        } throws: { error in
            hasCode(.notAFolder)(error) && "\(error)".contains("\(part) is a symbolic link, not a folder")
        }
    }

    /// A link further down leads nowhere either: what is written there would land outside of the archive.
    @Test func noLinkBelowTheFolderIsFollowed() async throws {
        let outside = try ScratchFolder()
        try FileManager.default.createSymbolicLink(
            atPath: "\(scratch.path)/blobs/sha256/ba", withDestinationPath: outside.path)
        try FileManager.default.createSymbolicLink(atPath: "\(scratch.path)/records/2026", withDestinationPath: outside.path)
        let store = DirectoryBlobStore(folder: folder, threads: threads)
        await #expect(throws: BlobStoreError.self) { try await store.put(Array("abc".utf8)) }
        await #expect(throws: BlobStoreError.self) {
            try await DirectoryRecordStore(folder: folder, threads: threads).write(try record("t"))
        }
        try outside.write("abc", to: DirectoryBlobStoreTests.abc)
        #expect(try await store.size(of: try #require(Digest(DirectoryBlobStoreTests.abc))) == nil)
        #expect(try await store.listing().map(\.kind) == [.misplaced])
        #expect(try outside.names(in: "") == [DirectoryBlobStoreTests.abc])
    }

    @Test func theArchiveFolderItselfMayBeALink() async throws {
        let link = try ScratchFolder()
        try FileManager.default.createSymbolicLink(atPath: "\(link.path)/storage", withDestinationPath: scratch.path)
        let store = DirectoryBlobStore(folder: try archive(in: "\(link.path)/storage"), threads: threads)
        let digest = try await store.put(Array("abc".utf8)).digest
        #expect(try await store.listing().map(\.digest) == [digest])
    }

    @Test func theSweepRemovesOnlyItsOwnFiles() async throws {
        let own = ["0f8fad5b-d9cb-469f-a165-708677289501", "marker-0f8fad5b-d9cb-469f-a165-708677289501"]
        let others = [
            "0F8FAD5B-D9CB-469F-A165-708677289501", "notes.txt", ".nfs0000000000000001", "marker-", "marker-notes", "0f8fad5b",
            "0f8fad5b-d9cb-469f-a165-708677289501.txt",
        ]
        for name in own + others { try scratch.write("x", to: "ingest/\(name)") }
        #expect(try await DirectoryBlobStore(folder: folder, threads: threads).sweepIngest(trying: false) == 2)
        #expect(try scratch.names(in: "ingest") == others.sorted())
    }
}

@Suite struct ArchivePermissionsTests {
    private static let asked: [(String?, String)] = [
        (nil, "700 600 400"), ("027", "750 640 440"), ("007", "770 660 440"), ("22", "755 644 444"),
    ]

    @Test(arguments: asked)
    func filesGetTheRequestedPermissionsUnderAnyUmask(_ umask: String?, _ modes: String) async throws {
        let scratch = try ScratchFolder()
        let permissions = try umask.map { try #require(ArchivePermissions(umask: $0)) } ?? .ownerOnly
        let path = scratch.path + "/a"
        let folder = try ArchiveFolder(path: path, creating: true, now: now, permissions: permissions)
        let store = DirectoryBlobStore(folder: folder, threads: threads)
        _ = try await store.put(Array("abc".utf8))
        try await DirectoryRecordStore(folder: folder, threads: threads).write(try record("t"))
        try database(in: folder).prepare()
        #expect(folder.widerThanAsked() == nil)
        let mode = { (file: String) in try run("/usr/bin/stat", "-c", "%a", file.isEmpty ? path : "\(path)/\(file)").dropLast() }
        for part in ["", "blobs", "blobs/sha256/ba", "records/2026/11/22", "ingest", "quarantine"] {
            #expect(try mode(part) == modes.prefix(3), "\(part)")
        }
        for file in ["fixative-archive.json", "catalog.sqlite", "records/2026/11/22/t-0.json"] {
            #expect(try mode(file) == modes.dropFirst(4).prefix(3), "\(file)")
        }
        #expect(try mode(DirectoryBlobStoreTests.abcPath) == modes.suffix(3))
    }

    @Test(arguments: ["", "777", "700", "0100", "8", "-1", "077x", "00077", "rwx"])
    func anInvalidOrTooStrictUmaskIsRefused(_ text: String) { #expect(ArchivePermissions(umask: text) == nil) }

    @Test func anArchiveReadableByOthersWorksWithAWarning() async throws {
        let scratch = try ScratchFolder()
        _ = try archive(in: scratch.path)
        try run("/usr/bin/chmod", "-R", "a+rX", scratch.path)
        let folder = try archive(in: scratch.path)
        #expect(folder.widerThanAsked() == "\(scratch.path) has the mode 755, which")
        _ = try await DirectoryBlobStore(folder: folder, threads: threads).put([1])
        let open = try #require(ArchivePermissions(umask: "022"))
        #expect(try ArchiveFolder(path: scratch.path, creating: false, now: now, permissions: open).widerThanAsked() == nil)
    }
}
