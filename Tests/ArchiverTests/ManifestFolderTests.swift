import ArchiveModel
import Archiver
import Catalog
import Foundation
import Synchronization
import Testing

/// A folder for manifests, and everything that was registered from it.
private final class DropBox: Sendable {
    let path: String
    private let state = Mutex((registered: [[TaskRegistration]](), told: [String]()))

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "drop-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var batches: [[TaskRegistration]] { state.withLock { $0.registered } }
    var ids: [String] { batches.flatMap { $0 }.map(\.id.text) }
    var told: [String] { state.withLock { $0.told } }

    func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: URL(filePath: path + "/" + name)) }
    func text(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }

    /// What lies in the folder, or in one below it.
    func names(_ folder: String = "") -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)) ?? []).sorted()
    }

    /// Looks so many times; `between` runs after each look, told its number from 1.
    func looks(
        _ count: Int, register: @escaping @Sendable ([TaskRegistration]) async throws -> Void = { _ in },
        between: @escaping @Sendable (Int) throws -> Void = { _ in }
    ) async throws {
        let folder = ManifestFolder(path: path, clock: LookClock(looks: count, between: between)) { [self] tasks in
            try await register(tasks)
            state.withLock { $0.registered.append(tasks) }
        } report: { [self] event in
            switch event {
            case .note(let text), .warning(let text): state.withLock { $0.told.append(text) }
            default: break
            }
        }
        try await folder.run()
    }
}

/// Ends the run after so many looks.
private final class LookClock: WallClock {
    private let looks: Int
    private let between: @Sendable (Int) throws -> Void
    private let count = Mutex(0)

    init(looks: Int, between: @escaping @Sendable (Int) throws -> Void) {
        self.looks = looks
        self.between = between
    }

    let now = Date(milliseconds: 1_795_348_800_000)

    func sleep(for duration: Duration) async throws {
        #expect(duration == .seconds(2))
        let number = count.withLock { count in
            count += 1
            return count
        }
        try between(number)
        if number == looks { throw CancellationError() }
    }
}

@Suite struct ManifestFolderTests {
    /// Whoever may drop a manifest may also make `done` or `failed` a link.
    @Test(arguments: ["done", "failed"]) func aLinkInPlaceOfAFolderIsNotFollowed(_ place: String) async throws {
        let (box, elsewhere) = (try DropBox(), try DropBox())
        try FileManager.default.createSymbolicLink(atPath: box.path + "/" + place, withDestinationPath: elsewhere.path)
        try box.write("a.jsonl", place == "done" ? #"{"task_id":"task-1"}"# + "\n" : "no manifest\n")
        let error = await #expect(throws: ManifestFolderError.self) { try await box.looks(3) }
        #expect(error?.detail.hasPrefix("its subfolder \(place)/ can't be opened as a folder") == true, "\(error?.detail ?? "")")
        #expect(elsewhere.names() == [])
        #expect(box.names() == ["a.jsonl", place])
        #expect(box.ids == (place == "done" ? ["task-1"] : []), "its tasks are still registered")
    }

    private let line = #"{"task_id":"task-1","size":"16:9","resolution":"2K"}"# + "\n"

    @Test func anUnchangedFileIsTakenAtTheSecondLook() async throws {
        let box = try DropBox()
        try box.write("a.jsonl", line)
        try box.write("b.ndjson", #"{"task_id":"task-2"}"#)
        try await box.looks(2, between: { number in if number == 1 { #expect(box.ids.isEmpty) } })
        #expect(box.ids == ["task-1", "task-2"])
        let first = try #require(box.batches.flatMap { $0 }.first)
        #expect(first.source == "watch-dir" && first.request?.size == "16:9" && first.request?.resolution == "2K")
        #expect(box.names() == ["done"])
        #expect(box.names("done") == ["a.jsonl", "b.ndjson"])
        #expect(try box.text("done/a.jsonl") == line)
    }

    @Test func aGrowingFileIsNotTakenYet() async throws {
        let box = try DropBox()
        try await box.looks(
            5,
            between: { number in
                if number < 4 { try box.write("a.jsonl", (1...number).map { "{\"task_id\":\"task-\($0)\"}\n" }.joined()) }
                if number == 4 { #expect(box.ids.isEmpty) }
            })
        #expect(box.ids == ["task-1", "task-2", "task-3"])
    }

    @Test func unfinishedAndForeignFilesAreLeftAlone() async throws {
        let box = try DropBox()
        for name in [".a.jsonl", "a.jsonl.part", "a.jsonl.tmp", "a.txt", "jsonl"] { try box.write(name, line) }
        try FileManager.default.createDirectory(atPath: box.path + "/folder.jsonl", withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(atPath: box.path + "/link.jsonl", withDestinationPath: "a.txt")
        let made = unsafe mkfifo(box.path + "/pipe.jsonl", 0o600)
        #expect(made == 0)
        let before = box.names()
        try await box.looks(4)
        #expect(box.ids.isEmpty)
        #expect(box.names() == before)
    }

    @Test func problemsAreWrittenBesideTheFile() async throws {
        let box = try DropBox()
        try box.write("a.jsonl", line + "nonsense\n" + #"{"task_id":"a b"}"#)
        try await box.looks(2)
        #expect(box.ids == ["task-1"])
        #expect(box.names("done") == ["a.jsonl", "a.jsonl.problems.txt"])
        let problems = try box.text("done/a.jsonl.problems.txt").split(separator: "\n")
        #expect(problems.map { $0.prefix(7) } == ["line 2:", "line 3:"])
        #expect(box.told.contains { $0.contains("a.jsonl") && $0.contains("2 problems") })
    }

    @Test func aFileWithoutTasksIsMovedAsideWithAReason() async throws {
        let box = try DropBox()
        try box.write("words.jsonl", "no json at all\n")
        try Data([0x7B, 0xFF, 0xFE]).write(to: URL(filePath: box.path + "/bytes.jsonl"))
        try Data().write(to: URL(filePath: box.path + "/large.jsonl"))
        let grown = unsafe truncate(box.path + "/large.jsonl", ManifestFolder.mostBytes + 1)
        #expect(grown == 0)
        try await box.looks(2)
        #expect(box.names() == ["failed"])
        #expect(
            box.names("failed") == ["bytes.jsonl", "large.jsonl", "words.jsonl"].flatMap { [$0, $0 + ".problems.txt"] })
        #expect(try box.text("failed/bytes.jsonl.problems.txt").contains("UTF-8"))
        #expect(try box.text("failed/large.jsonl.problems.txt").contains("67108864"))
        #expect(try box.text("failed/words.jsonl.problems.txt").hasPrefix("line 1:"))
    }

    @Test func aTakenFileNameGetsANumber() async throws {
        let box = try DropBox()
        for number in 1...3 {
            try box.write("a.jsonl", "{\"task_id\":\"task-\(number)\"}\nbad\n")
            try await box.looks(2)
        }
        #expect(
            box.names("done")
                == [
                    "a-2.jsonl", "a-2.jsonl.problems.txt", "a-3.jsonl", "a-3.jsonl.problems.txt", "a.jsonl",
                    "a.jsonl.problems.txt",
                ]
        )
        #expect(try box.text("done/a-3.jsonl").contains("task-3"))
    }

    /// As after a kill between registering and renaming: the same is registered again, and nothing is lost.
    @Test func aFileStaysUntilItsTasksAreRegistered() async throws {
        struct Down: Error {}
        let box = try DropBox()
        try box.write("a.jsonl", line)
        await #expect(throws: Down.self) { try await box.looks(3, register: { _ in throw Down() }) }
        #expect(box.names() == ["a.jsonl"])
        try await box.looks(2)
        #expect(box.ids == ["task-1"])
        #expect(box.names("done") == ["a.jsonl"])
    }

    @Test func theSameFileAgainChangesNothing() async throws {
        let archive = try TestArchive()
        let box = try DropBox()
        for _ in 1...2 {
            try box.write("a.jsonl", line + #"{"task_id":"task-2"}"#)
            try await box.looks(2, register: { _ = try await archive.catalog.register($0, now: archive.clock.now) })
        }
        #expect(box.ids == ["task-1", "task-2", "task-1", "task-2"])
        #expect(try await archive.catalog.status(now: archive.clock.now).tasks == [.waiting: 2])
        let task = try await archive.catalog.task(try #require(TaskID("task-1")))
        #expect(task?.source == "watch-dir")
        #expect(task?.request?.size == "16:9")
    }

    @Test func aVanishedFolderIsReportedAndUsedAgain() async throws {
        let box = try DropBox()
        try FileManager.default.removeItem(atPath: box.path)
        let error = await #expect(throws: ManifestFolderError.self) { try await box.looks(2) }
        #expect(error?.description.contains(box.path) == true)
        try FileManager.default.createDirectory(atPath: box.path, withIntermediateDirectories: false)
        try box.write("a.jsonl", line)
        try await box.looks(2)
        #expect(box.ids == ["task-1"])
    }

    /// Where nothing can be put away, every file's tasks are taken up all the same.
    @Test func tasksAreRegisteredEvenIfFilesCannotBeMoved() async throws {
        let box = try DropBox()
        try box.write("a.jsonl", line)
        try box.write("b.jsonl", #"{"task_id":"task-2"}"#)
        try box.write("done", "a file in the place of the folder")
        await #expect(throws: ManifestFolderError.self) { try await box.looks(3) }
        #expect(box.ids == ["task-1", "task-2"])
        #expect(box.names() == ["a.jsonl", "b.jsonl", "done"])
        try FileManager.default.removeItem(atPath: box.path + "/done")
        try await box.looks(2)
        #expect(box.names("done") == ["a.jsonl", "b.jsonl"])
    }

    @Test func manyTasksAreRegisteredInBatches() async throws {
        let box = try DropBox()
        try box.write("a.jsonl", "\u{FEFF}" + (1...2500).map { "{\"task_id\":\"task-\($0)\"}" }.joined(separator: "\r\n"))
        try await box.looks(2)
        #expect(box.batches.map { $0.count } == [1000, 1000, 500])
        #expect(box.names("done") == ["a.jsonl"])
    }
}
