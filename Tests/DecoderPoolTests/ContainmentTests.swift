import DecoderPool
import Foundation
import ImageCodecs
import Synchronization
import SyntheticPictures
import Testing

@Suite("A decoder that misbehaves")
struct ContainmentTests {
    private static let sound = Result { try SyntheticPicture.make(width: 96, height: 64, seed: 1, as: .png) }

    @Test(
        "A crash affects only its own picture, and the next one is inspected",
        arguments: [
            ("segfault", "crashed"), ("abort", "crashed"), ("trap", "crashed"), ("exit", "crashed"), ("garbage", "badAnswer"),
            ("socket", "forbiddenCall"), ("open", "forbiddenCall"), ("stat", "forbiddenCall"), ("fork", "forbiddenCall"),
            ("thread", "forbiddenCall"), ("execute", "forbiddenCall"), ("signal", "forbiddenCall"), ("code", "forbiddenCall"),
            ("unlimit", "forbiddenCall"),
        ])
    func aCrashAffectsOnlyItsOwnPicture(_ name: String, _ code: String) async throws {
        let pool = try misbehaving()
        defer { pool.close() }
        #expect(await pool.outcome(of: deed(name)) == code)
        #expect(await pool.outcome(of: try Self.sound.get()) == "picture 96")
    }

    @Test func aHangingDecoderIsStoppedAtItsTimeLimit() async throws {
        let pool = try misbehaving { $0.time = { count in count < 64 ? .milliseconds(200) : .seconds(60) } }
        defer { pool.close() }
        #expect(await pool.outcome(of: deed("hang")) == "timeLimit")
        #expect(await pool.outcome(of: try Self.sound.get()) == "picture 96")
    }

    @Test func theMemoryOfADecoderIsLimited() async throws {
        let pool = try misbehaving { $0.memory = 96 << 20 }
        defer { pool.close() }
        #expect(await pool.outcome(of: deed("allocate")) == "memoryLimit")
        // Shared memory is no private memory, but it is address space.
        #expect(try await pool.answer(to: "share") == "no more")
        #expect(await pool.outcome(of: try Self.sound.get()) == "picture 96")
    }

    @Test(
        "A false answer is refused",
        arguments: [
            "width", "negative", "trailing", "frames", "thumbnail", "preview", "recipe", "note", "length", "orientation",
        ])
    func aFalseAnswerIsRefused(_ name: String) async throws {
        let pool = try misbehaving()
        defer { pool.close() }
        #expect(await pool.outcome(of: deed("lie-\(name)")) == "badAnswer")
    }

    @Test(
        "What a worker says about the kind of a file is checked",
        arguments: [("image/gif", "the image is of an unsupported kind: by hand"), ("../x", "badAnswer")])
    func theKindOfAFileIsChecked(_ mediaType: String, _ outcome: String) async throws {
        let pool = try misbehaving()
        defer { pool.close() }
        #expect(await pool.outcome(of: deed("claim \(mediaType)")) == outcome)
    }

    @Test func aWorkerInheritsNothingFromItsParent() async throws {
        unsafe setenv("FIXATIVE_PROBE_SECRET", "secret", 1)
        let pool = try misbehaving()
        defer { pool.close() }
        let names = try await pool.answer(to: "environment").split(separator: " ")
        #expect(Set(names).isSubset(of: ["LC_ALL", "LD_LIBRARY_PATH", "SWIFT_BACKTRACE", "TZ"]))
        // Standard streams that lead nowhere, the channel, and the picture.
        #expect(try await pool.answer(to: "descriptors") == "0 1 2 3 4")
    }
}

@Suite("Workers")
struct WorkerTests {
    @Test func aWorkerIsReplacedAfterItsPictureLimit() async throws {
        let pool = try misbehaving { $0.picturesPerWorker = 2 }
        defer { pool.close() }
        var workers: [String] = []
        // An error of the file is an answer: the worker is well.
        for _ in 0..<5 { workers.append(try await pool.answer(to: "pid")) }
        #expect(workers[0] == workers[1])
        #expect(workers[2] == workers[3])
        #expect(Set(workers).count == 3)
    }

    @Test func repeatedFailuresDelayTheNextStart() async throws {
        let pauses = Mutex<[Duration]>([])
        let recorded: @Sendable (Duration) -> Void = { pause in pauses.withLock { $0.append(pause) } }
        let pool = try misbehaving { $0.pause = recorded }
        defer { pool.close() }
        for _ in 0..<4 { #expect(await pool.outcome(of: deed("segfault")) == "crashed") }
        #expect(pauses.withLock { $0 } == [.milliseconds(100), .milliseconds(200)])
        // A picture that comes through ends the series.
        _ = try await pool.answer(to: "pid")
        #expect(await pool.outcome(of: deed("segfault")) == "crashed")
        #expect(await pool.outcome(of: deed("segfault")) == "crashed")
        #expect(pauses.withLock { $0 } == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
    }

    @Test(
        "A program that is missing or not a worker is refused at the start",
        arguments: [
            ("/nonexistent/fixative", "No such file"), ("/bin/true", "exited with code 0"),
        ])
    func aProgramThatIsNotAWorkerIsRefusedAtTheStart(_ program: String, _ reason: String) async throws {
        var policy = DecoderPool.Policy()
        policy.program = program
        let pool = DecoderPool(.sandbox, width: 1, policy: policy)
        let failure = await #expect(throws: DecoderFailure.self) { try await pool.start() }
        #expect(failure?.code == .unavailable)
        #expect(failure?.detail.contains(reason) == true)
    }

    @Test func deadWorkersLeaveNoDescriptorAndNoZombie() throws {
        let process = Process()
        process.executableURL = try probe()
        process.arguments = ["leaks"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(text == "0 none\n")
    }

    @Test func aWorkerEndsWhenItsParentEnds() throws {
        let process = Process()
        process.executableURL = try probe()
        process.arguments = ["wait"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "ready\n")
        let workers = Self.children(of: process.processIdentifier)
        #expect(workers.count == 1)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        let end = ContinuousClock.now + .seconds(20)
        while workers.contains(where: Self.isAlive), ContinuousClock.now < end { sched_yield() }
        #expect(!workers.contains(where: Self.isAlive))
    }

    /// State and parent, as proc(5) has them behind the name in brackets.
    private static func state(of process: Int32) -> (state: Substring, parent: Int32)? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat"),
            let rest = String(decoding: data, as: UTF8.self).split(separator: ")").last
        else { return nil }
        let words = rest.split(separator: " ")
        return words.count > 1 ? Int32(words[1]).map { (words[0], $0) } : nil
    }

    private static func isAlive(_ process: Int32) -> Bool { state(of: process).map { !"ZX".contains($0.state) } ?? false }

    private static func children(of parent: Int32) -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { state(of: $0)?.parent == parent }
    }
}
