import ArchiveModel
import Foundation
import Testing

@testable import ArchiveServer

/// What the gateway reads in a request, and the only field that it adds.
@Suite struct GenerationBodyTests {
    private static let callback = "https://callbacks.example/hooks/s3cret"

    private func added(_ text: String) -> String {
        var body = GenerationBody(Data(text.utf8))
        body.addCallback(Self.callback)
        return String(decoding: body.bytes, as: UTF8.self)
    }

    private func members(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test(arguments: [#"{"prompt":"x","n":1}"#, "{}", "{ }", " {\n\"prompt\": \"}\"}", #"{"metadata":{"callback_url":"x"}}"#])
    func aCallbackIsAddedToARequestWithoutOne(_ text: String) throws {
        let (before, after) = (try members(text), try members(added(text)))
        #expect(after["callback_url"] as? String == Self.callback)
        #expect(after.count == before.count + 1)
        #expect(Set(after.keys).isSuperset(of: before.keys))
    }

    @Test(arguments: [
        #"{"prompt":"x","callback_url":"https://own.example/hook"}"#, #"{"callback_url":null}"#, #"{"prompt":"x"} {}"#,
        #"{"prompt":"x",}"#, #"{"prompt":"x""#, "{\"prompt\":\"x\u{0}\"}", #"[{"prompt":"x"}]"#, "no json",
    ])
    func anyOtherBodyIsSentByteForByte(_ text: String) { #expect(added(text) == text) }

    @Test func aRequestWithoutASizeIsRecordedAsAuto() {
        #expect(GenerationBody(Data(#"{"prompt":"x"}"#.utf8)).recorded?.size == "auto")
        #expect(GenerationBody(Data(#"{"prompt":"x","size":"1:1"}"#.utf8)).recorded?.size == "1:1")
        #expect(GenerationBody(Data("[]".utf8)).recorded == nil)
    }

    @Test(
        arguments: [
            (#"{"size":"100x100"}"#, "size"), (#"{"size":"5:7"}"#, "size"), (#"{"size":"1:1","resolution":"8K"}"#, "resolution"),
            (#"{"size":"1:1","resolution":"4K"}"#, nil), ("{}", nil), (#"{"model":"another","size":"7x7"}"#, nil),
            (#"{"model":"gpt-image-2-beta","size":"7x7"}"#, "size"), (#"{"model":null,"size":"7x7"}"#, "size"),
        ] as [(String, String?)])
    func aSizeIsCheckedByTheRulesOfItsModel(_ text: String, _ parameter: String?) {
        #expect(GenerationBody(Data(text.utf8)).sizeProblem?.parameter == parameter)
    }

    @Test(arguments: [
        ("{}", true), (#" {"a":[{},[],1.5e3,null,NaN],"b":{"c":"]}"}} "#, true), (#"{"a":[1}]"#, false),
        (#"{"a":{"b":1]}"#, false),
        (#"{"a":1"#, false), ("{", false), ("", false), (#"{"a":1}{"#, false), (#"{"a",1}"#, false), (#"{"a":1 2}"#, false),
    ])
    func onlyOneWholeObjectIsAnObject(_ text: String, _ isObject: Bool) {
        #expect(JSONShape.isObject(Data(text.utf8)) == isObject)
    }

    @Test(arguments: [(511, true), (512, false)]) func listsAreNestedInAnObjectToALimit(_ depth: Int, _ isObject: Bool) {
        let text = #"{"a":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
        #expect(JSONShape.isObject(Data(text.utf8)) == isObject)
    }
}
