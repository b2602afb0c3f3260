import ImageCodecs
import Testing

/// The carriers by C2PA 2.4, annex A.3, counted by hand.
@Suite("The place of Content Credentials")
struct CredentialsPlaceTests {
    private static let store = Array("a manifest store".utf8)

    private static func place(_ file: [UInt8]) -> CredentialsPlace? { CredentialsPlace(in: file.span) }

    /// The bytes of the store, as the ranges give them.
    private static func stored(_ place: CredentialsPlace?, _ file: [UInt8]) -> [UInt8] {
        (place?.payloads ?? []).flatMap { file[$0] }
    }

    // MARK: PNG

    @Test func theChunkOfAPNGIsFoundWithItsFrame() throws {
        var builder = PNGBuilder.rgb()
        builder.chunksBeforeData = PNGBuilder.chunk("caBX", Self.store)
        let file = builder.build()
        let place = try #require(Self.place(file))
        // 8 bytes of signature and 25 of IHDR; then length, name, 16 bytes and CRC.
        #expect(place.units == [33..<61])
        #expect(place.payloads == [41..<57])
        #expect(Self.stored(place, file) == Self.store)
        #expect(place.stores == 1 && !place.isDamaged)
        // The data end before IEND, which has 12 bytes.
        #expect(place.pictureData.first?.lowerBound == 61)
        #expect(place.pictureData.last?.upperBound == file.count - 12)
    }

    @Test func aWrongCRCIsDamageOfTheCredentialAlone() throws {
        var builder = PNGBuilder.rgb()
        var chunk = PNGBuilder.chunk("caBX", Self.store)
        chunk[chunk.count - 1] ^= 1
        builder.chunksBeforeData = chunk
        let place = try #require(Self.place(builder.build()))
        #expect(place.isDamaged && place.stores == 1)
        #expect(try decode(builder.build()).bytes == builder.expectedRGB)
    }

    @Test func severalStoresAreCounted() {
        var builder = PNGBuilder.rgb()
        builder.chunksBeforeData = PNGBuilder.chunk("caBX", Self.store)
        builder.chunksAfterData = PNGBuilder.chunk("caBX", [1, 2, 3])
        let place = Self.place(builder.build())
        #expect(place?.stores == 2)
        #expect(place?.units.count == 2)
    }

    @Test func aFileWithoutAStoreHasNoPlace() {
        for file in [PNGBuilder.rgb().build(), Fixture.jpegFull.file, Fixture.webpLossless.file, [], Array("caBX".utf8)] {
            #expect(Self.place(file) == nil)
        }
    }

    /// Tables that decide on the pixels count as their data.
    @Test func palettesBelongToThePicture() throws {
        var builder = PNGDecodingTests.builder(.init(colourType: 3, depth: 4, isInterlaced: false, width: 9, height: 7))
        builder.chunksBeforeData += PNGBuilder.chunk("caBX", Self.store)
        let file = builder.build()
        let place = try #require(Self.place(file))
        let names = place.pictureData.map { String(decoding: file[$0.lowerBound + 4..<$0.lowerBound + 8], as: UTF8.self) }
        #expect(names.contains("PLTE") && names.contains("IDAT"))
    }

    /// The attack that the exclusion of a data hash allows: the freed bytes of the store's padding hold an IDAT of another picture. The
    /// walk that finds the store also sees the hidden chunk, and the decoder refuses the file.
    @Test func anImageHiddenInThePaddingIsSeenAndRefused() throws {
        let builder = PNGBuilder.rgb()
        let real = PNGBuilder.zlib(builder.scanlines())
        let forged = PNGBuilder.zlib(builder.scanlines().map { $0 == 0 ? 0 : $0 ^ 0x55 })
        let padded = PNGBuilder.chunk("caBX", Self.store + [UInt8](repeating: 0, count: 4096))
        let hidden = PNGBuilder.chunk("IDAT", forged)
        let shrunk = PNGBuilder.chunk("caBX", Self.store + [UInt8](repeating: 0, count: 4096 - hidden.count))
        #expect(shrunk.count + hidden.count == padded.count)
        let rest = PNGBuilder.chunk("IDAT", real)
        let whole = PNGDamageTests.file(builder, chunks: padded + rest)
        let forgery = PNGDamageTests.file(builder, chunks: shrunk + hidden + rest)
        #expect(forgery.count == whole.count)
        #expect(try decode(whole).bytes == builder.expectedRGB)
        #expect(code { try decode(forgery) } == .damaged)
        let place = try #require(Self.place(forgery))
        let exclusion = try #require(Self.place(whole)).units[0]
        #expect(place.pictureData.contains { $0.overlaps(exclusion) })
        // Another chunk between the two pictures hides nothing either.
        let between = PNGDamageTests.file(
            builder, chunks: PNGBuilder.chunk("caBX", Self.store) + hidden + PNGBuilder.chunk("tEXt", [65, 0, 66]) + rest)
        #expect(code { try decode(between) } == .damaged)
    }

    // MARK: JPEG

    /// A box of JUMBF in segments of APP11, each with a part of its content (ISO/IEC 18477-3, annex B).
    private static func segments(_ content: [UInt8], parts: [Int], instance: UInt8 = 1, numbers: [Int]? = nil) -> [[UInt8]] {
        let header = PNGBuilder.bigEndian(content.count + 8) + Array("jumb".utf8)
        var (rest, segments) = (content[...], [[UInt8]]())
        for (index, count) in parts.enumerated() {
            let body =
                Array("JP".utf8) + [0, instance] + PNGBuilder.bigEndian(numbers?[index] ?? index + 1) + header
                + rest.prefix(count)
            rest = rest.dropFirst(count)
            segments.append([0xFF, 0xEB] + PNGBuilder.bigEndian(body.count + 2).suffix(2) + body)
        }
        return segments
    }

    /// The start of a manifest store's content: its description with the type of C2PA.
    private static func content(type: String = "c2pa") -> [UInt8] {
        PNGBuilder.bigEndian(25) + Array("jumd".utf8) + Array(type.utf8) + [UInt8](repeating: 0x11, count: 13)
            + [UInt8](0..<60)
    }

    private static func jpeg(_ segments: [[UInt8]]) -> [UInt8] {
        Array(Fixture.jpegFull.file.prefix(2)) + segments.flatMap { $0 } + Fixture.jpegFull.file.dropFirst(2)
    }

    @Test func theSegmentsOfAJPEGAreJoined() throws {
        let content = Self.content()
        let segments = Self.segments(content, parts: [40, 30, content.count - 70])
        let file = Self.jpeg(segments)
        let place = try #require(Self.place(file))
        #expect(place.stores == 1 && !place.isDamaged)
        #expect(place.units.count == 3 && place.units[0].lowerBound == 2)
        #expect(place.units.map(\.count) == segments.map(\.count))
        #expect(Self.stored(place, file) == PNGBuilder.bigEndian(content.count + 8) + Array("jumb".utf8) + content)
        #expect(place.pictureData.last?.upperBound == file.count)
        #expect(place.pictureData.allSatisfy { data in !place.units.contains { $0.overlaps(data) } })
    }

    @Test func foreignBoxesOfAJPEGAreLeftOut() {
        let other = Self.segments(Self.content(type: "json"), parts: [40, 45], instance: 2)
        #expect(Self.place(Self.jpeg(other)) == nil)
        let own = Self.segments(Self.content(), parts: [85])
        #expect(Self.place(Self.jpeg(other + own))?.units.count == 1)
        let two = own + Self.segments(Self.content(), parts: [85], instance: 3)
        #expect(Self.place(Self.jpeg(two))?.stores == 2)
    }

    @Test func missingSegmentsAreDamage() {
        let parts = Self.segments(Self.content(), parts: [30, 30, 25])
        #expect(Self.place(Self.jpeg([parts[0], parts[2]]))?.isDamaged == true)
        #expect(Self.place(Self.jpeg([parts[0], parts[2], parts[1]]))?.isDamaged == true)
        #expect(Self.place(Self.jpeg(parts))?.isDamaged == false)
    }

    // MARK: WebP

    @Test func theChunkOfAWebPIsFoundWithItsPadding() throws {
        for count in [15, 16] {
            let store = Array(Self.store.prefix(count))
            var file = Fixture.webpLossless.file
            let start = file.count
            let size = [UInt8(count), 0, 0, 0]
            file += Array("C2PA".utf8) + size + store + (count % 2 == 1 ? [0] : [])
            let total = file.count - 8
            for byte in 0..<4 { file[4 + byte] = UInt8(truncatingIfNeeded: total >> (8 * byte)) }
            let place = try #require(Self.place(file))
            #expect(place.units == [start..<start + 24])
            #expect(Self.stored(place, file) == store)
            #expect(place.pictureData.count == 1)
        }
    }

    // MARK: Hostile files

    @Test func anyCutAndAnyChangedByteIsSurvived() {
        var builder = PNGBuilder.rgb()
        builder.chunksBeforeData = PNGBuilder.chunk("caBX", Self.store)
        for file in [builder.build(), Self.jpeg(Self.segments(Self.content(), parts: [40, 45]))] {
            for index in file.indices {
                var changed = file
                changed[index] ^= 0xFF
                for bytes in [changed, Array(file.prefix(index))] {
                    guard let place = Self.place(bytes) else { continue }
                    for range in place.units + place.payloads + place.pictureData {
                        #expect(0 <= range.lowerBound && range.upperBound <= bytes.count)
                    }
                }
            }
        }
    }
}
