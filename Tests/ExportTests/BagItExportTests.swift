import ArchiveModel
import Foundation
import SizeContract
import Testing

@testable import Export

/// Bags as they lie on a disk. Sums are those of coreutils; Tests/Handover shows whole bags to the bagit program.
struct BagItExportTests {
    private let scratch: ScratchFolder
    private let source: FolderSource
    private var out: String { scratch.path + "/bag" }

    init() throws {
        scratch = try ScratchFolder()
        source = FolderSource(folder: scratch.path + "/blobs")
        try FileManager.default.createDirectory(atPath: source.folder, withIntermediateDirectories: true)
    }

    private func options(links: Bool = false) -> BagItExport.Options {
        BagItExport.Options(
            output: out, links: links, agent: "fixative 0.0.0", archiveID: "an-archive",
            now: Date(timeIntervalSince1970: 1_795_351_860))
    }

    private func export(_ entries: [OutputEntry], links: Bool = false) async throws -> BagSummary {
        let bag = try BagItExport(options(links: links))
        for entry in entries { try await bag.add(entry, from: source) }
        return try bag.finish()
    }

    private func text(_ file: String) throws -> String { try String(contentsOfFile: "\(out)/\(file)", encoding: .utf8) }

    @Test func aBagMatchesItsManifests() async throws {
        let entries = try (0..<5).map { try source.entry($0, bytes: "picture \($0)") }
        let summary = try await export(entries)
        #expect(summary.pictures == 5 && summary.records == 5 && summary.missing.isEmpty)
        for algorithm in ["sha256", "sha512"] {
            for list in ["manifest", "tagmanifest"] {
                let check = try shell("cd '\(out)' && \(algorithm)sum --check --strict --quiet \(list)-\(algorithm).txt")
                #expect(check.status == 0, "\(list)-\(algorithm): \(check.output)")
            }
            // Every payload file is listed once, and nothing else.
            let found = try shell("cd '\(out)' && find data -type f | sort").output
            let listed = try shell("cd '\(out)' && sed 's/^[0-9a-f]*  //' manifest-\(algorithm).txt | sort").output
            #expect(found == listed)
        }
        #expect(try text("bagit.txt") == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        let bytes = try shell(
            "cd '\(out)' && find data -type f -printf '%s\\n' | awk '{ n += 1; b += $1 } END { print b \".\" n }'"
        ).output
        #expect(try text("bag-info.txt").contains("Payload-Oxum: \(bytes)"))
        #expect(try text("bag-info.txt").contains("Bagging-Date: 2026-11-22\n"))
    }

    @Test func fileNamesContainDateTaskAndIndex() async throws {
        var jpeg = try source.entry(1, bytes: "jpeg", task: "task-unified-17-ab", index: 2)
        jpeg.original?.format = "jpeg"
        jpeg.createdAt = Date(timeIntervalSince1970: 1_795_351_860)  // 22 November 2026, 12:51 UTC
        var page = try source.entry(2, bytes: "<html>", task: "task-b")
        page.original?.format = nil
        page.original?.mediaType = "text/html"
        page.createdAt = nil
        page.endedAt = nil
        _ = try await export([jpeg, page])
        #expect(try text("data/pictures/2026-11/2026-11-22_task-unified-17-ab_2.jpg") == "jpeg")
        #expect(try text("data/records/2026-11/2026-11-22_task-unified-17-ab_2.json") == "record of task-unified-17-ab #2")
        #expect(try text("data/pictures/undated/undated_task-b_0.html") == "<html>")
    }

    @Test(arguments: [
        ["Task-A", "task-a", "TASK-A"], ["a/../../../etc", "a%2F..", "a.."], ["任务", "задача", "..", "."],
        [String(repeating: "x", count: 120), String(repeating: "x", count: 121)], ["con", "nul:", "a\\b", "a*?\"<>|"],
    ])
    func everyTaskIDGivesAUniquePortableName(tasks: [String]) async throws {
        _ = try await export(try tasks.enumerated().map { try source.entry($0, bytes: "\($0)", task: $1) })
        let files = try shell("cd '\(out)/data/pictures' && find . -type f -printf '%f\\n'").output.split(separator: "\n")
        #expect(files.count == tasks.count)
        #expect(Set(files.map { $0.lowercased() }).count == tasks.count)
        for file in files { #expect(file.wholeMatch(of: /[a-z0-9_.-]{1,120}/) != nil, "\(file)") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == ["bag", "blobs"])
    }

    @Test func pythonReadsTheContentsSheet() async throws {
        var entries = [
            try source.entry(1, bytes: "one", prompt: "a \"quoted\", fox\nin two lines"),
            try source.entry(2, bytes: "two", prompt: "=HYPERLINK(\"http://example.org\")"),
            try source.entry(3, bytes: "three", prompt: "ünïcödé 🦊 \u{202E}rtl\u{0}"),
            // Blanks before a sign, and a full-width sign, are still a formula to some spreadsheets.
            try source.entry(4, bytes: "four", prompt: "\u{A0} =1+1"), try source.entry(5, bytes: "five", prompt: "＝1+1"),
        ]
        var lost = OutputEntry(id: OutputID(task: try #require(TaskID("gone")), index: 0), state: .unavailable)
        lost.reason = "the link expired"
        entries.append(lost)
        let summary = try await export(entries)
        #expect(summary.unavailable == 1 && summary.pictures == 5)
        let rows = try shell(
            "python3 -c \"import csv,json;print(json.dumps(list(csv.DictReader(open('\(out)/data/contents.csv',encoding='utf-8-sig',newline='')))))\""
        ).output
        let list = try #require(try JSONSerialization.jsonObject(with: Data(rows.utf8)) as? [[String: String]])
        #expect(
            list.map { $0["prompt"] } == [
                "a \"quoted\", fox\nin two lines", "'=HYPERLINK(\"http://example.org\")", "ünïcödé 🦊 \u{202E}rtl", "'\u{A0} =1+1",
                "'＝1+1", "",
            ])
        #expect(list[0]["file"] == "data/pictures/2026-01/2026-01-02_task-1_0.png")
        #expect(list[0]["expected pixels"] == "1024x1024" && list[0]["verdict"] == "exact" && list[0]["bytes"] == "3")
        #expect(list[5]["state"] == "unavailable" && list[5]["reason"] == "the link expired" && list[5]["file"] == "")
        #expect(try text("README.txt").contains("1 more could not be downloaded in time"))
    }

    @Test func damagedFilesAreListedAndTheRestIsExported() async throws {
        let entries = try (0..<3).map { try source.entry($0, bytes: "picture \($0)") }
        try source.write("changed", to: try #require(entries[1].original).digest)
        try source.remove(try #require(entries[2].original).digest)
        let summary = try await export(entries)
        #expect(summary.pictures == 1)
        #expect(summary.missing == ["task-1 #0: the archived file is damaged", "task-2 #0: the archived file is missing"])
        #expect(try text("data/contents.csv").contains("the archived file is damaged"))
        #expect(try shell("cd '\(out)' && sha256sum --check --strict --quiet manifest-sha256.txt").status == 0)
        #expect(try shell("cd '\(out)/data/pictures' && find . -type f").output.split(separator: "\n").count == 1)
    }

    @Test func aFolderThatIsNotEmptyIsLeftAlone() async throws {
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        try Data("thesis".utf8).write(to: URL(filePath: out + "/thesis.txt"))
        let error = #expect(throws: ExportError.self) { try BagItExport(options()) }
        #expect(error?.code == .notEmpty)
        #expect(try shell("cd '\(scratch.path)' && find . -type f").output == "./bag/thesis.txt\n")
    }

    @Test func aFileInPlaceOfTheFolderIsLeftAlone() async throws {
        try Data("thesis".utf8).write(to: URL(filePath: out))
        #expect(throws: ExportError.self) { try BagItExport(options()) }
        #expect(try String(contentsOfFile: out, encoding: .utf8) == "thesis")
    }

    @Test func anEmptyFolderIsUsed() async throws {
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        _ = try await export([try source.entry(1, bytes: "one")])
        #expect(try text("bagit.txt").hasPrefix("BagIt-Version"))
    }

    @Test func anUnfinishedBagIsHiddenAndRemoved() async throws {
        do {
            let bag = try BagItExport(options())
            try await bag.add(try source.entry(1, bytes: "one"), from: source)
            #expect(!FileManager.default.fileExists(atPath: out))
            #expect(try shell("find '\(scratch.path)' -name bagit.txt").output.isEmpty)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["blobs"])
    }

    /// What a killed run leaves is taken away by the next; what somebody else put there is not.
    @Test func onlyLeftoversOfAKilledRunAreRemoved() async throws {
        let left = out + ".fixative-incomplete"
        try FileManager.default.createDirectory(atPath: left + "/data/pictures", withIntermediateDirectories: true)
        try Data("half".utf8).write(to: URL(filePath: left + "/data/pictures/half.png"))
        try Data().write(to: URL(filePath: left + "/manifest-sha256.txt"))
        try Data().write(to: URL(filePath: left + "/.fixative-export"))
        _ = try await export([try source.entry(1, bytes: "one")])
        #expect(try shell("find '\(scratch.path)' -name 'half.png'").output.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: left))

        try FileManager.default.removeItem(atPath: out)
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: URL(filePath: left + "/notes.md"))
        try Data().write(to: URL(filePath: left + "/.fixative-export"))
        let error = #expect(throws: ExportError.self) { try BagItExport(options()) }
        #expect(error?.code == .foreignFolder)
        #expect(try String(contentsOfFile: left + "/notes.md", encoding: .utf8) == "mine")
    }

    /// A folder of a user whose names are all names of a bag.
    private func home() throws -> String {
        let home = scratch.path + "/home"
        try FileManager.default.createDirectory(atPath: home + "/data", withIntermediateDirectories: true)
        try Data("precious".utf8).write(to: URL(filePath: home + "/data/thesis.txt"))
        try Data("mine".utf8).write(to: URL(filePath: home + "/README.txt"))
        return home
    }

    private func files(of folder: String) throws -> String { try shell("cd '\(folder)' && find . -type f | sort").output }

    /// The folder behind the link looks like an unfinished bag, so it would be cleared.
    @Test func aLinkInPlaceOfAnUnfinishedBagIsRefused() async throws {
        let home = try home()
        try FileManager.default.createSymbolicLink(atPath: out + ".fixative-incomplete", withDestinationPath: home)
        let error = #expect(throws: ExportError.self) { try BagItExport(options()) }
        #expect(error?.code == .foreignFolder)
        #expect(try files(of: home) == "./README.txt\n./data/thesis.txt\n")
    }

    @Test func aFolderWithoutTheMarkOfAnExportIsLeftAlone() async throws {
        try FileManager.default.moveItem(atPath: try home(), toPath: out + ".fixative-incomplete")
        let error = #expect(throws: ExportError.self) { try BagItExport(options()) }
        #expect(error?.code == .foreignFolder)
        #expect(try files(of: out + ".fixative-incomplete") == "./README.txt\n./data/thesis.txt\n")
    }

    @Test func aLinkInAnUnfinishedBagIsDeletedAndNotFollowed() async throws {
        let (home, left) = (try home(), out + ".fixative-incomplete")
        try FileManager.default.createDirectory(atPath: left + "/data", withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: left + "/.fixative-export"))
        try FileManager.default.createSymbolicLink(atPath: left + "/data/pictures", withDestinationPath: home)
        _ = try await export([try source.entry(1, bytes: "one")])
        #expect(try files(of: home) == "./README.txt\n./data/thesis.txt\n")
    }

    /// In a folder that others can write to, somebody exchanges the unfinished bag for a link.
    @Test func aLinkThatTakesThePathOfAnUnfinishedBagIsNotFollowed() async throws {
        let (home, root) = (try home(), out + ".fixative-incomplete")
        do {
            let bag = try BagItExport(options())
            try FileManager.default.moveItem(atPath: root, toPath: root + ".moved")
            try FileManager.default.createSymbolicLink(atPath: root, withDestinationPath: home)
            try await bag.add(try source.entry(1, bytes: "one"), from: source)
            let error = #expect(throws: ExportError.self) { try bag.finish() }
            #expect(error?.code == .foreignFolder)
        }
        #expect(try files(of: home) == "./README.txt\n./data/thesis.txt\n")
        #expect(!FileManager.default.fileExists(atPath: out))
    }

    @Test func aFinishedBagHoldsNoMark() async throws {
        _ = try await export([try source.entry(1, bytes: "one")])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: out).sorted() == [
                "README.txt", "bag-info.txt", "bagit.txt", "data", "manifest-sha256.txt", "manifest-sha512.txt",
                "tagmanifest-sha256.txt", "tagmanifest-sha512.txt",
            ])
    }

    @Test func twoExportsToOneFolderDoNotMix() async throws {
        let first = try BagItExport(options())
        let error = #expect(throws: ExportError.self) { try BagItExport(options()) }
        #expect(error?.code == .inUse)
        try await first.add(try source.entry(1, bytes: "one"), from: source)
        #expect(try first.finish().pictures == 1)
    }

    @Test func originalsCanBeLinked() async throws {
        let entry = try source.entry(1, bytes: "one")
        _ = try await export([entry], links: true)
        let same = try shell(
            "test '\(out)/data/pictures/2026-01/2026-01-02_task-1_0.png' -ef '\(source.folder)/\(try #require(entry.original).digest)'"
        )
        #expect(same.status == 0)
    }

    @Test func anEmptyArchiveMakesAValidBag() async throws {
        #expect(try await export([]).pictures == 0)
        #expect(try shell("cd '\(out)' && sha512sum --check --strict --quiet manifest-sha512.txt").status == 0)
    }
}
