// PNG, third edition (W3C), section 11.3; C2PA specification for caBX.
extension MetadataCollector {
    mutating func readPNG(_ bytes: Span<UInt8>) {
        var chunks = PNGChunks()
        var (transparency, further) = (PNGTransparency(bytes), PNGFurtherChunks(bytes))
        var colourIsSettled = false
        while violation == nil, let chunk = chunks.next(in: bytes) {
            switch chunk.name {
            case "IDAT":
                colourIsSettled = true
                transparency.read(chunk)
                continue
            case "IHDR", "IEND", "fdAT":
                continue
            default:
                guard accept(ancillary: chunk.body.count) else { return }
            }
            if chunk.name != "PLTE", !chunk.isSound(in: bytes) {
                noteWrongCRC(chunk)
                continue
            }
            switch chunk.name {
            case "PLTE": colourIsSettled = true
            case "tEXt", "zTXt", "iTXt": readText(bytes, chunk)
            case "eXIf": addExif(bytes.copy(chunk.body.prefix(Self.maxBlockBytes)), from: chunk.name)
            case "caBX": addManifestStore(bytes, chunk.body)
            // Section 5.6: these must precede PLTE and IDAT. A later one is reported as unreadable.
            case "iCCP", "gAMA", "cHRM", "sRGB", "cICP":
                colourIsSettled ? metadata.couldNotRead(chunk.name) : readColour(bytes, chunk)
            default: break
            }
            if !transparency.read(chunk) || !further.makesSense(bytes, chunk) { metadata.couldNotRead(chunk.name) }
        }
        if case .senseless(let problem) = PNGAnimation(bytes) {
            metadata.contradictions.append("the animation is not valid (\(problem)): treated as a still picture")
        }
    }

    /// Leaves out a chunk with a wrong CRC. The pixels do not depend on it.
    private mutating func noteWrongCRC(_ chunk: PNGChunks.Chunk) {
        // PNGAnimation and the decoder report problems with these.
        if ["acTL", "fcTL", "tRNS"].contains(chunk.name) { return }
        metadata.couldNotRead("\(MetadataText.latin1(Array(chunk.name.utf8))), its CRC is wrong")
        if chunk.name == "caBX" { damageContentCredentials(chunk.body.count, "the CRC of their chunk is wrong") }
    }

    private mutating func readColour(_ bytes: Span<UInt8>, _ chunk: PNGChunks.Chunk) {
        if chunk.name == "iCCP" {
            if profile == nil { readProfile(bytes, chunk) }
            return
        }
        var colorimetry = metadata.colorimetry ?? ImageMetadata.Colorimetry()
        let start = chunk.body.lowerBound
        switch (chunk.name, chunk.body.count) {
        case ("gAMA", 4): colorimetry.gamma = bytes.bigEndian(4, at: start)
        case ("cHRM", 32): colorimetry.chromaticities = (0..<8).compactMap { bytes.bigEndian(4, at: start + 4 * $0) }
        case ("sRGB", 1) where bytes[start] <= 3: colorimetry.sRGBIntent = bytes.byte(at: start)
        case ("cICP", 4): colorimetry.codePoints = bytes.copy(chunk.body).map(Int.init)
        default: return metadata.couldNotRead(chunk.name)
        }
        metadata.colorimetry = colorimetry
    }

    private mutating func readText(_ bytes: Span<UInt8>, _ chunk: PNGChunks.Chunk) {
        let keywordLimit = chunk.body.lowerBound..<min(chunk.body.upperBound, chunk.body.lowerBound + 80)
        guard let end = bytes.firstIndex(of: 0, in: keywordLimit), end > chunk.body.lowerBound else {
            return metadata.couldNotRead(chunk.name)
        }
        let keyword = MetadataText.latin1(bytes.copy(chunk.body.lowerBound..<end))
        let isXMP = keyword == "XML:com.adobe.xmp"
        guard let content = textContent(bytes, chunk, after: end, keeping: isXMP ? Self.maxBlockBytes : MetadataText.maxBytes + 4)
        else { return metadata.couldNotRead(chunk.name) }
        if isXMP { return addXMP(content.bytes, isCut: content.isCut) }
        let text =
            chunk.name == "iTXt" ? MetadataText.boundedUTF8(content.bytes) : MetadataText.boundedLatin1(content.bytes)
        add(keyword, (text.value, text.isCut || content.isCut))
    }

    /// The bytes of the text, inflated if the chunk is compressed.
    private mutating func textContent(
        _ bytes: Span<UInt8>, _ chunk: PNGChunks.Chunk, after keywordEnd: Int, keeping: Int
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
            return inflate(bytes.copy(start..<chunk.body.upperBound), keeping: keeping).map {
                ($0.bytes, $0.total > $0.bytes.count)
            }
        }
        let end = min(chunk.body.upperBound, start + keeping)
        return (bytes.copy(start..<end), end < chunk.body.upperBound)
    }

    private mutating func readProfile(_ bytes: Span<UInt8>, _ chunk: PNGChunks.Chunk) {
        let nameLimit = chunk.body.lowerBound..<min(chunk.body.upperBound, chunk.body.lowerBound + 80)
        guard let end = bytes.firstIndex(of: 0, in: nameLimit), end + 1 < chunk.body.upperBound, bytes[end + 1] == 0,
            let whole = inflatedProfile(bytes.copy(end + 2..<chunk.body.upperBound))
        else { return metadata.couldNotRead(chunk.name) }
        profile = whole
        metadata.profile = ImageMetadata.Profile(icc: whole)
        metadata.profile?.name = MetadataText.latin1(bytes.copy(chunk.body.lowerBound..<end))
    }

    // A profile states its size in its first four bytes, which bounds the allocation.
    private mutating func inflatedProfile(_ compressed: [UInt8]) -> [UInt8]? {
        guard let start = MetadataText.inflatedStart(compressed, limit: 128), let size = start.span.bigEndian(4, at: 0),
            let whole = inflate(compressed, keeping: min(size, limits.maxProfileBytes)), accept(profile: whole.total),
            size >= 128, whole.bytes.count == size
        else { return nil }
        return whole.bytes
    }
}
