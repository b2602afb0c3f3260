// PNG, third edition (W3C), section 11.3; caBX as in the C2PA specification.
extension MetadataReader {
    static func readPNG(_ bytes: Span<UInt8>, into metadata: inout ImageMetadata) -> [UInt8]? {
        var profile: [UInt8]?
        var chunks = PNGChunks()
        while let chunk = chunks.next(in: bytes) {
            switch chunk.name {
            case "tEXt", "zTXt", "iTXt": readText(bytes, chunk, into: &metadata)
            case "eXIf": metadata.addExif(bytes.copy(chunk.body), from: chunk.name)
            case "iCCP" where profile == nil: profile = readProfile(bytes, chunk, into: &metadata)
            case "caBX": metadata.contentCredentialsBytes = (metadata.contentCredentialsBytes ?? 0) + chunk.body.count
            case "gAMA", "cHRM", "sRGB", "cICP": readColorimetry(bytes, chunk, into: &metadata)
            default: break
            }
        }
        return profile
    }

    private static func readColorimetry(_ bytes: Span<UInt8>, _ chunk: PNGChunks.Chunk, into metadata: inout ImageMetadata) {
        var colorimetry = metadata.colorimetry ?? ImageMetadata.Colorimetry()
        let start = chunk.body.lowerBound
        switch (chunk.name, chunk.body.count) {
        case ("gAMA", 4): colorimetry.gamma = bytes.bigEndian(4, at: start)
        case ("cHRM", 32): colorimetry.hasChromaticities = true
        case ("sRGB", 1): colorimetry.sRGBIntent = bytes.byte(at: start)
        case ("cICP", 4): colorimetry.codePoints = bytes.copy(chunk.body).map(Int.init)
        default: return metadata.couldNotRead(chunk.name)
        }
        metadata.colorimetry = colorimetry
    }

    private static func readText(_ bytes: Span<UInt8>, _ chunk: PNGChunks.Chunk, into metadata: inout ImageMetadata) {
        let keywordLimit = chunk.body.lowerBound..<min(chunk.body.upperBound, chunk.body.lowerBound + 80)
        guard let end = bytes.firstIndex(of: 0, in: keywordLimit), end > chunk.body.lowerBound,
            let content = textContent(bytes, chunk, after: end)
        else { return metadata.couldNotRead(chunk.name) }
        let keyword = MetadataText.latin1(bytes.copy(chunk.body.lowerBound..<end))
        let isCut = content.isCut || content.bytes.count > MetadataText.maxBytes
        if keyword == "XML:com.adobe.xmp" {
            metadata.xmp = ImageMetadata.Text(keyword: "XMP", value: MetadataText.utf8(content.bytes), isCut: isCut)
        } else {
            let value = chunk.name == "iTXt" ? MetadataText.utf8(content.bytes) : MetadataText.latin1(content.bytes)
            metadata.add(keyword, value, isCut: isCut)
        }
    }

    /// The bytes of the text, inflated where the chunk says so.
    private static func textContent(
        _ bytes: Span<UInt8>, _ chunk: PNGChunks.Chunk, after keywordEnd: Int
    ) -> (bytes: [UInt8], isCut: Bool)? {
        var start = keywordEnd + 1
        var isCompressed = false
        switch chunk.name {
        case "zTXt":
            guard start < chunk.body.upperBound, bytes[start] == 0 else { return nil }
            isCompressed = true
            start += 1
        case "iTXt":
            guard start + 2 <= chunk.body.upperBound, bytes[start] <= 1, bytes[start + 1] == 0 else { return nil }
            isCompressed = bytes[start] == 1
            guard let language = bytes.firstIndex(of: 0, in: start + 2..<chunk.body.upperBound),
                let translation = bytes.firstIndex(of: 0, in: language + 1..<chunk.body.upperBound)
            else { return nil }
            start = translation + 1
        default:
            break
        }
        if isCompressed {
            return MetadataText.inflated(bytes.copy(start..<chunk.body.upperBound), limit: MetadataText.maxBytes)
        }
        let end = min(chunk.body.upperBound, start + MetadataText.maxBytes)
        return (bytes.copy(start..<end), end < chunk.body.upperBound)
    }

    private static func readProfile(
        _ bytes: Span<UInt8>, _ chunk: PNGChunks.Chunk, into metadata: inout ImageMetadata
    ) -> [UInt8]? {
        let nameLimit = chunk.body.lowerBound..<min(chunk.body.upperBound, chunk.body.lowerBound + 80)
        guard let end = bytes.firstIndex(of: 0, in: nameLimit), end + 1 < chunk.body.upperBound, bytes[end + 1] == 0,
            let (profile, isCut) = inflatedProfile(bytes.copy(end + 2..<chunk.body.upperBound)), !isCut
        else {
            metadata.couldNotRead(chunk.name)
            return nil
        }
        metadata.profile = ImageMetadata.Profile(icc: profile)
        metadata.profile?.name = MetadataText.latin1(bytes.copy(chunk.body.lowerBound..<end))
        return profile
    }

    // A profile states its size in its first four bytes, so no more than that is ever set aside for it.
    private static func inflatedProfile(_ compressed: [UInt8]) -> (bytes: [UInt8], isCut: Bool)? {
        guard let start = MetadataText.inflated(compressed, limit: 128), let size = start.bytes.span.bigEndian(4, at: 0),
            128...maxProfileBytes ~= size
        else { return nil }
        return MetadataText.inflated(compressed, limit: size)
    }
}
