import Foundation
import ImageCodecs
import Imaging
import Testing

@Suite("Colour profiles")
struct ColourTests {
    /// A version 4 matrix profile with the primaries of Display P3, put together by hand; Pillow opens it as such.
    static let displayP3 = [UInt8](
        Data(
            base64Encoded: """
                AAABxAAAAAAEMAAAbW50clJHQiBYWVogB+oAAQABAAAAAAAAYWNzcAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPbWAAEAAAAA0y0AAA
                AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIZGVzYwAAAOQAAAAwd3RwdAAAARQAAAAUclhZWgAAASgA
                AAAUZ1hZWgAAATwAAAAUYlhZWgAAAVAAAAAUclRSQwAAAWQAAAAgZ1RSQwAAAYQAAAAgYlRSQwAAAaQAAAAgbWx1YwAAAAAAAAABAAAADGVuVV
                MAAAAUAAAAHABEAGkAcwBwAGwAYQB5ACAAUAAzWFlaIAAAAAAAAPbWAAEAAAAA0y1YWVogAAAAAAAAg98AAD2/////u1hZWiAAAAAAAABKvwAA
                sTcAAAq5WFlaIAAAAAAAACg4AAARCwAAyLlwYXJhAAAAAAADAAAAAmZmAADypwAADVkAABPQAAAKW3BhcmEAAAAAAAMAAAACZmYAAPKnAAANWQ
                AAE9AAAApbcGFyYQAAAAAAAwAAAAJmZgAA8qcAAA1ZAAAT0AAACls=
                """, options: .ignoreUnknownCharacters) ?? Data())

    /// Display P3 values and the same colours in sRGB, by the matrices of CSS Color 4, section 17.
    static let colours: [(p3: [Int], sRGB: [Int])] = [
        ([128, 128, 128], [128, 128, 128]), ([200, 100, 50], [215, 93, 31]), ([60, 140, 90], [0, 142, 85]),
        ([90, 80, 200], [92, 80, 207]), ([250, 240, 230], [252, 240, 229]), ([255, 0, 0], [255, 0, 0]),
    ]

    static func file(_ colour: [Int], profile: [UInt8]) throws -> [UInt8] {
        let image = picture(24, 16) { _, _ in colour }
        return try webp(image, flags: 0x20, before: webpChunk("ICCP", profile))
    }

    static func average(_ colour: [Int], profile: [UInt8]) throws -> [Int] {
        let file = try file(colour, profile: profile)
        let found = try PictureInspector.inspect(file.span).averageColour
        return [Int(found.red), Int(found.green), Int(found.blue)]
    }

    @Test func anotherProfileIsConvertedToSRGB() throws {
        for (p3, sRGB) in Self.colours {
            let found = try Self.average(p3, profile: Self.displayP3)
            #expect(zip(found, sRGB).allSatisfy { abs($0 - $1) <= 2 }, "\(p3): \(found), not \(sRGB)")
        }
    }

    @Test func alphaPassesThroughAProfile() throws {
        let file = try Self.file([200, 100, 50, 99], profile: Self.displayP3)
        let inspected = try PictureInspector.inspect(file.span)
        #expect(inspected.metadata.profile?.description == "Display P3")
        let image = try ImageDecoder.decode(inspected.thumbnail.bytes.span)
        #expect(image.channels == 4)
        #expect(abs(Int(image.bytes[3]) - 99) <= 1)
        #expect(abs(Int(image.bytes[0]) - 215) <= 6)
    }

    @Test func aBrokenProfileIsTreatedAsSRGB() throws {
        #expect(try Self.average([200, 100, 50], profile: Array(Self.displayP3.prefix(300))) == [200, 100, 50])
        #expect(try Self.average([200, 100, 50], profile: [UInt8](repeating: 7, count: 500)) == [200, 100, 50])
    }
}
