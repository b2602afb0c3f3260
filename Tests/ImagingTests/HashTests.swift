import ImageCodecs
import Imaging
import Testing

@Suite("Hashes and colours")
struct HashTests {
    /// Computed by a port to Python, which agrees with the published JavaScript.
    @Test(arguments: [
        (8, 8, false, "1c190a3f06847667605679866aa59638866676f6999cba0f"),
        (40, 23, false, "1f08020c8034674826b075438406fdeaba93fe"),
        (23, 40, false, "df070214007135751988072317957fbb7ca8f9"),
        (100, 100, false, "1ff80107006564e068691a78784947676787f80c3cab3f0e"),
        (100, 1, false, "1e083e118277778788880888fb88c28a08"),
        (1, 1, false, "000802070000000000000000000000000000000000000000"),
        (16, 16, true, "1f08820d0018d7b560847239b556bffed3a167775788787650"),
        (31, 9, true, "1ff881098217b088066a668ff7f801ec77876706847178"),
        (5, 7, true, "5df885240627a71766c85c8680f8157e0a5977078878888707"),
    ])
    func aThumbHashEqualsTheReference(_ width: Int, _ height: Int, _ hasAlpha: Bool, _ expected: String) {
        let image = picture(width, height) { x, y in
            [(x * 211 + y * 37) % 256, (x * x * 3 + y * 91) % 256, (x * 7 + y * y * 5) % 256]
                + (hasAlpha ? [(x * 13 + y * 29) % 256] : [])
        }
        #expect(hex(ThumbHash.hash(image)) == expected)
    }

    @Test func anOpaqueAlphaChannelChangesNoHash() {
        let rgb = picture(40, 23) { x, y in [x * 6, y * 11, (x * y) % 256] }
        let rgba = picture(40, 23) { x, y in [x * 6, y * 11, (x * y) % 256, 255] }
        #expect(ThumbHash.hash(rgb) == ThumbHash.hash(rgba))
        #expect(PerceptualHash.hash(rgb) == PerceptualHash.hash(rgba))
    }

    @Test func aLargePictureIsHashedLikeItsSmallCopy() {
        let large = picture(800, 400) { x, y in [x / 4, y / 2, (x + y) / 8] }
        let small = ImageResizer.resize(large, width: 100, height: 50)
        #expect(ThumbHash.hash(large) == ThumbHash.hash(small))
    }

    /// 32x32 pictures, so that no resizing takes part; computed in Python from the definition.
    @Test(arguments: [(0, 0xaa00_0000_0000_0000), (3, 0x9335_292a_282a_2412), (11, 0x9044_1735_6225_2f38)] as [(Int, UInt64)])
    func aPerceptualHashMatchesItsDefinition(_ shift: Int, _ expected: UInt64) {
        let image = picture(32, 32) { x, y in [(x * 8 + shift * y) % 256, (y * 8) % 256, ((x * x + shift * y) / 8) % 256] }
        #expect(PerceptualHash.hash(image) == expected)
    }

    @Test func aPerceptualHashSurvivesResizingAndRecompression() throws {
        func motif(_ seed: Int) -> PixelImage {
            picture(300, 200) { x, y in
                let inside = (x - 90 - seed * 7) * (x - 90) + (y - 60 - seed * 13) * (y - 80) < 2500 + seed * 900
                return inside ? [230, 90 + seed * 20, 60] : [x / 2 + seed * 9, 200 - y / (1 + seed), 90 + (x ^ y) % 64]
            }
        }
        let original = PerceptualHash.hash(motif(0))
        let smaller = PerceptualHash.hash(ImageResizer.resize(motif(0), width: 120, height: 80))
        let jpeg = try ImageEncoder.jpeg(motif(0), JPEGSettings(quality: 40))
        let recompressed = PerceptualHash.hash(try ImageDecoder.decode(jpeg.span))
        #expect(PerceptualHash.distance(original, smaller) <= 4)
        #expect(PerceptualHash.distance(original, recompressed) <= 4)
        #expect(PerceptualHash.distance(original, PerceptualHash.hash(motif(3))) > 10)
    }

    @Test func theAverageColourIsComputedInLinearLight() {
        // Half black, half white: half the light, which is level 188.
        #expect(SRGBColour(averageOf: picture(4, 4) { x, _ in x < 2 ? [0, 0, 0] : [255, 255, 255] }).description == "#BCBCBC")
        #expect(
            SRGBColour(averageOf: picture(2, 1) { x, _ in x == 0 ? [9, 8, 7, 255] : [200, 0, 0, 0] }).description == "#090807")
        #expect(SRGBColour(averageOf: picture(2, 1) { _, _ in [9, 8, 7, 0] }).description == "#000000")
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
