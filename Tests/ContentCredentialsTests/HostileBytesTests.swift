import Foundation
import Testing

@testable import ContentCredentials

/// Damage in every part that comes from a file: a result, never a trap, and never more trust.
@Suite struct HostileBytesTests {
    let made: MadeCredentials

    init() throws {
        made = try MadeCredentials.shared.get()
    }

    private func input() throws -> SignatureJudge.Input {
        var input = try made.input(now: .days(0.01))
        input.timeStamps = [(try made.bytes("right.tok"), try made.bytes("payload.bin"))]
        input.revocations = [try made.bytes("good.ocsp")]
        return input
    }

    @Test func aCutCertificateIsRefused() throws {
        var input = try input()
        let leaf = input.chain[0]
        let middle = input.chain[1]
        for count in stride(from: 0, to: leaf.count, by: 5) {
            input.chain = [Array(leaf.prefix(count)), middle]
            #expect(SignatureJudge().judge(input).state == .invalid)
        }
        for count in stride(from: 0, to: middle.count, by: 5) {
            input.chain = [leaf, Array(middle.prefix(count))]
            #expect(SignatureJudge().judge(input).state == .valid)
        }
        input.chain = [leaf + [0], middle]
        #expect(SignatureJudge().judge(input).state == .invalid)
    }

    @Test func aChangedCertificateIsNeverTrusted() throws {
        for position in 0..<2 {
            var input = try input()
            let right = input.chain[position]
            for index in right.indices where index % 3 == position {
                input.chain[position] = right
                input.chain[position][index] ^= 1 << UInt8(index % 8)
                #expect(SignatureJudge().judge(input).state < .trusted)
            }
        }
    }

    @Test func aCutTokenIsMalformed() throws {
        var input = try input()
        let right = input.timeStamps[0].token
        for count in stride(from: 0, to: right.count, by: 23) {
            input.timeStamps[0].token = Array(right.prefix(count))
            let output = SignatureJudge().judge(input)
            #expect(output.has("timeStamp.malformed") && output.timeStamp == nil)
            #expect(output.state == .trusted)
        }
        input.timeStamps[0].token = right + [0]
        #expect(SignatureJudge().judge(input).has("timeStamp.malformed"))
    }

    /// Some bytes of a token are not signed and not used. A change elsewhere ends its trust, and none moves the time.
    @Test func aChangedTokenNeverTellsAnotherTime() throws {
        var input = try input()
        let right = input.timeStamps[0].token
        let time = try #require(SignatureJudge().judge(input).timeStamp?.time)
        var kept = 0
        for index in stride(from: 0, to: right.count, by: 11) {
            input.timeStamps[0].token = right
            input.timeStamps[0].token[index] ^= 1 << UInt8(index % 8)
            let output = SignatureJudge().judge(input)
            if output.has("timeStamp.trusted") {
                kept += 1
                #expect(output.timeStamp?.time == time)
            }
        }
        // The token carries the root, which the list has already, and a few fields that nothing depends on.
        #expect(try kept * 11 < made.certificate("time-root").count + 300)
    }

    /// Lengths that overflow, indefinite lengths, depth, tags of several bytes, and many small values.
    @Test func strangeStructuresAreRefused() throws {
        var strange: [[UInt8]] = [
            [], [0], [0x30], [0x30, 0x80], [0x30, 0x80, 0, 0], [0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            [0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x30, 0x89] + Array(repeating: 0xff, count: 9),
            [0x30, 0xff], [0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0], [0x30, 0x81, 0x01, 0],
            [0x3f, 0x81, 0], Array(repeating: 0x30, count: 1_000), Array(repeating: 0xa0, count: 30_000),
        ]
        var nested: [UInt8] = [5, 0]
        for _ in 0..<100 where nested.count < 126 { nested = [0x30, UInt8(nested.count)] + nested }
        strange.append(nested)
        let many = Array(repeating: [5, 0] as [UInt8], count: 16_000).flatMap { $0 }
        strange.append([0x30, 0x82, UInt8(many.count >> 8), UInt8(many.count & 0xff)] + many)
        strange.append([0x30, 0x83, 0x10, 0, 0] + Array(repeating: 5, count: 1 << 20))
        for bytes in strange {
            var input = try input()
            input.chain = [bytes]
            #expect(SignatureJudge().judge(input).failures == ["signingCredential.invalid"])
            input = try self.input()
            input.chain[1] = bytes
            #expect(SignatureJudge().judge(input).state < .trusted)
            input = try self.input()
            input.timeStamps[0].token = bytes
            #expect(SignatureJudge().judge(input).has("timeStamp.malformed"))
            input = try self.input()
            input.revocations = Array(repeating: bytes, count: 40)
            #expect(SignatureJudge().judge(input).has("signingCredential.ocsp.skipped"))
        }
    }
}
