import Foundation
import ImageCodecs

/// A small file that another program made, and the pixels that another program finds in it.
struct Fixture {
    static let width = 19
    static let height = 13

    let file: [UInt8]
    let pixels: [UInt8]

    init(file: String, pixels: String) {
        self.file = Self.decoded(file)
        self.pixels = Self.decoded(pixels)
    }

    private static func decoded(_ text: String) -> [UInt8] {
        [UInt8](Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data())
    }

    /// The picture that all fixtures were made from: a gradient, a strip and a dot, alike in no direction.
    static let colours: [UInt8] = (0..<height).flatMap { y in
        (0..<width).flatMap { x -> [UInt8] in
            if (x - 13) * (x - 13) + (y - 4) * (y - 4) < 10 { return [230, 60, 40] }
            if y > 9 { return [30, UInt8(70 + 8 * x), 90] }
            return [UInt8(20 + 10 * x), UInt8(40 + 14 * y), UInt8(200 - 7 * x)]
        }
    }
}

func decode(_ bytes: [UInt8], limits: ImageLimits = .default) throws(CodecError) -> PixelImage {
    try ImageDecoder.decode(bytes.span, limits: limits)
}

/// Counts rows and forgets them.
struct CountingSink: RowSink {
    var rows = 0
    var hasBegun = false

    mutating func begin(_ header: ImageHeader, channels: Int) { hasBegun = true }
    mutating func receive(_ row: Span<UInt8>) { rows += 1 }
}

func facts(_ bytes: [UInt8]) throws(CodecError) -> DecodedFacts {
    var sink = CountingSink()
    return try ImageDecoder.decode(bytes.span, into: &sink)
}
