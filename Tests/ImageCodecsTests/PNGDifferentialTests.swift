import CPNGDifferential
import Testing

/// The fast path of PNG must give what libpng gives, or leave the file to libpng. More cases: `png_differential_...` with other
/// seeds; a seed is a case, on every machine.
@Suite("PNG with two decoders")
struct PNGDifferentialTests {
    static let share: UInt64 = 5000

    @Test("Both decoders agree on sound and damaged pictures", arguments: 0..<6 as Range<UInt64>)
    func bothDecodersAgreeOnPictures(_ part: UInt64) {
        var counts = png_differential_counts()
        unsafe png_differential_pictures(part * Self.share, Self.share, &counts)
        #expect(counts.different == 0, "first in case \(counts.example)")
        #expect(counts.cases == Self.share)
        // Else the comparison would be of libpng with itself.
        #expect(counts.fast > Self.share / 5)
        #expect(counts.handed_over > Self.share / 10)
    }

    @Test("Both decoders agree on valid and invalid deflate streams", arguments: 0..<6 as Range<UInt64>)
    func bothDecodersAgreeOnStreams(_ part: UInt64) {
        var counts = png_differential_counts()
        unsafe png_differential_streams(part * Self.share, Self.share, &counts)
        #expect(counts.different == 0, "first in case \(counts.example)")
        #expect(counts.cases == Self.share)
        #expect(counts.fast > Self.share / 5)
        #expect(counts.refused > Self.share / 5)
    }
}
