import ArchiveModel
import Foundation
import Testing

@Suite struct DigestTests {
    /// SHA-256 of "abc", from FIPS 180-2, appendix B.1.
    static let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    @Test(arguments: [abc, abc.uppercased(), "sha256:" + abc, "sha256:" + abc.uppercased()])
    func sixtyFourHexadecimalDigitsAreADigest(text: String) { #expect(Digest(text)?.hex == Self.abc) }

    private static let digits63 = String(abc.dropLast())

    @Test(
        arguments: [
            "", "sha256:", "abc", digits63, "\(abc)0", "SHA256:\(abc)", "sha256:sha256:\(abc)", " \(abc)", "\(abc)\n",
            "\(digits63)g",
            "\(digits63)/", "\(digits63).", "../\(abc.dropLast(3))", "\(digits63)\u{0}", "\(digits63)０", "\(abc)\u{301}",
            "0x\(abc.dropLast(2))",
            String(repeating: "é", count: 32),
        ] as [String])
    func otherTextIsNotADigest(text: String) { #expect(Digest(text) == nil) }

    @Test func thirtyTwoBytesAreADigest() {
        #expect(
            Digest(sha256: (0..<32).map { UInt8($0 * 8) })?.hex
                == "0008101820283038404850586068707880889098a0a8b0b8c0c8d0d8e0e8f0f8")
        #expect(Digest(sha256: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(Digest(sha256: [UInt8](repeating: 0, count: 33)) == nil)
        #expect(Digest(sha256: [UInt8]()) == nil)
    }

    @Test func aDigestIsEncodedAsItsDigits() throws {
        let digest = try #require(Digest(Self.abc))
        #expect(try json([digest]) == "[\"\(Self.abc)\"]")
        #expect(try decode([Digest].self, "[\"\(Self.abc)\"]") == [digest])
        #expect(throws: DecodingError.self) { try decode([Digest].self, #"["abc"]"#) }
        #expect(throws: DecodingError.self) { try decode([Digest].self, "[7]") }
    }
}

@Suite struct TaskIDTests {
    @Test(arguments: [
        "task-unified-1757156493-imcg5zqt", "a", "0", "../../etc/passwd", "ü", "a.b", String(repeating: "a", count: 200),
    ])
    func aPlainTextIsATaskID(text: String) { #expect(TaskID(text)?.text == text) }

    @Test(arguments: [
        "", " ", "a b", "a\nb", "a\tb", "a\u{0}", "a\u{7F}", "a\u{85}b", "a\u{A0}b", "a\u{2028}b", "\r\n", "a\u{1B}[31m",
        String(repeating: "a", count: 201), String(repeating: "ü", count: 101),
    ])
    func spacesControlCharactersAndLongIDsAreRefused(text: String) { #expect(TaskID(text) == nil) }

    @Test(arguments: [
        ("task-unified-1757156493-imcg5zqt", "task-unified-1757156493-imcg5zqt"), ("A_b-9.x", "A_b-9.x"), (".", "%2E"),
        ("..", "%2E."),
        (".hidden", "%2Ehidden"), ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"), ("/etc", "%2Fetc"), ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"),
        ("a%2Fb", "a%252Fb"), ("%", "%25"), ("ü", "%C3%BC"), ("🦊", "%F0%9F%A6%8A"), ("a:b?c*", "a%3Ab%3Fc%2A"), ("a.", "a."),
    ])
    func unusualCharactersInAFileStemArePercentEncoded(text: String, stem: String) throws {
        #expect(try #require(TaskID(text)).fileStem == stem)
    }

    @Test func noTwoIDsShareAFileStem() throws {
        let texts = [
            "a/b", "a%2Fb", "a%252Fb", "a_b", "a-b", "a.b", "a", "A", ".a", "%2Ea", "a.", "a..", "..", ".", "%", "%25", "ü",
            "%C3%BC", "u\u{308}",
            "a:b", "a?b", "a*b", "a-0", "a-0-1",
        ]
        let stems = try texts.map { try #require(TaskID($0)).fileStem }
        #expect(Set(stems).count == texts.count)
    }

    /// A name of a file has at most 255 bytes, and a record's name adds `-<index>.json` to the stem.
    @Test(arguments: [String(repeating: "/", count: 200), String(repeating: "ü", count: 100), String(repeating: "🦊", count: 50)])
    func anIDWithATooLongFileNameIsRefused(text: String) {
        #expect((TaskID(text)?.fileStem.utf8.count ?? 0) <= 220)
    }

    @Test func aTaskIDIsEncodedAsItsText() throws {
        #expect(try decode([TaskID].self, #"["a/b"]"#).map(\.text) == ["a/b"])
        #expect(try json([try #require(TaskID("a/b"))]) == #"["a/b"]"#)
        for damaged in [#"[""]"#, #"["a b"]"#, "[7]", "[null]"] {
            #expect(throws: DecodingError.self) { try decode([TaskID].self, damaged) }
        }
    }

    @Test func taskIDsCompareByTheirBytes() throws {
        let ids = try ["caf\u{E9}", "cafe\u{301}", "\u{212B}", "\u{C5}", "A\u{30A}"].map { try #require(TaskID($0)) }
        #expect(Set(ids).count == 5)
        #expect(ids[0] != ids[1])
        #expect(try #require(TaskID("caf\u{E9}")) == ids[0])
    }

    @Test func anOutputIDIsItsTaskAndIndex() throws {
        let task = try #require(TaskID("t"))
        #expect(OutputID(task: task, index: 2).description == "t #2")
        #expect(OutputID(task: task, index: 2) != OutputID(task: task, index: 3))
    }
}
