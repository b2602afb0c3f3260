import Foundation
import Testing

@testable import ArchiveModel

/// Records that somebody else may have written.
@Suite struct HostileRecordTests {
    private func record(created: Date? = Date(milliseconds: 0), bytes: Int = 3) throws -> ArchiveRecord {
        var record = ArchiveRecord(
            id: OutputID(task: try #require(TaskID("t")), index: 0), state: .archived, source: "sweep",
            discoveredAt: Date(milliseconds: 0), createdAt: created, deadline: created?.addingTimeInterval(86_400),
            endedAt: Date(milliseconds: 0), attempts: 1, request: nil, taskJSON: .object(["created": .integer(.max)]))
        let digest = try #require(Digest(String(repeating: "ab", count: 32)))
        record.original = BlobReference(digest: digest, bytes: bytes, mediaType: "image/png")
        return record
    }

    /// Seconds since 1970, and what is read back: the years 1 to 9999 have their ends at -62135596800 and 253402300799, by date(1).
    @Test(arguments: [
        (0.0, 0.0), (253_402_300_799.999, 253_402_300_799.999), (253_402_300_799.9999, 253_402_300_799.999),
        (253_402_300_800, 253_402_300_799.999), (1e18, 253_402_300_799.999), (.infinity, 253_402_300_799.999), (.nan, 0),
        (-62_135_596_800, -62_135_596_800), (-62_135_596_801, -62_135_596_800), (-1e18, -62_135_596_800),
        (-.infinity, -62_135_596_800), (Date.distantPast.timeIntervalSince1970, -62_135_596_800),
    ])
    func everyWrittenDateIsReadBack(_ seconds: Double, _ expected: Double) throws {
        let bytes = try RecordFile.bytes(of: .output(try record(created: Date(timeIntervalSince1970: seconds))))
        guard case .output(let read) = try RecordFile.read(bytes) else {
            Issue.record("expected the record of an output")
            return
        }
        #expect(abs((read.createdAt?.timeIntervalSince1970 ?? 1e30) - expected) < 0.0005)
        #expect(read.deadline != nil)
    }

    @Test(arguments: [Int64.min, .max, 253_402_300_800_000, -62_135_596_800_001])
    func anyMillisecondCountGivesACalendarDate(_ milliseconds: Int64) {
        let date = Date(milliseconds: milliseconds)
        #expect(Date(iso8601: date.iso8601) == date)
    }

    /// The JSON of a record without a seal, as format 1 has it, with one text replaced by another.
    private func changed(_ text: String, to other: String, in record: ArchiveRecord? = nil) throws -> [UInt8] {
        let bytes = try RecordFile.bytes(of: .output(try record ?? self.record()))
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let json = lines.filter { !$0.contains("_sha256") }.joined(separator: "\n")
            .replacing("fixative.output/2", with: "fixative.output/1")
        try #require(json.contains(text))
        return Array(json.replacing(text, with: other).utf8)
    }

    @Test(arguments: [
        ("\"attempts\" : 1", "\"attempts\" : 9223372036854775807"), ("\"attempts\" : 1", "\"attempts\" : -1"),
        ("\"attempts\" : 1", "\"attempts\" : 1e400"), ("\"attempts\" : 1", "\"attempts\" : 99999999999999999999"),
        ("\"index\" : 0", "\"index\" : -1"), ("\"index\" : 0", "\"index\" : 9223372036854775807"),
        ("\"bytes\" : 3", "\"bytes\" : -1"), ("\"bytes\" : 3", "\"bytes\" : 9223372036854775807"),
        ("\"bytes\" : 3", "\"bytes\" : 1.5"), ("\"bytes\" : 3", "\"bytes\" : \"3\""),
        ("1970-01-01T00:00:00.000Z", "99999-01-01T00:00:00.000Z"), ("1970-01-01T00:00:00.000Z", "0000-00-00T00:00:00.000Z"),
        ("1970-01-01T00:00:00.000Z", "-292277022657-01-27T08:29:52Z"), ("1970-01-01T00:00:00.000Z", ""),
    ])
    func aRecordWithAbsurdNumbersIsRefused(_ text: String, _ absurd: String) throws {
        #expect(throws: RecordFileError.self) { try RecordFile.read(try changed(text, to: absurd)) }
    }

    // MARK: Media types

    /// With the type of the original, of an earlier original and of a derivative.
    private func record(types: [String]) throws -> ArchiveRecord {
        var whole = try record()
        let digest = try #require(whole.original).digest
        let blobs = types.map { BlobReference(digest: digest, bytes: 3, mediaType: $0) }
        whole.original = blobs[0]
        whole.earlierOriginals = [blobs[1]]
        whole.derivatives = [Derivative(role: .thumbnail, blob: blobs[2], width: 1, height: 1, recipe: .null)]
        return whole
    }

    private static let letters127 = String(repeating: "a", count: 127)

    @Test(arguments: [
        "", "image", "/png", "image/", "image/png/x", "image/..", "image/../../../../x/evil", "../png", "image/.png",
        "image/png; a=b", "image/p ng", " image/png", "image/png\\n", "image/png\\u0000", "image\\\\png", "image/ü", "ïmage/png",
        "image/\(letters127)a", "\(letters127)a/png",
    ])
    func aRecordWithAnInvalidMediaTypeIsRefused(_ type: String) throws {
        #expect(throws: RecordFileError.self) { try RecordFile.read(try changed("image/png", to: type)) }
    }

    /// From the registry of IANA, and the longest that RFC 6838 allows.
    @Test(arguments: [
        "image/svg+xml", "application/vnd.rar", "audio/AMR", "image/vnd-ms.dds", "application/x-7z-compressed", "video/3gpp",
        "image/\(letters127)", "\(letters127)/png",
    ])
    func aRegisteredMediaTypeIsAccepted(_ type: String) throws {
        guard case .output(let read) = try RecordFile.read(try changed("image/png", to: type)) else {
            Issue.record("expected the record of an output")
            return
        }
        #expect(read.original?.mediaType == type)
    }

    @Test(arguments: ["image/png", "image/gif", "image/jpeg"])
    func everyMediaTypeOfARecordIsChecked(_ type: String) throws {
        let whole = try record(types: ["image/png", "image/gif", "image/jpeg"])
        #expect(throws: Never.self) { try RecordFile.read(try changed(type, to: "image/webp", in: whole)) }
        #expect(throws: RecordFileError.self) { try RecordFile.read(try changed(type, to: "image/../x", in: whole)) }
    }

    /// A catalog that somebody else may have written names the type, and the record must be readable again.
    @Test func anInvalidMediaTypeIsNeverWritten() throws {
        let foreign = try record(types: ["image/../x", "", "image/png/../x"])
        guard case .output(let read) = try RecordFile.read(try RecordFile.bytes(of: .output(foreign))) else {
            Issue.record("expected the record of an output")
            return
        }
        let unknown = "application/octet-stream"
        #expect(read.original?.mediaType == unknown)
        #expect(read.earlierOriginals?.map(\.mediaType) == [unknown])
        #expect(read.derivatives.map(\.blob.mediaType) == [unknown])
    }

    /// The detected format counts first, then the media type.
    @Test(
        arguments: [
            ("png", "image/png", "png"), ("jpeg", "image/jpeg", "jpg"), ("svg", "image/svg+xml", "svg"),
            (nil, "image/webp", "webp"), (nil, "text/html", "html"), (nil, "application/octet-stream", "bin"),
            ("exr", "image/x-exr", "bin"), (nil, "image/../../x/evil", "bin"), ("../../x", "image/png", "bin"),
            ("png/../x", "image/png", "bin"), (nil, "image/png\u{0}", "bin"), (nil, "", "bin"),
        ] as [(String?, String, String)])
    func aFileExtensionComesFromAFixedTable(_ format: String?, _ type: String, _ expected: String) throws {
        let digest = try #require(try record().original).digest
        #expect(OutputEntry.Original(digest: digest, bytes: 3, mediaType: type, format: format).fileExtension == expected)
    }

    // MARK: Changed bytes

    private struct Dice: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = (state &+ 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
            return state ^ state >> 31
        }
    }

    /// `FIXATIVE_RECORD_ROUNDS` makes a longer run of it.
    @Test func changedRecordBytesNeverCauseACrash() throws {
        let rounds = ProcessInfo.processInfo.environment["FIXATIVE_RECORD_ROUNDS"].flatMap { Int($0) } ?? 1500
        let whole = try changed("\"attempts\" : 1", to: "\"attempts\" : 1")
        let pieces = [
            "9223372036854775807", "-9223372036854775808", "1e308", "-1e400", "null", "[[[[", "{}", "\\ud800", "\"\"",
            "9999-12-31T23:59:60Z",
            "0001-01-01T00:00:00Z", "\u{0}", "true", "18446744073709551615",
        ].map { Array($0.utf8) }
        var read = 0
        for round in 0..<rounds {
            var generator = Dice(state: UInt64(round))
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = .random(in: 0...255, using: &generator)
                case 1:
                    let end = min(bytes.count, place + Int.random(in: 1...20, using: &generator))
                    bytes.replaceSubrange(place..<end, with: pieces.randomElement(using: &generator) ?? [])
                default: bytes.removeSubrange(place..<min(bytes.count, place + 3))
                }
                if bytes.isEmpty { bytes = whole }
            }
            guard let record = try? RecordFile.read(bytes) else { continue }
            read += 1
            // What was read can be written, and is read as the same.
            #expect(try RecordFile.read(try RecordFile.bytes(of: record)).task == record.task)
            _ = record.day.iso8601
        }
        #expect(read > 0, "every change made it unreadable, so nothing was tried")
    }
}
