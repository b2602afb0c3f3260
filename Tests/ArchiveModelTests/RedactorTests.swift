import ArchiveModel
import Foundation
import Testing

@Suite struct RedactorTests {
    let redact = Redactor(secrets: ["sk-0123456789abcdef", "Signature=abcdef"])

    @Test(arguments: [
        ("https://h.example/a.png?Expires=1&sig=TOPSECRET", "https://h.example/a.png"),
        ("http://h.example/a.png#TOPSECRET", "http://h.example/a.png"),
        ("https://h.example/a.png?TOPSECRET#TOPSECRET", "https://h.example/a.png"),
        ("https://h.example?TOPSECRET", "https://h.example"),
        ("https://h.example/?", "https://h.example/"),
        ("HTTPS://H.example/A.png?TOPSECRET", "HTTPS://H.example/A.png"),
        ("hTTp://h.example/a?TOPSECRET", "hTTp://h.example/a"),
        ("https://user:TOPSECRET@h.example:8443/a", "https://h.example:8443/a"),
        ("https://TOPSECRET@h.example", "https://h.example"),
        ("https://user:TOP@SECRET@h.example/a", "https://h.example/a"),
        ("https://h.example/@TOP/a@b", "https://h.example/@TOP/a@b"),
        ("https://h.example/a", "https://h.example/a"),
        ("https://h.example/to?next=https://x.example/b?TOPSECRET", "https://h.example/to"),
        ("https://h.example/to?next=https%3A%2F%2Fx.example%3FTOPSECRET", "https://h.example/to"),
    ])
    func anAddressKeepsOnlySchemeHostAndPath(text: String, clean: String) { #expect(redact(text) == clean) }

    @Test(arguments: [
        (
            "see https://a.example/1?TOPSECRET and https://b.example/2?TOPSECRET here",
            "see https://a.example/1 and https://b.example/2 here"
        ),
        (
            "https://a.example/1?TOPSECRET\nhttps://b.example/2?TOPSECRET\r\nend",
            "https://a.example/1\nhttps://b.example/2\r\nend"
        ),
        ("'https://a.example/1?TOPSECRET', \"https://b.example/2#TOPSECRET\"", "'https://a.example/1', \"https://b.example/2\""),
        ("<https://a.example/1?TOPSECRET>", "<https://a.example/1>"),
        ("`https://a.example/1?TOPSECRET`", "`https://a.example/1`"),
        (#"{"url":"https://a.example/1?TOPSECRET","n":1}"#, #"{"url":"https://a.example/1","n":1}"#),
        (#"{\"url\":\"https://a.example/1?TOPSECRET\",\"n\":1}"#, #"{\"url\":\"https://a.example/1\",\"n\":1}"#),
        ("(https://a.example/1) is fine", "(https://a.example/1) is fine"),
        ("https://a.example/1,https://b.example/2?TOPSECRET", "https://a.example/1,https://b.example/2"),
    ])
    func everyAddressInATextIsRedacted(text: String, clean: String) { #expect(redact(text) == clean) }

    /// What closes an address is not always known, and a query may hold any of it: then rather too much goes than too little.
    @Test(arguments: [
        "(https://a.example/1?TOPSECRET)", "[text](https://a.example/1?TOPSECRET) after",
        "https://a.example/1?TOPSECRET,https://b.example/2?TOPSECRET",
        "https://a.example/1,https://user:TOPSECRET@b.example/2", "(https://a.example/1)(https://TOPSECRET@b.example/2)",
        "https://a.example/1;https://b.example/2;https://user:TOPSECRET@c.example/3?TOPSECRET",
        "{https://a.example/1?TOPSECRET}", "https://a.example/1?x=(TOPSECRET)TOPSECRET",
        "url=https://a.example/1?a=1&TOPSECRET;TOPSECRET|TOPSECRET",
        // As JSON writers of other languages escape an address.
        #"{"url":"https:\/\/a.example\/1?sig=TOPSECRET"}"#, #"{"url":"https://a.example/1?a=1\u0026sig=TOPSECRET"}"#,
        #"{"url":"HTTPS:\/\/user:TOPSECRET@a.example\/1\u003fTOPSECRET"}"#,
        #"{"url":"https:\u002f\u002fa.example\u002F1?sig=TOPSECRET"}"#,
        // A mark that joins the character before it must not hide that character.
        "https://a.example/1?\u{301}TOPSECRET", "https://\u{301}a.example/1?TOPSECRET", "https://a.example/1#\u{FE0F}TOPSECRET",
        "https://user:TOPSECRET@\u{301}a.example/", "://https://a.example/?TOPSECRET", "httphttps://a.example/?TOPSECRET",
        "ahttps://a.example/?TOPSECRET", "view-source:https://a.example/?TOPSECRET",
    ])
    func theQueryIsRemovedWhateverSurroundsTheAddress(text: String) {
        let clean = redact(text)
        #expect(!clean.contains("TOPSECRET"))
        #expect(clean.contains("example"))
    }

    @Test(arguments: [
        "", "?", "plain text", "is this a question? yes #1!", "what://is this?no", "ftp://h.example/a?b#c",
        "/relative/path?a=b#c",
        "a prompt: who are you? user@example.org, 50 % #art", "://", "https:/h.example?a", "https:h.example?a", "e\u{301}?\r\n🦊",
        "https:// ?a", "C:\\a\\b?c", #"a\/b?c"#,
    ])
    func textWithoutAWebAddressIsUnchanged(text: String) {
        #expect(Array(redact(text).unicodeScalars) == Array(text.unicodeScalars))
    }

    @Test func aQuestionMarkAfterAnAddressIsKept() {
        #expect(
            redact("draw https://h.example/a.png?x=1 as a cat? or a dog? #art")
                == "draw https://h.example/a.png as a cat? or a dog? #art")
    }

    @Test(arguments: [
        ("key sk-0123456789abcdef!", "key [removed]!"), ("sk-0123456789abcdef", "[removed]"),
        ("sk-0123456789abcdefsk-0123456789abcdef", "[removed][removed]"), ("a=1&Signature=abcdef&b", "a=1&[removed]&b"),
        ("https://h.example/sk-0123456789abcdef/a", "https://h.example/[removed]/a"),
        ("SK-0123456789ABCDEF", "SK-0123456789ABCDEF"),
        ("sk-0123456789abcdef\u{301}", "[removed]\u{301}"),
    ])
    func aSecretIsRemovedAtAnyPosition(text: String, clean: String) {
        #expect(Array(redact(text).unicodeScalars) == Array(clean.unicodeScalars))
    }

    @Test func theLongerOfTwoSecretsIsRemovedFirst() {
        #expect(Redactor(secrets: ["abcdef", "abcdefgh"])("abcdefgh abcdef") == "[removed] [removed]")
    }

    @Test func aTextIsSearchedForSecretsWithoutAChange() {
        #expect(redact.findsSecret(in: "task-sk-0123456789abcdef"))
        #expect(!redact.findsSecret(in: "task-sk-0123456789abcde"))
        #expect(!redact.findsSecret(in: "http://a.example/b?c=d"), "a query is cut off elsewhere, and is no secret here")
    }

    @Test func aTooShortSecretIsIgnored() {
        #expect(Redactor(secrets: ["", "a", "abcde"])("abcde a") == "abcde a")
        #expect(Redactor(secrets: ["abcdef"])("abcdef") == "[removed]")
    }

    @Test func jsonIsRedactedAtEveryDepth() {
        let value = JSONValue.object([
            "results": .array([.string("https://h.example/a?TOPSECRET")]), "n": .integer(1),
            "deep": .object(["a": .array([.object(["b": .string("sk-0123456789abcdef")])])]),
        ])
        #expect(
            redact(value)
                == .object([
                    "results": .array([.string("https://h.example/a")]), "n": .integer(1),
                    "deep": .object(["a": .array([.object(["b": .string("[removed]")])])]),
                ]))
    }

    @Test(arguments: [
        ("//h.example/a?TOPSECRET", "//h.example/a"), ("/a/b.png?sig=TOPSECRET", "/a/b.png"), (" ./a#TOPSECRET\n", " ./a"),
        ("/imagine a fox? yes", "/imagine a fox? yes"), ("...really?! no", "...really?! no"), ("what/is?this", "what/is?this"),
    ])
    func aRelativeAddressInJSONIsRedacted(text: String, clean: String) {
        #expect(redact(JSONValue.array([.string(text)])) == .array([.string(clean)]))
    }

    @Test func memberNamesAreRedactedToo() {
        let value = JSONValue.object([
            "https://h.example/a?TOPSECRET1": .integer(1), "https://h.example/a?TOPSECRET2": .integer(2),
            "sk-0123456789abcdef": .null,
        ])
        guard case .object(let members) = redact(value) else {
            Issue.record("the result is not an object")
            return
        }
        #expect(members.count == 3, "no member is lost, even if two names become the same")
        #expect(members["https://h.example/a"] != nil)
        #expect(members["[removed]"] == .null)
        #expect(members.keys.allSatisfy { !$0.contains("TOPSECRET") && !$0.contains("sk-") })
    }

    /// Work that grows with the square of the text would take hours here.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["://", "https://a?b ", "https://a,", "https://", "https:\\/\\/", "?", "@", "https://@"])
    func aLongHostileTextIsRedactedInLinearTime(part: String) {
        let text = String(repeating: part, count: 100_000)
        #expect(redact(text).utf8.count <= text.utf8.count)
    }

    @Test func overlappingSecretsAreRemovedCompletely() {
        #expect(Redactor(secrets: ["abcdef", "defghijkl"])("xabcdefghijkly") == "x[removed]y")
        #expect(Redactor(secrets: ["abcdef"])("abcdefabcdef") == "[removed][removed]")
        let long = String(repeating: "0123456789", count: 30)
        #expect(Redactor(secrets: [long])("a \(long) b") == "a [removed] b")
        // Only the secrets themselves, however many begin alike.
        let many = (0..<100).map { "179500\($0)" }
        #expect(Redactor(secrets: many)("a 17950042, b 17950, c 179500x") == "a [removed], b 17950, c 179500x")
        // With many lengths as well, the rest of the word is removed.
        let lengths = (0..<20).map { "abcdef" + String(repeating: "g", count: $0) }
        #expect(Redactor(secrets: lengths)("x abcdefgh, y abcde") == "x [removed] y abcde")
    }

    /// 2,000 links and a text that names each of them: one pass, and not one for each secret.
    @Test func manySecretsAreRemovedInOnePass() {
        var state: UInt64 = 1
        let secrets = (0..<2000).map { _ -> String in
            (0..<4).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return String(state, radix: 16)
            }.joined()
        }
        let text = secrets.map { "see \($0)" }.joined(separator: "\n")
        let redact = Redactor(secrets: secrets)
        let begun = clock()
        let clean = redact(text)
        #expect(clean == Array(repeating: "see [removed]", count: 2000).joined(separator: "\n"))
        #expect(Double(clock() - begun) / Double(CLOCKS_PER_SEC) < 2, "it takes 0.2 s without optimisation")
    }
}
