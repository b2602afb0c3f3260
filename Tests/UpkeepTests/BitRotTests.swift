import ArchiveModel
import BlobStore
import Catalog
import Foundation
import TestSupport
import Testing
import Upkeep

/// One random byte changes in each of many random files. `FIXATIVE_BITROT_ROUNDS` sets how often (1), `FIXATIVE_BITROT_FILES` in how
/// many files (60 here, 200 in the full proof), and `FIXATIVE_BITROT_SEED` (1) makes a run come again.
@Suite(.serialized) struct BitRotTests {
    private static func setting(_ name: String, _ fallback: Int) -> Int {
        ProcessInfo.processInfo.environment["FIXATIVE_BITROT_\(name)"].flatMap(Int.init) ?? fallback
    }

    /// SplitMix64, by Steele, Lea and Flood.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    /// Everything that a query can see of a catalog, by sqlite3, but for the columns of rows that have ended which mean nothing any
    /// more: when they were due, by which lease and for whom; and for headings under which nothing is counted. What SQLite cannot read is an answer, too.
    private func content(_ path: String) throws -> String {
        let spent =
            ["due_at", "lease_token", "lease_expires_at", "account"]
            + ["failing_since", "window_cause", "refusals", "refused_since", "not_before", "told", "deaths"]
        let task = spent + ["attempts", "misses", "readings", "deadline", "cause", "rechecked", "contradicted"]
        let output = spent + ["gone_answers", "suspect", "failure", "repeats", "name"]
        func blank(_ table: String, _ columns: [String], _ states: String) -> String {
            "UPDATE \(table) SET \(columns.map { "\($0) = 0" }.joined(separator: ", ")) WHERE state IN (\(states));"
        }
        let sql = """
            DROP TRIGGER IF EXISTS queue_copy_task_update; DROP TRIGGER IF EXISTS queue_copy_output_update;
            DELETE FROM tally WHERE key NOT IN (SELECT tally FROM output);
            \(blank("task", task, "'resolved', 'failed', 'cancelled', 'unavailable'"))
            \(blank("output", output, "'archived', 'unavailable'"))
            """
        return try shell(
            """
            copy=$(mktemp -d) && cp '\(path)' $copy/c.sqlite && sqlite3 $copy/c.sqlite .schema 2>&1 | sha256sum; \
            sqlite3 $copy/c.sqlite "\(sql)" 2>&1; sqlite3 $copy/c.sqlite .dump 2>&1 | sha256sum; rm -r $copy
            """)
    }

    // MARK: One catalog, one byte at a time

    @Test func everyMeaningfulChangeOfTheCatalogIsDetected() async throws {
        let rounds = Self.setting("ROUNDS", 1) * 40
        var generator = Generator(state: UInt64(Self.setting("SEED", 1)) &+ 77)
        let (scratch, _) = try await filledArchive(6, seed: 5)
        let sound = try #require(scratch.bytes("catalog.sqlite"))
        let truth = try content(scratch.path + "/catalog.sqlite")
        var (found, meaningless) = (0, 0)
        for round in 0..<rounds {
            let position = Int.random(in: sound.indices, using: &generator)
            let mask = UInt8.random(in: 1...255, using: &generator)
            var bytes = sound
            bytes[position] ^= mask
            for suffix in ["-wal", "-shm"] { try? scratch.remove("catalog.sqlite" + suffix) }
            try scratch.replace("catalog.sqlite", by: bytes)
            let isSame = try content(scratch.path + "/catalog.sqlite") == truth
            let report = try await scratch.verify(VerificationScope(deep: true, fraction: 0.01))
            // A look notes when it read what, so the file is not the same afterwards; the next round begins with the sound one.
            if !report.isClean {
                found += 1
            } else if isSame {
                meaningless += 1
            } else {
                Issue.record("round \(round): the change of byte \(position) by \(mask) was not detected")
            }
        }
        let lost = rounds - found - meaningless
        print("bit rot in the catalog: \(rounds) bytes, \(found) found, \(meaningless) that say nothing, \(lost) missed")
        #expect(found > 0)
    }

    // MARK: The whole archive

    /// What was changed, and what it was before.
    private struct Harm {
        var before: [String: [UInt8]]
        var catalogSaysTheSame: Bool
    }

    private func harm(_ scratch: Scratch, files count: Int, using generator: inout Generator) throws -> Harm {
        let truth = try content(scratch.path + "/catalog.sqlite")
        let all = (scratch.files(in: "blobs") + scratch.files(in: "records")).shuffled(using: &generator)
        let chosen = ["catalog.sqlite"] + all.prefix(count - 1)
        var before: [String: [UInt8]] = [:]
        for path in chosen {
            before[path] = scratch.bytes(path)
            try scratch.change(path) { bytes in
                bytes[Int.random(in: bytes.indices, using: &generator)] ^= UInt8.random(in: 1...255, using: &generator)
            }
        }
        return Harm(before: before, catalogSaysTheSame: try content(scratch.path + "/catalog.sqlite") == truth)
    }

    @Test func allBitRotIsFoundAndRepairedWherePossible() async throws {
        let rounds = Self.setting("ROUNDS", 1)
        let files = Self.setting("FILES", 60)
        let seed = UInt64(Self.setting("SEED", 1))
        var (lost, wrong) = (0, 0)
        for round in 0..<UInt64(rounds) {
            let (missed, spoilt) = try await self.round(files: files, seed: seed &+ round)
            lost += missed.count
            wrong += spoilt.count
            let some = (missed + spoilt).prefix(5).joined(separator: "; ")
            if !some.isEmpty { Issue.record("seed \(seed &+ round), \(missed.count) missed, \(spoilt.count) spoilt: \(some)") }
        }
        print("proof bit-rot rounds \(rounds) lost \(lost) wrong \(wrong) \(lost + wrong == 0 ? "pass" : "fall")")
    }

    /// One archive, harmed, verified, mended, and mended once more with the help of a backup.
    /// - Returns: What was not found, and what is not as it should be afterwards.
    private func round(files: Int, seed: UInt64) async throws -> (missed: [String], spoilt: [String]) {
        var generator = Generator(state: seed)
        // Four files a picture: somewhat more files than are harmed.
        let (scratch, records) = try await filledArchive(files / 4 + files / 20 + 1, seed: seed)
        let backup = Scratch()
        try scratch.copy(to: backup)
        let harm = try harm(scratch, files: files, using: &generator)
        var missed: [String] = []
        var spoilt: [String] = []

        let found = Set(
            try await scratch.verify().findings.filter { !$0.kind.isHarmless }.flatMap { finding in
                finding.kind == .damagedCatalog || finding.kind == .differingRow
                    ? ["catalog.sqlite", finding.subject] : [finding.subject]
            })
        for path in harm.before.keys {
            let name = path.hasPrefix("blobs/") ? (path as NSString).lastPathComponent : path
            if path == "catalog.sqlite", harm.catalogSaysTheSame { continue }
            if !found.contains(name) { missed.append("\(path) changed unseen") }
        }

        let first = try await scratch.repair(at: noon.addingTimeInterval(60))
        let named = Set(first.steps.map(\.subject))
        let reopened = Set(first.steps.filter { $0.action == .reopened }.map(\.subject))
        for (path, before) in harm.before where path != "catalog.sqlite" {
            let name = path.hasPrefix("blobs/") ? (path as NSString).lastPathComponent : path
            if scratch.bytes(path) == before { continue }
            // An original waits to be fetched again, and its record says so; anything else must be named as beyond mending.
            let owner = records.first { record in
                record.original?.digest.hex == name || path == "records/2026/11/22/\(record.task.fileStem)-\(record.index).json"
            }
            let isWaiting = owner.map { reopened.contains("\($0.id)") } ?? false
            let isNamed = first.steps.contains {
                ($0.action == .notMended || $0.action == .remadeRecord) && ($0.subject == path || $0.subject == name)
            }
            if !isWaiting, !isNamed {
                spoilt.append("\(path) is neither mended nor named (\(named.contains(name) ? "touched" : "untouched"))")
            }
        }
        for record in records where !reopened.contains("\(record.id)") {
            guard let digest = record.original?.digest, scratch.bytes(Scratch.blob(digest)) == nil else { continue }
            spoilt.append("the original of \(record.id) is gone without a word")
        }
        // What was whole before is whole still.
        for path in backup.files(in: "blobs") where harm.before[path] == nil && scratch.bytes(path) != backup.bytes(path) {
            spoilt.append("\(path) was whole, and is not any more")
        }
        spoilt += try await unmended(scratch, first).map { "after repair: \($0)" }

        let second = try await scratch.repair(from: backup, at: noon.addingTimeInterval(120))
        for path in backup.files(in: "blobs") where scratch.bytes(path) != backup.bytes(path) {
            spoilt.append("\(path) did not come back from the backup")
        }
        spoilt += try await unmended(scratch, second).map { "after repair from a backup: \($0)" }
        return (missed, spoilt)
    }

    /// What a verification still finds that the mending did not name.
    private func unmended(_ scratch: Scratch, _ report: RepairReport) async throws -> [String] {
        let named = Set(report.notMended.map(\.subject))
        return try await scratch.verify().findings.filter { !$0.kind.isHarmless && !named.contains($0.subject) }.map {
            "\($0.kind.rawValue) \($0.subject): \($0.detail)"
        }
    }
}
