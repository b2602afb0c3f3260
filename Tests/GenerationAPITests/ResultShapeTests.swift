import ArchiveModel
import Foundation
import GenerationAPI
import Testing

/// The first bytes of every PNG file, in base64; the link that they become.
private let png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
private let pngLink: ResultLink = "data:image/png;base64,\(png)"

@Suite struct ResultShapeTests {
    private func results(_ fields: String, most: Int = 1000) throws -> [TaskResult] {
        let json = try #require(JSONValue(text: #"{"id":"t","status":"completed",\#(fields)}"#), "the test's JSON: \(fields)")
        return try #require(TaskSnapshot(json, base: "https://api.example/base", mostResults: most)).results
    }

    @Test(
        "One picture is read in every known shape",
        arguments: [
            #""results":["@"]"#, #""results":"@""#, #""results":{"url":"@"}"#, #""results":[{"url":"@"}]"#,
            #""results":[{"url":["@"]}]"#, #""results":[{"image_url":{"url":"@"}}]"#, #""results":[{"imageUrl":"@"}]"#,
            #""results":[{"uri":"@"}]"#, #""results":[{"src":"@"}]"#, #""results":[{"href":"@","type":"image"}]"#,
            #""results":[["@"]]"#, #""results":"[\"@\"]""#, #""results":["{\"url\":\"@\"}"]"#,
            #""results":null,"result_data":{"images":[{"url":"@"}]}"#, #""result":{"images":[{"url":["@"]}]}"#,
            #""data":[{"url":"@"}]"#, #""data":{"results":["@"]}"#, #""output":"@""#, #""output":["@"]"#,
            #""outputs":[{"image":"@"}]"#, #""output":{"image_urls":["@"]}"#, #""images":[{"url":"@"}]"#,
            #""result":"{\"images\":[{\"url\":\"@\"}]}""#, #""image_url":"@""#, #""resultUrls":["@"]"#,
            #""choices":[{"message":{"content":"Here it is: ![a fox](@)","images":[{"image_url":{"url":"@"}}]}}]"#,
            #""choices":[{"message":{"content":[{"type":"text","text":"Done."},{"type":"image_url","image_url":{"url":"@"}}]}}]"#,
            // The same picture in two fields counts once.
            #""results":["@"],"result_data":[{"image_url":"@"}]"#, #""results":[{"url":"@","image_url":"@"}]"#,
            // An empty field beside it says nothing.
            #""results":[],"images":[{"url":"@","b64_json":null}]"#, #""results":[{"url":null,"link":"@","error":null}]"#,
        ])
    func onePictureIsReadInEveryKnownShape(_ fields: String) throws {
        for link in ["https://a.example/1.png?sig=x", "data:image/png;base64,\(png)"] {
            #expect(try results(fields.replacing("@", with: link)) == [.link(ResultLink(link))])
        }
    }

    @Test(
        "Addresses are normalised",
        arguments: [
            ("HTTPS://A.example/1?Sig=X", "https://A.example/1?Sig=X"), (#"  https://a.example/1\n"#, "https://a.example/1"),
            ("//a.example/1?s=2", "https://a.example/1?s=2"), ("/files/1.png?s=2", "https://api.example/files/1.png?s=2"),
            ("files/1.png", "https://api.example/base/files/1.png"), ("./1", "https://api.example/base/1"),
            ("cdn.a.example/1.png", "https://cdn.a.example/1.png"), (#"https:\\/\\/a.example\\/1"#, "https://a.example/1"),
            ("<https://a.example/1>", "https://a.example/1"), (#"\ufeffhttps://a.example/1\u200b"#, "https://a.example/1"),
            ("https://a.example/ein Fuchs ü.png", "https://a.example/ein%20Fuchs%20%C3%BC.png"),
            ("https://a.example/%E2%9C%93%zz?a=b%20c", "https://a.example/%E2%9C%93%25zz?a=b%20c"),
            ("DATA:image/png;base64,AAAA", "DATA:image/png;base64,AAAA"),
            ("data:image/svg+xml,%3Csvg/%3E", "data:image/svg+xml,%3Csvg/%3E"),
        ])
    func addressesAreNormalised(_ written: String, _ link: String) throws {
        #expect(try results(#""results":["\#(written)"]"#) == [.link(ResultLink(link))])
    }

    @Test(
        "Base64 becomes a data: URI",
        arguments: [
            #"[{"b64_json":"\#(png)"}]"#, #"[{"base64":"\#(png)"}]"#,
            #"[{"image_base64":"\#(png)","url":"https://a.example/1"}]"#,
            #"["\#(png)"]"#, #"[{"type":"image_generation_call","result":"\#(png)"}]"#, #"[{"url":"","b64_json":"\#(png)"}]"#,
            #"[{"content":{"parts":[{"inlineData":{"mimeType":"image/jpeg","data":"\#(png)"}}]}}]"#,
            #"[{"b64_json":"\#(png.prefix(20))\n\#(png.dropFirst(20))\n"}]"#, #"[{"b64_json":"data:image/png;base64,\#(png)"}]"#,
        ])
    func base64BecomesADataURI(_ list: String) throws { #expect(try results(#""results":\#(list)"#) == [.link(pngLink)]) }

    @Test func urlSafeBase64WithoutPaddingIsNormalised() throws {
        // The bytes FB FF BF FE 01 are `-_-__gE=` in the URL-safe alphabet of RFC 4648.
        let items = #"[{"b64_json":"-_-__gE-_-__","mime_type":"image/x-new"},{"b64_json":"-_-__gE-_w"}]"#
        #expect(
            try results(#""results":\#(items)"#) == [
                .link("data:image/x-new;base64,+/+//gE+/+//"), .link("data:application/octet-stream;base64,+/+//gE+/w=="),
            ])
    }

    @Test(
        "An item that is not a link keeps its number and has its own reason",
        arguments: [
            ("null", "null"), ("7", "number"), (#""""#, "empty"), ("{}", "empty object"), ("[]", "empty list"),
            (#"{"error":{"code":"InternalServiceError"}}"#, "InternalServiceError"),
            (#"{"message":"blocked by the filter"}"#, "blocked by the filter"),
            (#""content policy""#, "content policy"), (#""s3://bucket/1.png""#, "s3"), (#""ftp://a.example/1""#, "ftp"),
            (#""https://""#, "no host"), (#""https:///1""#, "no host"), (#"{"b64_json":"§§§"}"#, "base64"),
            (#"{"seed":7}"#, "seed"),
            ("true", "it is true or false"),
            (#"{"url":null}"#, "url"), (#"{"url":"","error":"timed out"}"#, "timed out"), (#""data:image/png""#, "no data"),
        ])
    func anInvalidItemKeepsItsNumberAndReason(_ item: String, _ words: String) throws {
        let found = try results(#""results":["https://a.example/1",\#(item),"https://a.example/2"]"#)
        #expect(found.count == 3)
        #expect(found.first == .link("https://a.example/1"))
        #expect(found.last == .link("https://a.example/2"))
        #expect(found.dropFirst().first?.problem?.contains(words) == true, "\(found)")
    }

    @Test func anItemWithSeveralFilesCountsEachFile() throws {
        let found = try results(#""results":[{"url":["https://a.example/1","https://a.example/2"]},null,"https://a.example/3"]"#)
        #expect(found.map { $0.link?.unsafeText.last } == ["1", "2", nil, "3"])
    }

    @Test func aRepeatedLinkIsCountedOnce() throws {
        let found = try results(
            #""results":["https://a.example/1","https://a.example/2","https://a.example/1","https://a.example/1?v=2",null,null]"#)
        #expect(found.map(\.link) == ["https://a.example/1", "https://a.example/2", "https://a.example/1?v=2", nil, nil])
    }

    @Test func fieldsWithDifferentPicturesAreBothRead() throws {
        let found = try results(
            #""results":["https://a.example/1?s=1",null],"images":[{"url":"https://a.example/1?s=2"},{"url":"https://a.example/2"}]"#
        )
        #expect(
            found == [.link("https://a.example/1?s=1"), .link("https://a.example/2")], "the other field adds the missing link")
        let more = try results(#""results":["https://a.example/1"],"output":["https://a.example/2","https://a.example/3"]"#)
        #expect(more.map { $0.link?.unsafeText.last } == ["1", "2", "3"])
    }

    @Test(arguments: [
        #""result":{"progress":3}"#, #""results":[]"#, #""results":null"#, #""output":"success""#, #""data":{"message":"done"}"#,
        #""input":{"image_url":"https://a.example/1"},"urls":{"get":"https://a.example/2"}"#,
    ])
    func otherFieldsAreNotResults(_ fields: String) throws { #expect(try results(fields) == []) }

    @Test func tooManyResultsAreCutWithAProblem() throws {
        let links = (0..<50).map { #""https://a.example/\#($0)""# }.joined(separator: ",")
        let found = try results(#""results":[\#(links)]"#, most: 10)
        #expect(found.count == 11)
        #expect(found.prefix(10).allSatisfy { $0.link != nil })
        #expect(found.last?.problem?.contains("10") == true)
    }

    @Test func noPrintedResultShowsASignature() throws {
        let results: [TaskResult] = [.link("https://a.example/1?sig=TOPSECRET"), .link(pngLink)]
        var dumped = ""
        dump(results, to: &dumped)
        for text in ["\(results)", String(reflecting: results), dumped, "\(results[0])"] { #expect(!text.contains("TOPSECRET")) }
        #expect("\(results[0])" == "https://a.example/1")
        #expect(!"\(results[1])".contains(png))
    }

    @Test func aStoredResultIsReadBackUnchanged() {
        for result in [TaskResult.link("https://a.example/1?s=1"), .link(pngLink), .problem("it is null"), .problem("")] {
            #expect(TaskResult(stored: result.stored) == result)
        }
    }
}

@Suite struct ResultMatcherTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var known: [Int: String]
        var fresh: [String]
        var numbers: [Int: String]
        var testDescription: String { name }
    }

    private static let a = "https://h.example/a.png?s=1"
    private static let b = "https://h.example/b.png?s=1"
    private static let cases = [
        Case(name: "nothing known", known: [:], fresh: ["x", "!", "y"], numbers: [0: "x", 1: "!", 2: "y"]),
        Case(name: "the same", known: [0: "a?1", 1: "b?1"], fresh: ["a?2", "b?2"], numbers: [0: "a?2", 1: "b?2"]),
        Case(
            name: "shuffled", known: [0: "a?1", 1: "b?1", 2: "c?1"], fresh: ["c?2", "a?2", "b?2"],
            numbers: [0: "a?2", 1: "b?2", 2: "c?2"]),
        Case(
            name: "one before all", known: [0: "a?1", 1: "b?1"], fresh: ["n?2", "a?2", "b?2"],
            numbers: [0: "a?2", 1: "b?2", 2: "n?2"]),
        Case(
            name: "one left out", known: [0: "a?1", 1: "b?1", 2: "c?1"], fresh: ["b?2", "c?2"], numbers: [1: "b?2", 2: "c?2"]),
        Case(name: "other paths", known: [0: "a?1", 1: "b?1"], fresh: ["x?2", "y?2"], numbers: [0: "x?2", 1: "y?2"]),
        Case(name: "other paths, and more", known: [0: "a?1"], fresh: ["x?2", "y?2"], numbers: [0: "x?2", 1: "y?2"]),
        Case(
            name: "one other path, shuffled", known: [0: "a?1", 1: "b?1", 2: "c?1"], fresh: ["x?2", "c?2", "a?2"],
            numbers: [0: "a?2", 1: "x?2", 2: "c?2"]),
        Case(
            name: "numbers with gaps", known: [2: "a?1", 5: "b?1"], fresh: ["n", "b?2", "a?2"],
            numbers: [2: "a?2", 5: "b?2", 6: "n"]),
        Case(name: "a problem stays", known: [0: "", 1: "b?1"], fresh: ["!", "b?2"], numbers: [0: "!", 1: "b?2"]),
        Case(name: "a problem is solved", known: [0: "", 1: "b?1"], fresh: ["b?2", "n?2"], numbers: [0: "n?2", 1: "b?2"]),
        Case(
            name: "a stored problem", known: [0: "problem:it is null", 1: "b?1"], fresh: ["n?2", "b?2"],
            numbers: [0: "n?2", 1: "b?2"]),
        Case(name: "a link becomes a problem", known: [0: "a?1", 1: "b?1"], fresh: ["!", "a?2"], numbers: [0: "a?2", 1: "!"]),
        Case(
            name: "one path, told apart by parameters", known: [0: "i?id=1&s=1", 1: "i?id=2&s=2"],
            fresh: ["i?s=8&id=2", "i?s=9&id=1"],
            numbers: [0: "i?s=9&id=1", 1: "i?s=8&id=2"]),
        Case(
            name: "one path alone", known: [0: "i?s=1", 1: "i?s=2"], fresh: ["i?s=8", "i?s=9"], numbers: [0: "i?s=8", 1: "i?s=9"]),
        Case(
            name: "the very same link first", known: [0: "i?1", 1: "i?2"], fresh: ["i?2", "i?1"], numbers: [0: "i?1", 1: "i?2"]),
    ]

    private static func link(_ name: String) -> ResultLink {
        name.isEmpty || name.hasPrefix("problem:") ? ResultLink(name) : "https://h.example/\(name)"
    }

    @Test(arguments: cases) func freshResultsKeepTheirKnownNumbers(_ test: Case) {
        let fresh = test.fresh.map { $0 == "!" ? TaskResult.problem("it is null") : .link(Self.link($0)) }
        let matched = ResultMatcher.match(known: test.known.mapValues(Self.link), fresh: fresh)
        #expect(matched.mapValues { $0.link ?? "!" } == test.numbers.mapValues { $0 == "!" ? "!" : Self.link($0) })
    }

    @Test func dataLinksAreMatchedByTheirDigest() {
        let other: ResultLink = "data:image/png;base64,iVBORw0KGgoAAAA="
        let known = [0: pngLink, 1: other]
        #expect(
            ResultMatcher.match(known: known, fresh: [.link(other), .link(pngLink)]) == [0: .link(pngLink), 1: .link(other)])
    }

    /// All links of a hostile task have one path.
    @Test(.timeLimit(.minutes(1))) func manyResultsWithOnePathAreMatchedQuickly() {
        let known = Dictionary(uniqueKeysWithValues: (0..<1000).map { ($0, "https://h.example/i?s=\($0)" as ResultLink) })
        let fresh = (0..<1000).map { TaskResult.link("https://h.example/i?t=\($0)") }
        #expect(ResultMatcher.match(known: known, fresh: fresh).count == 1000)
    }
}
