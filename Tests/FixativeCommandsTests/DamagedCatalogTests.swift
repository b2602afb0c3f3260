import Foundation
import TestSupport
import Testing

/// Bytes of a catalog changed at random: whatever they say, a verb ends and says so.
@Suite(.serialized) struct DamagedCatalogTests {
    /// More rounds for a long run: `FIXATIVE_CATALOG_ROUNDS=2000 swift test --filter DamagedCatalog`.
    private static let rounds = ProcessInfo.processInfo.environment["FIXATIVE_CATALOG_ROUNDS"].flatMap { Int($0) } ?? 12

    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    @Test func aDamagedCatalogNeverCrashesAVerb() throws {
        let released = try ReleasedArchive()
        let path = released.path + "/catalog.sqlite"
        // Today's schema first, which is what the damage is to meet.
        try #require(try Program.run("status", "--storage", released.path).status == 1)
        let whole = try Array(Data(contentsOf: URL(filePath: path)))
        for round in 0..<Self.rounds {
            var dice = Dice(state: UInt64(round) &* 7919 &+ 1)
            var bytes = whole
            Self.damage(&bytes, &dice)
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
            try Data(bytes).write(to: URL(filePath: path))
            for verb in [["status"], ["list", "--format", "json"], ["audit"], ["verify"]] {
                let running = try Program.start(
                    verb + ["--storage", released.path], environment: ["SWIFT_BACKTRACE": "enable=no"])
                let outcome = try running.finish()
                #expect(running.process.terminationReason == .exit, "round \(round), \(verb): \(outcome.errors.suffix(500))")
                #expect((0...2).contains(outcome.status), "round \(round), \(verb): \(outcome.status)")
            }
        }
    }

    /// A catalog from elsewhere may hold any number in a row that is right otherwise.
    @Test(arguments: [Int64.min, Int64.max])
    func extremeNumbersInACatalogEndNoVerb(_ number: Int64) throws {
        let released = try ReleasedArchive()
        defer { withExtendedLifetime(released) {} }
        try #require(try Program.run("status", "--storage", released.path).status == 1)
        let changes = """
            PRAGMA ignore_check_constraints = ON;
            UPDATE output SET deaths = \(number), attempts = \(number), bytes = \(number), failing_since = 1;
            UPDATE task SET deaths = \(number), attempts = \(number), failing_since = 1;
            UPDATE OR IGNORE tally_day SET day = \(number), outputs = \(number);
            """
        _ = try shell("sqlite3 '\(released.path)/catalog.sqlite' '\(changes)'")
        let site = released.path + "-gallery"
        for verb in [["status"], ["list"], ["list", "--failing"], ["audit"], ["gallery", site], ["verify", "--deep"]] {
            let running = try Program.start(
                verb + ["--storage", released.path], environment: ["SWIFT_BACKTRACE": "enable=no"])
            let outcome = try running.finish()
            #expect(running.process.terminationReason == .exit, "\(verb): \(outcome.errors.suffix(500))")
            #expect((0...2).contains(outcome.status), "\(verb): \(outcome.status)")
        }
    }

    /// Flips bits, or puts numbers that mean much into one place, or pieces of one page over another.
    private static func damage(_ bytes: inout [UInt8], _ dice: inout Dice) {
        for _ in 0..<Int.random(in: 1...30, using: &dice) {
            let place = Int.random(in: 100..<bytes.count - 16, using: &dice)
            switch Int.random(in: 0..<4, using: &dice) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
            case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &dice) ?? 0
            case 2: for index in place..<place + 8 { bytes[index] = index == place ? 0x7F : 0xFF }
            default:
                let source = Int.random(in: 100..<bytes.count - 16, using: &dice)
                for index in 0..<12 { bytes[place + index] = bytes[source + index] }
            }
        }
    }
}
