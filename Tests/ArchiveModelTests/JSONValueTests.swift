import ArchiveModel
import Foundation
import Testing

@Suite struct JSONValueTests {
    @Test(arguments: [
        ("null", JSONValue.null), ("true", .bool(true)), ("false", .bool(false)), ("0", .integer(0)), ("1", .integer(1)),
        ("-1", .integer(-1)),
        ("9007199254740993", .integer(9_007_199_254_740_993)), ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)), ("18446744073709551615", .unsigned(.max)), ("0.5", .number(0.5)),
        ("-1.25e-3", .number(-0.00125)), ("1e300", .number(1e300)),
        (#""""#, .string("")), (#""1""#, .string("1")), (#""true""#, .string("true")), (#""é🦊\u0000\n""#, .string("é🦊\u{0}\n")),
        ("[]", .array([])), ("{}", .object([:])),
        ("[1,true,null,[[]]]", .array([.integer(1), .bool(true), .null, .array([.array([])])])),
        (#"{"a":{"b":[0.5,"x"]}}"#, .object(["a": .object(["b": .array([.number(0.5), .string("x")])])])),
    ])
    func eachJSONTypeIsReadAndWritten(text: String, value: JSONValue) throws {
        #expect(try decode(JSONValue.self, text) == value)
        #expect(try decode(JSONValue.self, json(value)) == value)
    }

    @Test(arguments: [
        "null", "true", "false", "0", "1", "-1", "9007199254740993", "-9223372036854775808", "0.5", #""1""#, "[]", "{}",
        #"{"a":[1,2.5,"3",null,true,{"b":{}}],"z":"https://example.org/a"}"#,
        // A 64-bit seed without a sign is an ordinary thing to meet.
        "18446744073709551615", "9223372036854775808",
    ])
    func aJSONValueSurvivesDecodingAndEncoding(text: String) throws {
        #expect(try json(decode(JSONValue.self, text)) == text)
    }

    @Test func membersAreFoundByName() {
        let value = JSONValue.object(["a": .integer(1), "b": .null])
        #expect(value["a"] == .integer(1))
        #expect(value["b"] == .null)
        #expect(value["c"] == nil)
        #expect(JSONValue.array([])["a"] == nil)
    }

    @Test(
        arguments: [
            (JSONValue.integer(3), Int64(3)), (.number(3), 3), (.string("3"), 3), (.string("-3"), -3), (.number(3.5), nil),
            (.string("3.5"), nil),
            (.string(""), nil), (.bool(true), nil), (.null, nil), (.number(1e300), nil), (.number(.nan), nil),
            (.number(.infinity), nil),
            (.string("99999999999999999999"), nil), (.unsigned(.max), nil), (.array([]), nil),
        ] as [(JSONValue, Int64?)])
    func aWholeNumberIsReadInAnyNotation(value: JSONValue, expected: Int64?) { #expect(value.integer == expected) }

    @Test(
        arguments: [
            (JSONValue.integer(3), 3.0), (.number(0.5), 0.5), (.string("0.5"), 0.5), (.string("1e3"), 1000), (.string("x"), nil),
            (.string(""), nil), (.bool(true), nil), (.null, nil), (.object([:]), nil),
        ] as [(JSONValue, Double?)])
    func aNumberIsReadInAnyNotation(value: JSONValue, expected: Double?) { #expect(value.double == expected) }

    /// Such a number would crash whoever rounds it to a whole one.
    @Test(arguments: ["nan", "inf", "-inf", "infinity", "1e999"])
    func aNonFiniteNumberIsNotRead(text: String) { #expect(JSONValue.string(text).double == nil) }

    @Test func stringsAndNamesAreMappedAtEveryDepth() {
        let value = JSONValue.object(["a": .array([.string("x"), .integer(1), .object(["b": .string("y")])]), "c": .null])
        #expect(
            value.mapStrings { $0 + "!" }
                == .object(["a!": .array([.string("x!"), .integer(1), .object(["b!": .string("y!")])]), "c!": .null]))
    }

    /// What a value takes in a record is never more than the estimate, so no record outgrows what is read again.
    @Test(
        arguments: [
            .string(String(repeating: "\u{1}", count: 1000)), .string(String(repeating: "\"\\é\u{FFFD}", count: 300)),
            .array((0..<1000).map { .integer(Int64($0)) }),
            .array((0..<500).map { _ in .object(["a": .null, "b": .array([])]) }),
            (0..<60).reduce(JSONValue.array((0..<200).map { _ in .bool(true) })) { value, _ in .array([value]) },
            .array((0..<300).map { .number(-Double($0) / 7e-300) }), .object(["\u{1}\u{2}": .unsigned(.max)]),
        ] as [JSONValue])
    func aValueIsNeverLargerThanItsEstimate(_ value: JSONValue) throws {
        let written = try JSONEncoder.archive(pretty: true).encode(JSONValue.object(["taskJSON": value])).count
        #expect(value.isLarger(than: written - 20))
        #expect(value.isLarger(than: written / 8))
        #expect(!value.isLarger(than: 8 * written + 100))
    }

    @Test func aTooLargeAnswerKeepsItsSmallMembers() {
        let large = JSONValue.array((0..<2000).map { .string("\($0)") })
        let answer = JSONValue.object([
            "id": .string("task-1"), "results": large, "usage": .object(["credits_used": .number(2.6)]),
        ])
        #expect(answer.fitting(1 << 20) == answer)
        let fitting = answer.fitting(20_000)
        #expect(fitting["id"] == .string("task-1") && fitting["usage"] == .object(["credits_used": .number(2.6)]))
        #expect(fitting["results"]?.string?.contains("too large") == true)
        #expect(!JSONValue.array([answer, answer]).fitting(2000).isLarger(than: 2000))
    }

    @Test func membersWithCollidingNamesAreAllKept() throws {
        let value = JSONValue.object(["a": .integer(1), "b": .integer(2), "c": .integer(3)])
        let many = JSONValue.object(Dictionary(uniqueKeysWithValues: (0..<20_000).map { ("\($0)", .null) }))
        let start = ContinuousClock.now
        guard case .object(let mapped) = many.mapStrings({ _ in "x" }) else { throw CocoaError(.coderInvalidValue) }
        #expect(mapped.count == 20_000 && ContinuousClock.now - start < .seconds(10))
        #expect(value.mapStrings { _ in "x" } == .object(["x": .integer(1), "x (2)": .integer(2), "x (3)": .integer(3)]))
    }
}
