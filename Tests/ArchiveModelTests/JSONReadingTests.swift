import ArchiveModel
import Foundation
import Testing

@Suite struct JSONReadingTests {
    private func read(_ text: String, limits: JSONReading.Limits = .init()) throws -> JSONReading {
        try JSONReading(Array(text.utf8), limits: limits)
    }

    /// What other readers make of the same bytes: Python's json, and RFC 8259 where they differ.
    @Test(arguments: [
        ("null", JSONValue.null), (" true\n", .bool(true)), ("false", .bool(false)), ("-1", .integer(-1)), ("1.0", .number(1)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("18446744073709551615", .unsigned(.max)),
        ("-1.25e-3", .number(-0.00125)), ("1E+2", .number(100)), ("0.30000000000000004", .number(0.30000000000000004)),
        ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
        (#""""#, .string("")), (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")), (#""\u00e9\u20AC""#, .string("é€")),
        (#""\ud83e\udd8a🦊""#, .string("🦊🦊")), (#""a\u0000b""#, .string("a\u{0}b")), ("[ ]", .array([])), ("{ }", .object([:])),
        ("[1,[2,[]],{}]", .array([.integer(1), .array([.integer(2), .array([])]), .object([:])])),
        (#"{"a":{"b":[0.5,"x"]},"c":null}"#, .object(["a": .object(["b": .array([.number(0.5), .string("x")])]), "c": .null])),
    ])
    func validJSONIsReadUnchanged(text: String, value: JSONValue) throws {
        let reading = try read(text)
        #expect(reading.value == value)
        #expect(reading.findings == [])
    }

    @Test(
        arguments: [
            // RFC 8259 has them all; no number type here does.
            ("1e999", "1e999", .number), ("-1e400", "-1e400", .number), ("1e-999", "1e-999", .number),
            ("123456789012345678901234567890", "123456789012345678901234567890", .number),
            ("1.00000000000000000001", "1.00000000000000000001", .number),
            // These are no numbers of JSON.
            ("NaN", "NaN", .repaired), ("-Infinity", "-Infinity", .repaired), ("0x1F", "0x1F", .repaired),
            ("01", "01", .repaired),
            ("+1", "+1", .repaired), (".5", ".5", .repaired), ("1.", "1.", .repaired), ("1e", "1e", .repaired),
        ] as [(String, String, JSONReading.Findings)])
    func anUnrepresentableNumberStaysAsText(text: String, kept: String, finding: JSONReading.Findings) throws {
        let reading = try read(#"{"a":\#(text),"b":[\#(text)],"c":1}"#)
        #expect(reading.value == .object(["a": .string(kept), "b": .array([.string(kept)]), "c": .integer(1)]))
        #expect(reading.findings == finding)
        #expect(reading.value["a"]?.integer.map { $0 == 1 } ?? true)
    }

    @Test(arguments: [
        (#""a \ud83d b""#, "a \u{FFFD} b"), (#""\udd8a""#, "\u{FFFD}"), (#""\ud83d\ud83e\udd8a""#, "\u{FFFD}🦊"),
        (#""\ud83dx\udd8a""#, "\u{FFFD}x\u{FFFD}"), (#""\ud83d\n""#, "\u{FFFD}\n"),
    ])
    func halfASurrogatePairBecomesOneReplacement(text: String, value: String) throws {
        let reading = try read("[\(text)]")
        #expect(reading.value == .array([.string(value)]))
        #expect(reading.findings == .replaced)
    }

    /// Swift normalises what it hashes or compares, and that takes the square of the marks in a row.
    @Test func manyCombiningMarksAreReadQuickly() throws {
        let marks = String(repeating: "\u{0316}\u{0301}", count: 60_000)
        let start = ContinuousClock.now
        let reading = try read("{\"a\(marks)\":1,\"b\":\"x\(marks)y\",\"id\":\"task-1\"}")
        #expect(Set([reading.value, .object(["b": .string("z\(marks.prefix(3))")])]).count == 2)
        #expect(ContinuousClock.now - start < .seconds(10), "120,000 marks took 19 s")
        #expect(reading.value["id"] == .string("task-1"))
        let text = try #require(reading.value["b"]?.string)
        #expect(text.unicodeScalars.count == 1 + 256 + 1 + 1 && text.hasSuffix("y"))
        #expect(reading.findings == .replaced)
        let usual = String(repeating: "e\u{301}\u{316}", count: 5000)
        #expect(try read("\"\(usual)\"").value.string?.utf8.elementsEqual(usual.utf8) == true)
    }

    /// Each of the 4,096 names is another choice of U+00E9 or e and U+0301 in twelve places: one name to Unicode.
    @Test func manyNormalisationsOfOneNameAreReadQuickly() throws {
        let names = (0..<4096).map { choice in (0..<12).map { choice >> $0 & 1 == 0 ? "\u{E9}" : "e\u{301}" }.joined() }
        let start = ContinuousClock.now
        let reading = try read("{" + names.map { "\"\($0)\":1" }.joined(separator: ",") + ",\"id\":\"task-1\"}")
        #expect(ContinuousClock.now - start < .seconds(10), "comparing all pairs took 93 s")
        #expect(reading.findings == .many)
        #expect(reading.value["id"] == .string("task-1"), "the next member is read")
        guard case .object(let members) = reading.value else { throw CocoaError(.coderInvalidValue) }
        #expect(members.count == 17)
    }

    @Test func invalidUTF8BytesAreReplaced() throws {
        let bytes =
            Array(#"{"a":"caf"#.utf8) + [0xE9] + Array(#"","b":"\n"#.utf8) + [0xED, 0xA0, 0xBD] + Array(#"","c":1}"#.utf8)
        let reading = try JSONReading(bytes)
        #expect(reading.value["a"] == .string("caf\u{FFFD}"))
        #expect(
            reading.value["b"] == .string("\n\u{FFFD}\u{FFFD}\u{FFFD}"),
            "one for each byte of a surrogate, as in Unicode 15, table 3-8")
        #expect(reading.value["c"] == .integer(1))
    }

    @Test(arguments: [
        ("[1,2,]", "[1,2]"), ("[1,,2]", "[1,null,2]"), (#"{"a":1,}"#, #"{"a":1}"#), (#"{"a":,"b":2}"#, #"{"a":null,"b":2}"#),
        ("[None, True, undefined]", "[null,true,null]"), ("{a: 1}", #"{"a":1}"#), (#"[{"a":1}{"b":2}]"#, #"[{"a":1},{"b":2}]"#),
        ("[\"a\nb\"]", #"["a\nb"]"#), (#"["\x"]"#, #"["\\x"]"#), (#"["\u12"]"#, #"["\\u12"]"#), (#"[nul, 1]"#, #"["nul",1]"#),
    ])
    func nearlyValidJSONIsRepaired(text: String, same: String) throws {
        let reading = try read(text)
        #expect(reading.value == (try read(same)).value)
        #expect(reading.findings == .repaired)
    }

    @Test(arguments: ["", " ", "\u{FEFF}", "<html>", "nul", "'a'", "]", ",", #"{"a"}"#, "{'a':1}", "abc", "{1 2}"])
    func textThatIsNotJSONIsRefused(text: String) { #expect(throws: JSONReadingError.self) { try read(text) } }

    @Test func aByteOrderMarkAndTrailingTextAreTolerated() throws {
        #expect(try read("\u{FEFF}[1]").findings == [])
        #expect(try read("[1]<!-- served by b -->").findings == .trailing)
        #expect(try read("[1]<!-- served by b -->").value == .array([.integer(1)]))
        var utf16: [UInt8] = [0xFF, 0xFE]
        for unit in "[\"é\"]".utf16 { utf16 += [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
        #expect(try JSONReading(utf16).value == .array([.string("é")]))
    }

    @Test func theLastDuplicateMemberCountsAndNamesCompareByBytes() throws {
        #expect(try read(#"{"a":1,"a":2}"#).value == .object(["a": .integer(2)]))
        let reading = try read("{\"\u{E9}\":1,\"e\u{301}\":2}")
        guard case .object(let members) = reading.value else { return #expect(Bool(false), "not an object") }
        #expect(Set(members.values) == [.integer(1), .integer(2)], "the bytes differ, although Swift calls the names equal")
    }

    @Test func aCutListGivesTheRowsBeforeTheCut() throws {
        let whole = #"{"total":3,"data":[{"id":"a","n":[1]},{"id":"b"},{"id":"c","results":["x","y"]}],"end":1}"#
        for length in 1..<whole.utf8.count {
            guard let reading = try? JSONReading(Array(whole.utf8.prefix(length))) else { continue }
            #expect(reading.findings == .cut)
            let ids = reading.value["data"]?.array?.map { $0["id"]?.string }
            // A row is there as soon as its last bracket is.
            let ends = whole.utf8.indices.filter { whole[$0] == "}" }.map {
                whole.utf8.distance(from: whole.startIndex, to: $0) + 1
            }
            let count = ends.prefix(3).count { $0 <= length }
            if let ids { #expect(ids == Array(["a", "b", "c"].prefix(count)), "cut after \(length)") }
        }
    }

    @Test(arguments: [
        (#"{"id":"a,"n":1}"#, 3), (#"{"id":a","n":1}"#, 3), (#"{"id" "a"}"#, 3), (#"{'id':'a'}"#, 3), (#"{"id":"a" "n":1}"#, 3),
        (#"{"id":"a","results":["x" "y"]}"#, 3), (#"{"id":"a","n":{"x":<b>}}"#, 3), (#"{"id":"a}"#, 3), (#"{"id":[1}"#, 3),
        ("<row>", 3),
    ])
    func aBrokenRowHidesNoOtherRow(row: String, others: Int) throws {
        let text = #"{"data":[{"id":"1"},{"id":"2","images":[{"url":"u"}]},\#(row),{"id":"3"},{"id":"4"}],"total":5}"#
        let reading = try read(text)
        let ids = reading.value["data"]?.array?.compactMap { $0["id"]?.string } ?? []
        #expect(Set(ids).isSuperset(of: ["1", "2", "4"]), "\(ids)")
        #expect(ids.contains("3") || row == #"{"id":"a}"#, "the unterminated text includes the next row")
        #expect(reading.findings.contains(.lost))
    }

    @Test func onlyTheTooDeepValueIsLost() throws {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let deep = String(repeating: open, count: 10_000) + #""]}\"""# + String(repeating: close, count: 10_000)
            let reading = try read(#"{"id":"t","note":\#(deep),"results":["x"]}"#)
            #expect(reading.value["id"] == .string("t"))
            #expect(reading.value["results"] == .array([.string("x")]))
            #expect(reading.findings == .deep)
        }
        #expect(try read(String(repeating: "[", count: 100_000)).findings.contains(.cut))
        let edge = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(try read(edge).findings == [])
        #expect(try read("[\(edge)]").findings == .deep)
    }

    @Test func valuesBeyondTheLimitAreLeftOut() throws {
        let reading = try read(#"{"a":[1,2,{"x":[3,4]},5,6],"b":7}"#, limits: .init(values: 6))
        #expect(reading.value == .object(["a": .array([.integer(1), .integer(2), .object(["x": .array([])])])]))
        #expect(reading.findings == .many)
    }

    /// Each byte is looked at a few times, whatever the bytes are.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "[", #"{"a":"#, "[{", #"[{"a":1},"#, #"["\u00e9\ud83d","#, "[1,", #"{"a":1,"#, "[{}{} ", #"[{"a":"b"#, "\"\\",
            "[x y,{",
            #"[x y,{"a":{"b":[{},"#, "1", "[1e", "  [", "[[],", #"[[{"a":["x" "y"]},"#,
        ])
    func theWorkGrowsLinearlyWithTheLength(part: String) throws {
        for size in [1000, 30_000] {
            let bytes = Array(String(repeating: part, count: size / part.utf8.count).utf8)
            guard let reading = try? JSONReading(bytes) else { continue }
            #expect(reading.work <= 6 * bytes.count + 4096)
        }
    }

    @Test(.timeLimit(.minutes(1))) func twelveKilobytesOfNestedListsAreReadQuickly() throws {
        let bytes = Array((String(repeating: "[", count: 6000) + String(repeating: "]", count: 6000)).utf8)
        for _ in 0..<100 { #expect(try JSONReading(bytes).findings == .deep) }
    }

    @Test(arguments: [
        "null", "0", "-1", "9007199254740993", "18446744073709551615", "0.5", "-0", "1e+300", #""1""#, "[]", "{}",
        #"{"a":[1,2.5,"3",null,true,{"b":{}}],"z":"https://example.org/a"}"#, #"["\u0000\u001f","e\#u{301}\#u{E9}"]"#,
    ])
    func anyJSONSurvivesReadingAndWriting(text: String) throws {
        #expect(try json(read(text).value) == text)
    }
}

@Suite struct ArchiveDecoderTests {
    struct Sample: Codable, Equatable {
        enum Kind: String, Codable { case one, two }
        struct Inner: Codable, Equatable { var x: Double }

        var text: String
        var count: Int
        var small: UInt8?
        var when: Date?
        var kind: Kind?
        var list: [Inner]
        var names: [String: Int]
        var any: JSONValue?
        var flag: Bool?
    }

    /// Foundation's decoder is the second opinion.
    @Test(arguments: [
        #"{"text":"a","count":3,"list":[],"names":{}}"#,
        #"{"text":"a","count":3,"small":255,"when":"2026-11-22T12:51:00.250Z","kind":"two","list":[{"x":1},{"x":0.5}],"names":{"b":2},"any":[1,{"c":null}],"flag":true}"#,
        #"{"text":"a","count":-9223372036854775808,"small":null,"when":null,"kind":null,"list":[],"names":{},"any":null}"#,
    ])
    func typesAreDecodedAsFoundationDecodesThem(text: String) throws {
        let expected = try JSONDecoder.archive.decode(Sample.self, from: Data(text.utf8))
        #expect(try ArchiveDecoder.decode(Sample.self, from: text) == expected)
    }

    @Test(arguments: [
        #"{"text":1,"count":3,"list":[],"names":{}}"#, #"{"count":3,"list":[],"names":{}}"#,
        #"{"text":"a","count":3.5,"list":[],"names":{}}"#,
        #"{"text":"a","count":1e999,"list":[],"names":{}}"#, #"{"text":"a","count":9223372036854775808,"list":[],"names":{}}"#,
        #"{"text":"a","count":3,"small":256,"list":[],"names":{}}"#, #"{"text":"a","count":3,"small":-1,"list":[],"names":{}}"#,
        #"{"text":"a","count":3,"when":"tomorrow","list":[],"names":{}}"#,
        #"{"text":"a","count":3,"kind":"six","list":[],"names":{}}"#,
        #"{"text":"a","count":1e300,"list":[],"names":{}}"#, #"{"text":"a","count":3,"list":{},"names":[]}"#, "[]", "3",
        // Not JSON to the letter.
        #"{"text":"a","count":3,"list":[],"names":{}} x"#, #"{"text":"a","count":3,"list":[],"names":{},}"#,
        #"{"text":"a","count":3,"list":["#,
    ])
    func aMismatchedTypeIsAnError(text: String) {
        #expect(throws: (any Error).self) { try ArchiveDecoder.decode(Sample.self, from: text) }
    }

    @Test func theDeepestKeptAnswerIsReadBack() throws {
        let deep = String(repeating: "[", count: 100) + "7" + String(repeating: "]", count: 100)
        let value = try JSONReading(Array(deep.utf8)).value
        let written = try json(["deep": value])
        #expect(try ArchiveDecoder.decode([String: JSONValue].self, from: written)["deep"] == value)
    }
}
