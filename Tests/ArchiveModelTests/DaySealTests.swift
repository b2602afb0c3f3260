import ArchiveModel
import Foundation
import Testing

@Suite struct DaySealTests {
    @Test(arguments: [
        ("2026-11-26T00:00:00.000Z", "2026-11-26"), ("2026-11-26T23:59:59.999Z", "2026-11-26"),
        ("2028-02-29T12:00:00Z", "2028-02-29"), ("1969-12-31T23:00:00Z", "1969-12-31"),
    ])
    func aDayIsOfUTC(_ moment: String, _ day: String) throws {
        let date = try #require(Date(iso8601: moment))
        let found = SealDay(of: date)
        #expect(found.text == day && found == SealDay(day) && found.contains(date))
        #expect(found.end.timeIntervalSince(found.start) == 86_400)
    }

    @Test(arguments: ["2026-11-31", "2026-1-1", "26-11-26", "2026-11-26Z", "", "2026/11/26"])
    func anotherTextIsNoDay(_ text: String) { #expect(SealDay(text) == nil) }

    @Test func namesAreReadAsTheyAreWritten() throws {
        let day = try #require(SealDay("2026-11-26"))
        #expect(SealName("2026-11-26") == SealName(day: day, number: 1))
        #expect(SealName("2026-11-26-12") == SealName(day: day, number: 12))
        for text in ["2026-11-26-1", "2026-11-26-0", "2026-11-26-02", "2026-11-26x2", "2026-11-26-", "seal"] {
            #expect(SealName(text) == nil)
        }
    }

    private static func record(_ task: String, _ index: Int, prompt: String = "a fox") throws -> ArchiveRecord {
        let date = try #require(Date(iso8601: "2026-11-26T10:00:00Z"))
        var record = ArchiveRecord(
            id: OutputID(task: try #require(TaskID(task)), index: index), state: .archived, source: "test", discoveredAt: date,
            createdAt: date, deadline: nil, endedAt: date, attempts: 1,
            request: RecordedRequest(model: "gpt-image-2", prompt: prompt), taskJSON: nil)
        record.original = BlobReference(digest: Digest(of: "\(task) \(index)"), bytes: 9, mediaType: "image/png")
        return record
    }

    private static func seal() throws -> DaySeal {
        let outputs = try [("b", 0), ("a", 10), ("a", 9)].map { task, index in
            SealedOutput(try record(task, index), file: Digest(of: "file"), archive: "an-archive")
        }
        let name = try #require(SealName("2026-11-26"))
        return try DaySeal(name, archive: "an-archive", outputs: outputs, createdAt: Date(milliseconds: 1_795_752_000_000))
    }

    @Test func leavesAreInTheDocumentedOrder() throws {
        let seal = try Self.seal()
        #expect(try seal.outputs().map { "\($0.task.text) \($0.index)" } == ["a 9", "a 10", "b 0"])
        #expect(seal.leaves.allSatisfy { !$0.contains("\n") && !$0.contains("a fox") })
    }

    @Test func aSealIsReadAsItWasWrittenAndNoByteMayChange() throws {
        let seal = try Self.seal()
        let bytes = try seal.bytes()
        #expect(try DaySeal(file: bytes, name: seal.name) == seal)
        for place in stride(from: 0, to: bytes.count, by: 7) {
            var changed = bytes
            changed[place] ^= 1
            #expect(throws: RecordFileError.self) { try DaySeal(file: changed, name: seal.name) }
        }
        for count in stride(from: 0, to: bytes.count, by: 97) {
            #expect(throws: RecordFileError.self) { try DaySeal(file: Array(bytes.prefix(count)), name: seal.name) }
        }
        let other = try #require(SealName("2026-11-25"))
        #expect(throws: RecordFileError.self) { try DaySeal(file: bytes, name: other) }
    }

    /// A forger who also corrects line 2 is found by the root.
    @Test func aForgedLeafIsFoundByTheRoot() throws {
        let seal = try Self.seal()
        let text = String(decoding: try seal.bytes(), as: UTF8.self)
        var lines = text.replacing("gpt-image-2", with: "gpt-image-1").split(separator: "\n", omittingEmptySubsequences: false)
        lines.remove(at: 1)
        let forged = RecordFile.sealing(Array(lines.joined(separator: "\n").utf8))
        let error = #expect(throws: RecordFileError.self) { try DaySeal(file: forged, name: seal.name) }
        #expect(error?.description.contains("root") == true)
    }

    @Test func contradictionsAreNamed() throws {
        let record = try Self.record("a", 0)
        let sealed = SealedOutput(record, file: Digest(of: "file"), archive: "x")
        #expect(sealed.contradictions(in: record) == [])
        func changed(_ change: (inout ArchiveRecord) -> Void) -> [String] {
            var other = record
            change(&other)
            return sealed.contradictions(in: other)
        }
        let swapped = BlobReference(digest: Digest(of: "forged"), bytes: 9, mediaType: "image/png")
        #expect(changed { $0.original = swapped } == ["original"])
        #expect(changed { $0.request?.prompt = "a cow" } == ["prompt"])
        #expect(changed { $0.request = nil } == ["model", "prompt"])
        #expect(changed { $0.state = .unavailable } == ["state"])
        #expect(changed { $0.endedAt -= 1 } == ["endedAt"])
        // A later delivery keeps the sealed original among the earlier ones.
        #expect(
            changed {
                $0.endedAt += 9
                $0.original = swapped
            } == ["original"])
        #expect(
            changed {
                $0.endedAt += 9
                $0.keepOriginals(of: record)
                $0.earlierOriginals = [record.original].compactMap { $0 }
                $0.original = swapped
            } == [])
    }

    @Test func laterVerdictsAreNoContradictionAndAnotherFirstOneIs() throws {
        var record = try Self.record("a", 0)
        record.picture = nil
        let date = record.endedAt
        var facts = CredentialFacts(state: .trusted, checkedAt: date)
        func with(_ facts: CredentialFacts) -> SealedOutput.Credentials { SealedOutput.Credentials(facts) }
        let first = with(facts)
        facts.append(CredentialFacts(state: .invalid, checkedAt: date.addingTimeInterval(99)))
        #expect(with(facts) == first)
        facts.state = .valid
        #expect(with(facts) != first)
    }
}
