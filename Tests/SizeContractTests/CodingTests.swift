import Foundation
import Testing

@testable import SizeContract

private func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
}

@Suite struct CodingTests {
    let contract = SizeContract.gptImage2

    @Test func aJudgementHasTheDocumentedJSONNames() throws {
        // 2048 * 1024 against 1024 * 2048: twice the ratio, half the pixels.
        let judgement = contract.judge(delivered: try pixels("2048x1024"), request: try contract.request(size: "2048x2048"))
        #expect(
            try json(judgement) == """
                {"billedTier":"2K","delivered":{"height":1024,"width":2048},"deliveredTier":"2K","expected":{"height":2048,"width":2048},\
                "onGrid":true,"overpaidMultiplier":0,"pixelRatio":0.5,"ratioError":1,"verdict":"reshaped"}
                """)
    }

    @Test func theOverpaidMultiplierIsADecimalNumber() throws {
        let judgement = contract.judge(delivered: try pixels("1672x941"), request: try contract.request(size: "3840x2160"))
        #expect(try json(judgement).contains(#""overpaidMultiplier":1.6,"#))
        #expect(try json([7, 9, 10, 16, 17, 26, 48].map(PriceMultiplier.init)) == "[0.7,0.9,1,1.6,1.7,2.6,4.8]")
    }

    @Test func anUnrequestedPictureIsWrittenWithItsNearestCell() throws {
        #expect(
            try json(contract.judge(delivered: try pixels("1254x1254"), request: nil)) == """
                {"delivered":{"height":1254,"width":1254},"deliveredTier":"1K",\
                "nearestCell":{"ratio":"1:1","size":{"height":1024,"width":1024},"tier":"1K"},"onGrid":false,"verdict":"unrequested"}
                """)
    }

    @Test func missingFactsAreLeftOut() throws {
        #expect(try json(contract.judge(delivered: nil, request: nil)) == #"{"verdict":"undecodable"}"#)
    }

    @Test(
        arguments: [
            ("3840x2160", nil, "1672x941"), ("16:9", "1K", "1672x941"), ("auto", nil, "1254x1254"), (nil, nil, "1122x1402"),
            ("4:5", "4K", nil),
            ("1:1", "2K", "2048x2048"), (nil, nil, nil),
        ] as [(String?, String?, String?)])
    func aJudgementIsReadBackUnchanged(size: String?, resolution: String?, delivered: String?) throws {
        let request = try size.map { try contract.request(size: $0, resolution: resolution) }
        let judgement = contract.judge(delivered: try delivered.map(pixels), request: request)
        #expect(try decode(Judgement.self, json(judgement)) == judgement)
    }

    @Test func membersOfALaterVersionAreTolerated() throws {
        let judgement = try decode(
            Judgement.self, #"{"verdict":"exact","mood":"sunny","delivered":{"width":16,"height":32,"depth":8}}"#)
        #expect(judgement.delivered == PixelSize(width: 16, height: 32))
    }

    @Test(arguments: [
        "", "{", "null", "[]", "{}", #"{"verdict":"splendid"}"#, #"{"verdict":7}"#,
        #"{"verdict":"exact","delivered":{"width":0,"height":1}}"#, #"{"verdict":"exact","delivered":{"width":-5,"height":1}}"#,
        #"{"verdict":"exact","delivered":{"width":1,"height":2147483648}}"#,
        #"{"verdict":"exact","delivered":{"width":1,"height":9223372036854775807}}"#,
        #"{"verdict":"exact","delivered":{"width":1,"height":1e300}}"#, #"{"verdict":"exact","delivered":{"width":1}}"#,
        #"{"verdict":"exact","delivered":{"width":1.5,"height":1}}"#, #"{"verdict":"exact","delivered":"1x1"}"#,
        #"{"verdict":"exact","billedTier":"8K"}"#, #"{"verdict":"exact","overpaidMultiplier":1e300}"#,
        #"{"verdict":"exact","overpaidMultiplier":-1e300}"#, #"{"verdict":"exact","overpaidMultiplier":"1.6"}"#,
        #"{"verdict":"exact","nearestCell":{"ratio":"0:1","tier":"1K","size":{"width":1,"height":1}}}"#,
        #"{"verdict":"exact","nearestCell":{"ratio":"10000:1","tier":"1K","size":{"width":1,"height":1}}}"#,
        #"{"verdict":"exact","nearestCell":{"ratio":16,"tier":"1K","size":{"width":1,"height":1}}}"#,
    ])
    func damagedJSONIsRefused(text: String) {
        #expect(throws: DecodingError.self) { try decode(Judgement.self, text) }
    }
}
