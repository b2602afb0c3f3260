import Testing

@testable import DecoderPool

/// The header of each message between the pool and its workers.
@Suite struct FrameTests {
    /// "FXF1", the kind, and three numbers with their lowest bytes first.
    private let bytes: [UInt8] = [
        0x46, 0x58, 0x46, 0x31, 18, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255,
        255,
    ]

    @Test func aFrameHasItsWrittenForm() throws {
        #expect(Frame(.picture, 0x201, 3, .max).bytes == bytes)
        let frame = try #require(Frame(bytes))
        #expect(frame.kind == .picture)
        #expect(frame.length(0, upTo: 0x201) == 0x201 && frame.length(0, upTo: 0x200) == nil)
        #expect(frame.length(1, upTo: 100) == 3)
        #expect(frame.length(2, upTo: .max) == nil, "no length is larger than a signed number")
    }

    @Test(arguments: 0..<8) func aFrameBeginsAsAgreed(_ position: Int) {
        var changed = bytes
        changed[position] ^= 0x80
        #expect(Frame(changed) == nil)
    }

    @Test func aFrameHasAFixedLength() {
        #expect(Frame(Array(bytes.dropLast())) == nil)
        #expect(Frame(bytes + [0]) == nil)
        #expect(Frame([]) == nil)
    }
}
