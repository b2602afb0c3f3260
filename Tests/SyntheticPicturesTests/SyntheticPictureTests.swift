import ImageCodecs
import SyntheticPictures
import Testing

@Suite("Synthetic pictures")
struct SyntheticPictureTests {
    @Test func theSameSeedGivesTheSamePicture() {
        for seed: UInt64 in 0..<8 {
            let one = SyntheticPicture.make(width: 160, height: 120, seed: seed)
            #expect(one == SyntheticPicture.make(width: 160, height: 120, seed: seed))
        }
    }

    @Test func seedsGiveDifferentPictures() {
        let pictures = Set((0..<40).map { SyntheticPicture.make(width: 64, height: 64, seed: $0).bytes })
        #expect(pictures.count == 40)
    }

    @Test(arguments: [(1, 1), (1, 300), (300, 1), (2, 3), (37, 41), (900, 200), (200, 900)])
    func anySizeCanBeDrawn(_ width: Int, _ height: Int) {
        for seed: UInt64 in 0..<8 {
            let image = SyntheticPicture.make(width: width, height: height, seed: seed)
            #expect((image.width, image.height, image.channels) == (width, height, 3))
        }
    }

    @Test func aDeliverySizedPNGHasARealisticFileSize() throws {
        for seed: UInt64 in 0..<4 {
            let file = try SyntheticPicture.make(width: 1254, height: 1254, seed: seed, as: .png)
            #expect((1_000_000...3_000_000).contains(file.count), "seed \(seed)")
        }
    }

    @Test(arguments: ImageFormat.allCases)
    func everyFormatCanBeDecoded(_ format: ImageFormat) throws {
        let image = SyntheticPicture.make(width: 200, height: 150, seed: 5)
        let file = try SyntheticPicture.encode(image, as: format)
        #expect(ImageFormat.sniff(file.span) == format)
        let decoded = try ImageDecoder.decode(file.span)
        #expect((decoded.width, decoded.height) == (200, 150))
        // Lossy formats stay within a few levels on average.
        let difference = zip(decoded.bytes, image.bytes).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(difference / image.bytes.count < (format == .png ? 1 : 6))
        if format == .png { #expect(decoded == image) }
    }
}
