import Testing

@testable import ContentCredentials

@Suite struct JumbfTests {

    @Test func aSuperboxHasItsDescriptionAndContents() throws {
        let store = superbox("c2pa", "c2pa", superbox("c2ma", "urn:c2pa:1", box("free", [0])))
        let root = try JumbfReader.read(store)
        #expect(root.isSuperbox("c2pa") && root.label == "c2pa" && root.range == 0..<store.count && root.payload.lowerBound == 8)
        #expect(root.child("urn:c2pa:1")?.isSuperbox("c2ma") == true)
        #expect(root.child("urn:c2pa:2") == nil)
    }

    @Test func lengthsOf64BitsAndLengthsToTheEndAreRead() throws {
        var long = superbox("c2pa", "c2pa")
        long = [0, 0, 0, 1] + long[4..<8] + [0, 0, 0, 0, 0, 0, 0, UInt8(long.count + 8)] + long[8...]
        #expect(try JumbfReader.read(long).payload == 16..<long.count)
        var open = superbox("c2pa", "c2pa")
        open.replaceSubrange(0..<4, with: [0, 0, 0, 0])
        #expect(try JumbfReader.read(open).range == 0..<open.count)
    }

    @Test func everyTruncationIsRefused() throws {
        let store = superbox("c2pa", "c2pa", superbox("c2ma", "urn:c2pa:1", superbox("cbor", "a", box("cbor", [0xa0]))))
        for count in 0..<store.count {
            #expect(throws: MalformedData.self) { try JumbfReader.read(Array(store[..<count])) }
        }
    }

    @Test(arguments: [0, 2, 7, 40, 0xffff_ffff])
    func anInnerBoxOfWrongLengthIsRefused(length: UInt32) {
        var store = superbox("c2pa", "c2pa", superbox("c2ma", "m"))
        let inner = store.count - superbox("c2ma", "m").count
        store.replaceSubrange(inner..<inner + 4, with: bigEndian(length))
        #expect(throws: MalformedData.self) { try JumbfReader.read(store) }
    }

    @Test(arguments: ["a/b", "a;b", "a?b", "a#b", "a\u{1}", "\u{7f}", "\u{85}", "\u{feff}", String(repeating: "x", count: 257)])
    func aForbiddenLabelIsRefused(label: String) {
        #expect(throws: MalformedData.self) { try JumbfReader.read(superbox("c2pa", label)) }
    }

    @Test func depthAndNumberAreBounded() {
        var deep = superbox("c2ma", "m")
        for _ in 0..<32 { deep = superbox("c2ma", "m", deep) }
        #expect(throws: MalformedData.self) { try JumbfReader.read(deep) }
        var limits = CredentialLimits()
        limits.boxes = 3
        #expect(throws: MalformedData.self) {
            try JumbfReader.read(superbox("c2pa", "c2pa", box("free", []), box("free", []), box("free", [])), limits: limits)
        }
    }

    @Test func theContentOfUnknownTypesIsSkipped() throws {
        let root = try JumbfReader.read(superbox("c2pa", "c2pa", superbox("abcd", "x", [0xff, 0xff])))
        #expect(root.children.count == 1 && root.children[0].children.isEmpty)
    }

    @Test func anAmbiguousLabelLeadsNowhere() throws {
        let root = try JumbfReader.read(superbox("c2pa", "c2pa", superbox("c2ma", "m"), superbox("c2ma", "m")))
        #expect(root.child("m") == nil)
    }

    @Test func aBoxThatIsNotRequestableCannotBeReferredTo() throws {
        var store = superbox("c2pa", "c2pa", superbox("c2ma", "m"))
        store[store.count - 3] = 2
        #expect(try JumbfReader.read(store).child("m") == nil)
    }

    @Test func labelsAreComparedByBytes() throws {
        let root = try JumbfReader.read(superbox("c2pa", "c2pa", superbox("c2ma", "e\u{301}")))
        #expect(root.child("e\u{301}") != nil && root.child("\u{e9}") == nil)
    }

    @Test func referencesStartAtTheStoreOrAtTheManifest() {
        let relative = JumbfURI("self#jumbf=c2pa.assertions/c2pa.icon", in: "urn:c2pa:1")
        #expect(relative == JumbfURI(manifest: "urn:c2pa:1", path: ["c2pa.assertions", "c2pa.icon"]))
        let absolute = JumbfURI("self#jumbf=/c2pa/urn:c2pa:2/c2pa.signature", in: "urn:c2pa:1")
        #expect(absolute == JumbfURI(manifest: "urn:c2pa:2", path: ["c2pa.signature"]))
        #expect(absolute?.text == "self#jumbf=/c2pa/urn:c2pa:2/c2pa.signature")
        #expect(JumbfURI("self#jumbf=/c2pa/urn:c2pa:2", in: "m")?.path == [])
    }

    @Test(arguments: [
        "", "c2pa.assertions/a", "https://example.com/#jumbf=a", "self#jumbf=", "self#jumbf=/c2pa", "self#jumbf=/other/m/a",
        "self#jumbf=a//b",
        "self#jumbf=../m", "self#jumbf=/c2pa/m/../n", "self#jumbf=/c2pa/m/", "SELF#jumbf=a",
    ])
    func otherReferencesAreRefused(text: String) {
        #expect(JumbfURI(text, in: "m") == nil)
    }

    @Test func instanceNumbersAreNotPartOfTheType() {
        #expect(AssertionType.of("c2pa.ingredient.v3__12") == "c2pa.ingredient.v3")
        #expect(AssertionType.of("c2pa.ingredient.v3") == "c2pa.ingredient.v3")
        #expect(AssertionType.of("c2pa.hash.data__") == "c2pa.hash.data__")
        #expect(AssertionType.of("com.example_1") == "com.example_1")
    }

    @Test(arguments: ["{}", " [1, -0.5e+3, \"\\u00e4\\n\", true, null] ", "\"a\"", "0", "{\"a\":{\"b\":[]}}"])
    func jsonIsAccepted(text: String) {
        #expect(JSONGrammar.accepts(Array(text.utf8)[...]))
    }

    @Test(arguments: ["", "{", "{\"a\"}", "[1,]", "01", "1.", "+1", "nul", "{} {}", "\"\\x\"", "\"\u{1}\"", "{a:1}", "\"a"])
    func otherTextIsNoJSON(text: String) {
        #expect(!JSONGrammar.accepts(Array(text.utf8)[...]))
    }

    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
        ("Zm9vYmFy", "foobar"),
    ])
    func base64IsDecoded(text: String, value: String) {
        #expect(Base64.decode(text) == Array(value.utf8))
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "Z=g=", "Zm9v\n", "Zm-v"])
    func otherTextIsNoBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
