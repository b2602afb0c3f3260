import ImageCodecs
import Imaging
import Testing

@Suite("Orientation")
struct OrientationTests {
    /// What should be seen: 48x32, with red, green, blue and yellow from the top left, row by row.
    static let seen = picture(48, 32) { x, y in
        switch (x < 24, y < 16) {
        case (true, true): [220, 30, 30]
        case (false, true): [30, 200, 40]
        case (true, false): [30, 50, 220]
        case (false, false): [230, 220, 40]
        }
    }

    /// The picture as a camera held that way stores it.
    ///
    /// From the table of the EXIF specification: which visual side the stored row 0 and column 0 are.
    static func stored(_ orientation: Orientation) -> PixelImage {
        let sides: [Orientation: (row: String, column: String)] = [
            .upright: ("top", "left"), .mirrored: ("top", "right"), .rotated180: ("bottom", "right"),
            .flipped: ("bottom", "left"),
            .transposed: ("left", "top"), .rotated90: ("right", "top"), .transversed: ("right", "bottom"),
            .rotated270: ("left", "bottom"),
        ]
        let side = sides[orientation] ?? ("", "")
        let isTurned = side.row == "left" || side.row == "right"
        return picture(isTurned ? 32 : 48, isTurned ? 48 : 32) { column, row in
            func distance(_ side: String, _ steps: Int, _ length: Int) -> Int {
                side == "top" || side == "left" ? steps : length - 1 - steps
            }
            let x = isTurned ? distance(side.row, row, 48) : distance(side.column, column, 48)
            let y = isTurned ? distance(side.column, column, 32) : distance(side.row, row, 32)
            return (0..<3).map { Int(seen.bytes[(y * 48 + x) * 3 + $0]) }
        }
    }

    @Test(arguments: Orientation.allCases)
    func pixelsAreTurnedUpright(_ orientation: Orientation) {
        #expect(orientation.apply(to: Self.stored(orientation)) == Self.seen)
    }

    @Test(arguments: Orientation.allCases, ImageFormat.allCases)
    func derivativesAreUprightAndStoredSizesAreKept(_ orientation: Orientation, _ format: ImageFormat) throws {
        let stored = Self.stored(orientation)
        let file = try Self.file(stored, format, orientation)
        let inspected = try PictureInspector.inspect(file.span)
        #expect(inspected.orientation == orientation)
        #expect((inspected.header.width, inspected.header.height) == (stored.width, stored.height))
        #expect((inspected.orientedWidth, inspected.orientedHeight) == (48, 32))
        for derivative in [inspected.thumbnail, inspected.preview] {
            #expect((derivative.width, derivative.height) == (48, 32))
            let image = try ImageDecoder.decode(derivative.bytes.span)
            for (x, y) in [(8, 8), (40, 8), (8, 24), (40, 24)] {
                for channel in 0..<3 {
                    let index = (y * 48 + x) * 3 + channel
                    #expect(abs(Int(image.bytes[index]) - Int(Self.seen.bytes[index])) < 24, "at \(x), \(y)")
                }
            }
        }
    }

    static func tiff(_ orientation: Orientation) -> [UInt8] {
        [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation.rawValue), 0, 0, 0, 0, 0, 0]
    }

    /// The encoded picture with an EXIF block put in by hand.
    static func file(_ image: PixelImage, _ format: ImageFormat, _ orientation: Orientation) throws -> [UInt8] {
        let tiff = tiff(orientation)
        switch format {
        case .png:
            let file = try ImageEncoder.png(image)
            let chunk = Array("eXIf".utf8) + tiff
            return insert(bigEndian(tiff.count) + chunk + bigEndian(Int(crc32(chunk))), at: 33, in: file)
        case .jpeg:
            let file = try ImageEncoder.jpeg(image, JPEGSettings(quality: 95))
            let body = Array("Exif".utf8) + [0, 0] + tiff
            return insert([0xFF, 0xE1] + bigEndian(body.count + 2).suffix(2) + body, at: 2, in: file)
        case .webp:
            return try webp(image, flags: 0x08, after: webpChunk("EXIF", tiff))
        }
    }

    private static func insert(_ part: [UInt8], at index: Int, in file: [UInt8]) -> [UInt8] {
        Array(file[..<index]) + part + Array(file[index...])
    }

    private static func bigEndian(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
