import ArchiveModel
import Foundation
import TestSupport
import Testing

@testable import Gallery

/// An export into a folder that somebody else has prepared, such as `gallery/` of an archive from elsewhere.
struct ForeignGalleryTests {
    private static let list = ".fixative-gallery.json"
    private static let journal = ".fixative-gallery.journal"

    private let folder: ScratchFolder
    /// Another folder of the user.
    private let home: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        home = try ScratchFolder()
    }

    private func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/\(path)", withDestinationPath: target)
    }

    /// A list of one file with 8 bytes.
    private func writeList(of path: String) throws {
        try folder.write(#"{"format":"fixative.gallery/1","files":{"\#(path)":{"bytes":8}}}"#, to: Self.list)
    }

    private static let digits = String(repeating: "a", count: 64)

    // MARK: Links

    /// The first is a name that no export gives.
    @Test(arguments: [("x", "docs/thesis.txt"), ("thumbs", "aa/\(digits).jpg"), ("thumbs/aa", "\(digits).jpg")])
    func noFileIsDeletedThroughALink(_ linked: String, _ file: String) async throws {
        try home.write("precious", to: file)
        try writeList(of: "\(linked)/\(file)")
        if linked.contains("/") {
            try FileManager.default.createDirectory(atPath: "\(folder.path)/thumbs", withIntermediateDirectories: true)
        }
        try link(linked, to: home.path)
        let summary = try await export([], to: folder)
        #expect(summary.removed == 0)
        #expect(try home.contents() == [file: Data("precious".utf8)])
    }

    @Test(arguments: ["thumbs", "thumbs/bb", "pictures", "assets", "data"])
    func noFileIsWrittenThroughALink(_ linked: String) async throws {
        try folder.write(#"{"format":"fixative.gallery/1","files":{}}"#, to: Self.list)
        if linked.contains("/") {
            try FileManager.default.createDirectory(atPath: "\(folder.path)/thumbs", withIntermediateDirectories: true)
        }
        try link(linked, to: home.path)
        let error = await #expect(throws: GalleryError.self) { try await export([try entry(1)], to: folder) }
        #expect(error?.code == .foreignFile)
        #expect(error?.subject == "\(folder.path)/\(linked)")
        #expect(try home.contents().isEmpty)
    }

    @Test func aLinkInPlaceOfAListedFileIsReplaced() async throws {
        _ = try await export([try entry(1)], to: folder)
        let whole = try folder.contents()
        for file in ["index.html", "pictures/task-1-0.html"] {
            try home.write("precious", to: "note")
            try FileManager.default.removeItem(atPath: "\(folder.path)/\(file)")
            try link(file, to: "\(home.path)/note")
            #expect(try await export([try entry(1)], to: folder).written == 1)
            #expect(try folder.contents() == whole)
            #expect(try home.text("note") == "precious")
        }
    }

    @Test func theSitesFolderItselfMayBeALink() async throws {
        try link("site", to: home.path)
        let options = GalleryExport.Options(output: "\(folder.path)/site")
        _ = try await GalleryExport(options).write([try entry(1)], blobs: MemoryBlobs())
        #expect(home.has("index.html"))
    }

    // MARK: List and journal

    @Test(arguments: [list, journal], ["ln -s '/target'", "mkfifo", "mkdir"])
    func aListOrJournalThatIsNoRegularFileIsRefused(_ name: String, _ command: String) async throws {
        // A valid list, and also a valid journal.
        let target = #"{"format":"fixative.gallery/1","files":{}}"# + "\n"
        try home.write(target, to: "target")
        if name == Self.journal { try folder.write(target, to: Self.list) }
        _ = try shell("\(command.replacing("/target", with: "\(home.path)/target")) '\(folder.path)/\(name)'")
        let error = await #expect(throws: GalleryError.self) { try await export([try entry(1)], to: folder) }
        #expect(error?.code == .damagedList)
        #expect(error?.subject == "\(folder.path)/\(name)")
        #expect(error?.description.contains("it is not a regular file") == true)
        #expect(try home.contents() == ["target": Data(target.utf8)])
        #expect(!folder.has("index.html"))
    }

    @Test func aJournalWithAnotherNameIsNotWrittenInPlace() async throws {
        try home.write("old line\n", to: "log.txt")
        try FileManager.default.linkItem(atPath: "\(home.path)/log.txt", toPath: "\(folder.path)/\(Self.journal)")
        _ = try await export([try entry(1)], to: folder)
        #expect(try home.text("log.txt") == "old line\n")
        #expect(!folder.has(Self.journal))
    }

    @Test(arguments: [
        "notes.txt", "index.html.bak", ".htaccess", "page-.html", "page-1b.html", "pictures/mine.html", "pictures/Task-1.html",
        "pictures/task-1-0.txt", "pictures/sub/task-1-0.html", "pictures/task.\(digits)-0.html", "assets/app.js",
        "assets/mine.aaaaaaaaaaaa.js", "assets/gallery.AAAAAAAAAAAA.js", "data/1.js", "data/one.aaaaaaaaaaaa.js",
        "thumbs/aa/mine.jpg", "thumbs/ab/\(digits).jpg", "thumbs/aa/\(digits).gif", "photos/aa/\(digits).jpg",
        "x/docs/thesis.txt",
    ])
    func onlyFilesWithNamesOfAnExportAreDeleted(_ path: String) async throws {
        try folder.write("precious", to: path)
        try writeList(of: path)
        try folder.write(path + "\n", to: Self.journal)
        let summary = try await export([], to: folder)
        #expect(summary.removed == 0)
        #expect(try folder.text(path) == "precious")
        #expect(try !folder.text(Self.list).contains(path))
    }

    /// The sites have files of every kind: pages, data, blobs of each format, and IDs that are no file names.
    @Test func everyWrittenFileHasANameOfAnExport() async throws {
        var entries = try (0..<30).map { try entry($0) }
        entries.append(try entry(90, task: "Über/../&<task>?"))
        entries.append(try entry(91, state: .unavailable))
        for (number, format) in ["jpeg", "webp", "gif"].enumerated() {
            var other = try entry(100 + number)
            other.original?.format = format
            other.preview?.mediaType = "image/\(format)"
            entries.append(other)
        }
        _ = try await export(entries, to: folder, originals: true, pageSize: 5, shardSize: 10)
        let names = try folder.contents().keys.filter { $0 != Self.list }
        #expect(names.count > 100)
        for name in names { #expect(SitePath.isWritten(name), "\(name)") }

        // What an export has written, a later one deletes.
        _ = try await export([], to: folder)
        _ = try await export([], to: home)
        #expect(try folder.contents() == home.contents())
        #expect(!folder.has("pictures") && !folder.has("thumbs"))
    }
}
