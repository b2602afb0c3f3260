import Foundation
import ImageCodecs
import Imaging
import Testing

/// Expected values: the definitions in double precision by a program of their own (matrices from the primaries, Bradford
/// adaptation, and the curves of H.273, BT.2100, ST 2084 and IEC 61966-2-1).
@Suite("Colour information of a picture")
struct ColourReadingTests {
    static func inspect(_ file: [UInt8]) throws -> (colour: [Int], picture: InspectedPicture) {
        let picture = try PictureInspector.inspect(file.span)
        let colour = picture.averageColour
        return ([Int(colour.red), Int(colour.green), Int(colour.blue)], picture)
    }

    static func isNear(_ found: [Int], _ expected: [Int], _ tolerance: Int = 1) -> Bool {
        zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance }
    }

    static func cICP(_ codes: [UInt8]) -> [UInt8] { HandMade.chunk("cICP", codes) }
    static func gAMA(_ value: Int) -> [UInt8] { HandMade.chunk("gAMA", HandMade.bigEndian(value)) }
    static func cHRM(_ values: [Int]) -> [UInt8] { HandMade.chunk("cHRM", values.flatMap { HandMade.bigEndian($0) }) }
    static let adobePrimaries = [31_270, 32_900, 64_000, 33_000, 21_000, 71_000, 15_000, 6_000]

    @Test(
        arguments: [
            ([1, 13, 0, 1], [200, 100, 50], [200, 100, 50]), ([12, 13, 0, 1], [200, 100, 50], [215, 93, 31]),
            ([12, 13, 0, 1], [60, 140, 90], [0, 142, 85]), ([9, 1, 0, 1], [128, 128, 128], [140, 140, 140]),
            ([9, 14, 0, 1], [200, 100, 50], [246, 94, 50]), ([9, 14, 0, 1], [60, 140, 90], [0, 158, 98]),
            ([9, 16, 0, 1], [128, 128, 128], [181, 181, 181]), ([9, 16, 0, 1], [148, 148, 148], [244, 244, 244]),
            ([9, 16, 0, 1], [60, 140, 90], [0, 235, 49]), ([9, 18, 0, 1], [128, 128, 128], [137, 137, 137]),
            ([9, 18, 0, 1], [191, 191, 191], [244, 244, 244]), ([9, 18, 0, 1], [60, 140, 90], [0, 161, 84]),
            ([11, 17, 0, 1], [200, 100, 50], [212, 78, 0]), ([1, 8, 0, 1], [200, 100, 50], [229, 168, 122]),
            ([1, 13, 0, 0], [200, 100, 50], [214, 98, 40]), ([1, 13, 0, 0], [235, 16, 255], [255, 0, 255]),
        ] as [([UInt8], [Int], [Int])])
    func codePointsAreApplied(_ codes: [UInt8], _ pixel: [Int], _ expected: [Int]) throws {
        let found = try Self.inspect(HandMade.png(type: 2, pixel: pixel, chunks: Self.cICP(codes)))
        #expect(Self.isNear(found.colour, expected, 2), "\(found.colour)")
        #expect(found.picture.colourOrigin == .codePoints)
        #expect(found.picture.notes.isEmpty)
    }

    @Test(arguments: [[2, 13, 0, 1], [9, 2, 0, 1], [1, 13, 1, 1], [1, 13, 0, 2], [10, 8, 0, 1], [1, 9, 0, 1]] as [[UInt8]])
    func unknownCodePointsAreIgnoredAndNoted(_ codes: [UInt8]) throws {
        let found = try Self.inspect(HandMade.png(type: 2, pixel: [200, 100, 50], chunks: Self.cICP(codes)))
        #expect(found.colour == [200, 100, 50])
        #expect(found.picture.colourOrigin == .untagged)
        #expect(
            found.picture.notes == ["cICP \(codes.map(String.init).joined(separator: "/")) is not supported and was ignored"])
    }

    @Test func gammaAndPrimariesAreApplied() throws {
        let pixel = [200, 100, 50]
        let linear = try Self.inspect(HandMade.png(type: 2, pixel: pixel, chunks: Self.gAMA(100_000)))
        #expect(Self.isNear(linear.colour, [229, 168, 122]))
        #expect(linear.picture.colourOrigin == .gamma)
        let older = try Self.inspect(HandMade.png(type: 2, pixel: pixel, chunks: Self.gAMA(55_556)))
        #expect(Self.isNear(older.colour, [210, 119, 65]))
        let adobe = try Self.inspect(
            HandMade.png(type: 2, pixel: pixel, chunks: Self.gAMA(45_455) + Self.cHRM(Self.adobePrimaries)))
        #expect(Self.isNear(adobe.colour, [227, 100, 42], 2))
        let usual = try Self.inspect(HandMade.png(type: 2, pixel: pixel, chunks: Self.gAMA(45_455)))
        #expect(usual.colour == pixel)
    }

    @Test(arguments: [
        gAMA(0), gAMA(0x7FFF_FFFF), cHRM([Int](repeating: 1, count: 8)), cHRM([Int](repeating: 0, count: 8)),
        cHRM([Int](repeating: 0x7FFF_FFFF, count: 8)), cHRM([31_270, 32_900] + [Int](repeating: 33_000, count: 6)),
    ])
    func invalidColourNumbersAreIgnoredAndNoted(_ chunk: [UInt8]) throws {
        let found = try Self.inspect(HandMade.png(type: 2, pixel: [200, 100, 50], chunks: chunk))
        #expect(found.colour == [200, 100, 50])
        #expect(found.picture.notes == ["gAMA and cHRM describe no colour space and were ignored"])
    }

    /// PNG, third edition, section 4.3.
    @Test func colourInformationHasTheSpecifiedPrecedence() throws {
        let (p3, sRGB, linear) = (HandMade.iCCP(ColourTests.displayP3), HandMade.chunk("sRGB", [0]), Self.gAMA(100_000))
        let cases: [(chunks: [UInt8], origin: ColourOrigin, expected: [Int])] = [
            (linear + sRGB + p3 + Self.cICP([9, 14, 0, 1]), .codePoints, [246, 94, 50]),
            (linear + sRGB + p3, .profile, [215, 93, 31]), (linear + sRGB, .sRGB, [200, 100, 50]),
            (linear + sRGB + HandMade.iCCP([UInt8](repeating: 7, count: 200)), .sRGB, [200, 100, 50]),
            (linear + Self.cICP([2, 2, 0, 1]), .gamma, [229, 168, 122]), ([], .untagged, [200, 100, 50]),
        ]
        for (chunks, origin, expected) in cases {
            let found = try Self.inspect(HandMade.png(type: 2, pixel: [200, 100, 50], chunks: chunks))
            #expect(found.picture.colourOrigin == origin)
            #expect(Self.isNear(found.colour, expected, 2), "\(origin): \(found.colour)")
        }
    }

    /// Light 55/255 is level 128.05 in sRGB, and 100/65535 is level 5; at 8 bits the latter would have become black.
    @Test func greyProfilesAndDeepSamplesKeepTheirLight() throws {
        let chunk = HandMade.iCCP(HandMade.linearGrey)
        let files = [
            HandMade.png(type: 0, pixel: [55], chunks: chunk), HandMade.png(type: 4, pixel: [55, 255], chunks: chunk),
            HandMade.png(type: 0, depth: 16, pixel: [55 * 257], chunks: chunk),
            HandMade.jpeg([55], segments: HandMade.iccSegment(HandMade.linearGrey)),
            HandMade.png(type: 0, pixel: [55], chunks: Self.gAMA(100_000)),
        ]
        for file in files { #expect(Self.isNear(try Self.inspect(file).colour, [128, 128, 128])) }
        for (type, pixel) in [(0, [100]), (2, [100, 100, 100]), (6, [100, 100, 100, 0xFFFF])] {
            let file = HandMade.png(type: type, depth: 16, pixel: pixel, chunks: Self.gAMA(100_000))
            #expect(try Self.inspect(file).colour == [5, 5, 5])
        }
    }

    @Test(arguments: [8, 16])
    func alphaPassesThroughADeepConversion(_ depth: Int) throws {
        let full = (1 << depth) - 1
        let file = HandMade.png(type: 4, depth: depth, pixel: [full, full * 2 / 5], chunks: Self.gAMA(100_000))
        let picture = try PictureInspector.inspect(file.span)
        #expect(!picture.isOpaque)
        #expect(try ImageDecoder.decode(picture.thumbnail.bytes.span).bytes.prefix(4).elementsEqual([255, 255, 255, 102]))
    }

    /// CIELAB of the corners, by hand to sRGB: paper, cyan (60, -20, -40), magenta (50, 60, 0), all colours L* 20, black.
    @Test(arguments: [
        ([0, 0, 0, 0], [255, 255, 255]), ([255, 0, 0, 0], [0, 157, 215]), ([0, 255, 0, 0], [205, 62, 121]),
        ([255, 255, 255, 0], [48, 48, 48]), ([0, 0, 0, 255], [0, 0, 0]),
    ])
    func cmykIsConvertedByItsProfile(_ inks: [Int], _ expected: [Int]) throws {
        let segments = HandMade.iccSegment(HandMade.inks)
        // The plain file stores the ink, Adobe's stores what it leaves of the light.
        for file in [
            HandMade.jpeg(inks, segments: segments), HandMade.jpeg(inks.map { 255 - $0 }, adobe: 0, segments: segments),
        ] {
            let found = try Self.inspect(file)
            #expect(Self.isNear(found.colour, expected, 2), "\(found.colour)")
            #expect(found.picture.colourOrigin == .profile)
            #expect(found.picture.notes.isEmpty)
        }
    }

    /// T.871 gives R = G = B = Y without chroma; Adobe's YCCK is the inverse of inks, and black is stored inverted.
    @Test func ycckIsConvertedByTheCMYKProfile() throws {
        let segments = HandMade.iccSegment(HandMade.inks)
        let black = try Self.inspect(HandMade.jpeg([0, 128, 128, 0], adobe: 2, segments: segments))
        #expect(black.picture.header.colourType == .ycck)
        #expect(black.colour == [0, 0, 0])
        let colours = try Self.inspect(HandMade.jpeg([255, 128, 128, 255], adobe: 2, segments: segments))
        #expect(Self.isNear(colours.colour, [48, 48, 48], 2))
        let paper = try Self.inspect(HandMade.jpeg([0, 128, 128, 255], adobe: 2, segments: segments))
        #expect(Self.isNear(paper.colour, [255, 255, 255], 2))
    }

    /// R = 255 (1 - 51/255) (1 - 102/255) = 122.4.
    @Test func cmykWithoutAProfileIsMultipliedAndNoted() throws {
        for segments in [[], HandMade.iccSegment(ColourTests.displayP3)] {
            let found = try Self.inspect(HandMade.jpeg([51, 0, 255, 102], segments: segments))
            #expect(Self.isNear(found.colour, [122, 153, 0]))
            #expect(found.picture.colourOrigin == .untagged)
            #expect(found.picture.notes.last == "CMYK without a usable profile: shown as R = (1 - C)(1 - K)")
            #expect(found.picture.notes.count == (segments.isEmpty ? 1 : 2))
        }
    }

    /// A profile of the primaries and a curve; only with the curve of sRGB does it change nothing, whatever its name.
    @Test func onlyAnSRGBProfileChangesNothing() throws {
        func profile(_ light: (Double) -> Double) -> [UInt8] {
            func xyz(_ values: [Double]) -> [UInt8] {
                Array("XYZ ".utf8) + HandMade.bigEndian(0)
                    + values.flatMap { HandMade.bigEndian(Int(($0 * 65_536).rounded())) }
            }
            let entries = (0...1023).flatMap { HandMade.bigEndian(Int((65_535 * light(Double($0) / 1023)).rounded()), 2) }
            let curve = Array("curv".utf8) + HandMade.bigEndian(0) + HandMade.bigEndian(1024) + entries
            return HandMade.profile(
                "mntr", "RGB ", pcs: "XYZ ",
                tags: [
                    ("rXYZ", xyz([0.4360747, 0.2225045, 0.0139322])), ("gXYZ", xyz([0.3850649, 0.7168786, 0.0971045])),
                    ("bXYZ", xyz([0.1430804, 0.0606169, 0.7141733])), ("rTRC", curve), ("gTRC", curve), ("bTRC", curve),
                ])
        }
        let sRGB = profile { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
        let same = try Self.inspect(HandMade.png(type: 2, pixel: [200, 100, 50], chunks: HandMade.iCCP(sRGB)))
        #expect(same.colour == [200, 100, 50])
        #expect(same.picture.colourOrigin == .profile)
        let linear = try Self.inspect(HandMade.png(type: 2, pixel: [200, 100, 50], chunks: HandMade.iCCP(profile { $0 })))
        #expect(Self.isNear(linear.colour, [229, 168, 122]), "\(linear.colour)")
    }

    @Test func aBrokenOrMismatchedProfileIsIgnoredAndNoted() throws {
        let cases: [([UInt8], String)] = [
            (HandMade.png(type: 2, pixel: [200, 100, 50], chunks: HandMade.iCCP(HandMade.linearGrey)), "rgb"),
            (HandMade.png(type: 2, pixel: [200, 100, 50], chunks: HandMade.iCCP(HandMade.inks)), "rgb"),
            (HandMade.png(type: 0, pixel: [90], chunks: HandMade.iCCP(ColourTests.displayP3)), "grey"),
            (HandMade.jpeg([90], segments: HandMade.iccSegment(Array(HandMade.linearGrey.prefix(140)))), "grey"),
        ]
        for (file, kind) in cases {
            let found = try Self.inspect(file)
            #expect(found.colour == (kind == "grey" ? [90, 90, 90] : [200, 100, 50]))
            #expect(found.picture.notes == ["the ICC profile is broken, or not for \(kind), and was ignored"])
        }
    }

    @Test func aDamagedProfileDoesNoHarm() {
        var state: UInt64 = 7
        func random(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        for _ in 0..<100 {
            for profile in [ColourTests.displayP3, HandMade.linearGrey, HandMade.inks] {
                var changed = profile
                for _ in 0...random(4) { changed[random(min(changed.count, 400))] = UInt8(random(256)) }
                changed.removeLast(random(8) == 0 ? random(changed.count) : 0)
                let files = [
                    HandMade.jpeg([9, 9, 9, 9], segments: HandMade.iccSegment(changed)),
                    HandMade.png(type: 2, pixel: [1, 2, 3], chunks: HandMade.iCCP(changed)),
                    HandMade.png(type: 0, pixel: [1], chunks: HandMade.iCCP(changed)),
                ]
                for file in files { #expect(throws: Never.self) { try PictureInspector.inspect(file.span) } }
            }
        }
    }
}
