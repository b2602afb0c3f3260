import CPixelKernels
import Foundation
import ImageCodecs
import Imaging
import Testing

@Suite("Resizing")
struct ResizingTests {
    @Test(arguments: [
        (1254, 1254, 512, 512, 512), (3840, 2160, 512, 512, 288), (2160, 3840, 1280, 720, 1280), (1672, 941, 512, 512, 288),
        (1122, 1402, 512, 410, 512), (512, 512, 512, 512, 512), (300, 200, 512, 300, 200), (1, 1, 512, 1, 1),
        (16_384, 1, 512, 512, 1), (3, 16_000, 1280, 1, 1280),
    ])
    func theLongSideFitsAndNothingIsEnlarged(_ width: Int, _ height: Int, _ side: Int, _ toWidth: Int, _ toHeight: Int) {
        let size = ImageResizer.fitted(width: width, height: height, side: side)
        #expect((size.width, size.height) == (toWidth, toHeight))
    }

    @Test(arguments: [(64, 64, 17, 17), (100, 7, 13, 7), (7, 100, 7, 13), (16, 16, 40, 40), (5, 5, 1, 1), (1, 1, 9, 9)])
    func aConstantPictureStaysConstantAtEveryLevel(_ width: Int, _ height: Int, _ toWidth: Int, _ toHeight: Int) {
        for level in 0...255 {
            let pixel = [UInt8(level), UInt8(255 - level), UInt8(level / 2), 255]
            let bytes = [UInt8](repeatElement(pixel, count: width * height).joined())
            let image = PixelImage(width: width, height: height, channels: 4, bytes: bytes)
            let resized = ImageResizer.resize(image, width: toWidth, height: toHeight)
            #expect(resized.bytes == [UInt8](repeatElement(pixel, count: toWidth * toHeight).joined()), "level \(level)")
        }
    }

    @Test(arguments: [(64, 64, 17, 17), (100, 7, 13, 7), (40, 33, 39, 32), (5, 5, 1, 1), (300, 2, 9, 1)])
    func aConstantOpaquePictureStaysConstantAtEveryLevel(_ width: Int, _ height: Int, _ toWidth: Int, _ toHeight: Int) {
        for level in 0...255 {
            let pixel = [UInt8(level), UInt8(255 - level), UInt8(level / 2)]
            let bytes = [UInt8](repeatElement(pixel, count: width * height).joined())
            let image = PixelImage(width: width, height: height, channels: 3, bytes: bytes)
            let resized = ImageResizer.resize(image, width: toWidth, height: toHeight)
            #expect(resized.bytes == [UInt8](repeatElement(pixel, count: toWidth * toHeight).joined()), "level \(level)")
        }
    }

    /// Opaque pictures are resized in integers, those with alpha in floats.
    @Test(arguments: [(333, 211, 100, 63), (97, 55, 96, 54), (260, 190, 64, 47), (120, 90, 5, 4)])
    func integerAndFloatResultsDifferByAtMostOneLevel(_ width: Int, _ height: Int, _ toWidth: Int, _ toHeight: Int) {
        func value(_ x: Int, _ y: Int) -> [Int] {
            [(x * 37 + y * 11) % 256, (x * x + y * y) % 256 / 8, (x / 7 + y / 5) % 2 * 255]
        }
        let opaque = ImageResizer.resize(picture(width, height, value), width: toWidth, height: toHeight)
        let withAlpha = ImageResizer.resize(
            picture(width, height) { x, y in value(x, y) + [255] }, width: toWidth, height: toHeight)
        for pixel in 0..<toWidth * toHeight {
            for channel in 0..<3 {
                let difference = Int(opaque.bytes[pixel * 3 + channel]) - Int(withAlpha.bytes[pixel * 4 + channel])
                #expect(abs(difference) <= 1, "pixel \(pixel)")
            }
        }
    }

    @Test func resizingToTheSameSizeChangesNothing() {
        let image = picture(31, 17) { x, y in [x * 8, y * 15, x ^ y, x * y] }
        #expect(ImageResizer.resize(image, width: 31, height: 17) == image)
    }

    /// Half the light of white is level 188 in sRGB; a resizer that works on encoded values gives 128.
    @Test func aFineCheckerboardKeepsItsLight() {
        let image = picture(256, 256) { x, y in [Int](repeating: (x + y) % 2 * 255, count: 3) }
        let small = ImageResizer.resize(image, width: 32, height: 32)
        for y in 4..<28 {
            for x in 4..<28 { #expect(abs(Int(small.bytes[(y * 32 + x) * 3]) - 188) <= 1) }
        }
    }

    @Test func theMeanLightIsPreserved() {
        let image = picture(200, 150) { x, y in [(x * 5 + y * 3) % 256, (x * y) % 200, 40 + (x / 9 * 31 + y / 7 * 17) % 180] }
        let small = ImageResizer.resize(image, width: 50, height: 37)
        for channel in 0..<3 {
            let before = meanLight(image, channel)
            let after = meanLight(small, channel)
            #expect(abs(before - after) < 0.01 * before + 0.002)
        }
    }

    private func meanLight(_ image: PixelImage, _ channel: Int) -> Double {
        let lights = stride(from: channel, to: image.bytes.count, by: image.channels).map { SRGB.light(image.bytes[$0]) }
        return lights.reduce(0, +) / Double(lights.count)
    }

    /// The definition, in doubles, one output at a time: no ring, no windows, no tables.
    @Test(arguments: [(40, 30, 13, 9), (33, 50, 32, 49), (21, 21, 5, 17), (9, 9, 20, 14)])
    func theResultMatchesTheDefinition(_ width: Int, _ height: Int, _ toWidth: Int, _ toHeight: Int) {
        let image = picture(width, height) { x, y in
            [(x * 37 + y * 11) % 256, (x * x + y * y) % 256, 128 + (x * 5 - y * 3) % 100]
        }
        let result = ImageResizer.resize(image, width: toWidth, height: toHeight)
        for y in 0..<toHeight {
            for x in 0..<toWidth {
                for channel in 0..<3 {
                    let light = defined(
                        image, channel, (Double(x) + 0.5) / Double(toWidth), (Double(y) + 0.5) / Double(toHeight),
                        Double(width) / Double(toWidth), Double(height) / Double(toHeight))
                    let expected = SRGB.level(min(max(light, 0), 1))
                    let found = Double(result.bytes[(y * toWidth + x) * 3 + channel])
                    #expect(abs(found - expected) < 0.6, "\(x), \(y), channel \(channel)")
                }
            }
        }
    }

    private func defined(
        _ image: PixelImage, _ channel: Int, _ u: Double, _ v: Double, _ scaleX: Double, _ scaleY: Double
    ) -> Double {
        func kernel(_ x: Double) -> Double {
            if abs(x) < 1e-9 { return 1 }
            return abs(x) < 3 ? sin(.pi * x) / (.pi * x) * sin(.pi * x / 3) / (.pi * x / 3) : 0
        }
        func weights(_ centre: Double, _ count: Int, _ scale: Double) -> [Double] {
            let raw = (0..<count).map { kernel((Double($0) + 0.5 - centre) / max(scale, 1)) }
            let sum = raw.reduce(0, +)
            return raw.map { $0 / sum }
        }
        let across = weights(u * Double(image.width), image.width, scaleX)
        let down = weights(v * Double(image.height), image.height, scaleY)
        var sum = 0.0
        for y in 0..<image.height where down[y] != 0 {
            for x in 0..<image.width where across[x] != 0 {
                sum += down[y] * across[x] * SRGB.light(image.bytes[(y * image.width + x) * 3 + channel])
            }
        }
        return sum
    }

    /// Pillow 9.4, `Image.resize` with LANCZOS on planes of linear floats, encoded again afterwards.
    static let pillow: [Int] = [
        109, 13, 141, 169, 33, 161, 142, 100, 180, 145, 181, 207, 160, 116, 200, 135, 164, 138, 168, 145, 165, 142, 136, 182, 149,
        130, 211, 157, 161, 192, 136, 164, 137,
        152, 19, 154, 150, 36, 174, 164, 151, 196, 140, 181, 214, 162, 125, 154, 139, 166, 152, 151, 156, 177, 157, 148, 199, 138,
        155, 212, 172, 146, 148, 120, 154, 156,
        175, 133, 168, 130, 165, 186, 162, 194, 215, 142, 113, 180, 156, 166, 139, 158, 143, 172, 134, 148, 189, 168, 155, 216,
        138, 154, 171, 155, 148, 143, 145, 156, 174,
        172, 163, 179, 145, 162, 205, 153, 118, 204, 156, 152, 139, 132, 139, 163, 165, 149, 181, 139, 150, 209, 158, 149, 197,
        158, 144, 137, 141, 147, 166, 174, 148, 185,
        138, 133, 194, 159, 144, 215, 136, 166, 157, 165, 143, 150, 141, 158, 176, 161, 161, 198, 155, 149, 213, 137, 145, 149,
        163, 151, 154, 134, 152, 179, 173, 162, 198,
        118, 158, 214, 165, 161, 184, 139, 139, 139, 156, 148, 171, 155, 150, 188, 137, 158, 215, 168, 152, 175, 141, 151, 142,
        158, 155, 173, 150, 149, 192, 138, 147, 213,
        140, 135, 205, 154, 151, 143, 158, 161, 161, 143, 151, 181, 166, 151, 206, 138, 147, 200, 151, 158, 138, 152, 143, 165,
        142, 146, 183, 167, 151, 208, 120, 145, 198,
    ]

    @Test func theResultMatchesPillow() {
        let image = picture(45, 31) { x, y in [(x * 37 + y * 11) % 256, (x * x + y * y) % 256, 128 + (x * 5 + y * 3) % 100] }
        let result = ImageResizer.resize(image, width: 11, height: 7)
        let worst = zip(result.bytes, Self.pillow).map { abs(Int($0) - $1) }.max()
        #expect(result.bytes.count == Self.pillow.count)
        #expect((worst ?? 255) <= 1)
    }

    /// The colour of transparent pixels is not seen, whatever it is.
    @Test(arguments: [[0, 0, 0, 0], [0, 255, 0, 0]])
    func aTransparentSurroundingLeavesNoFringe(_ surrounding: [Int]) {
        let image = picture(120, 120) { x, y in
            (40..<80).contains(x) && (37..<83).contains(y) ? [250, 240, 230, 255] : surrounding
        }
        let small = ImageResizer.resize(image, width: 33, height: 33)
        var edges = 0
        for start in stride(from: 0, to: small.bytes.count, by: 4) where small.bytes[start + 3] > 8 {
            if small.bytes[start + 3] < 250 { edges += 1 }
            #expect(abs(Int(small.bytes[start]) - 250) <= 2)
            #expect(abs(Int(small.bytes[start + 1]) - 240) <= 2)
            #expect(abs(Int(small.bytes[start + 2]) - 230) <= 2)
        }
        #expect(edges > 20)
    }

    @Test(arguments: [3, 4])
    func everyProcessorGivesTheSameBytes(_ channels: Int) {
        let image = picture(333, 211) { x, y in
            [(x * 37 + y * 11) % 256, (x * x + y * y) % 256, x ^ y, 255 - x % 200].prefix(channels).map { $0 }
        }
        let sizes = [(100, 63), (33, 21), (332, 210)]
        fixative_kernel_use_avx2(0)
        let portable = sizes.map { ImageResizer.resize(image, width: $0.0, height: $0.1) }
        fixative_kernel_use_avx2(1)
        #expect(sizes.map { ImageResizer.resize(image, width: $0.0, height: $0.1) } == portable)
    }
}
