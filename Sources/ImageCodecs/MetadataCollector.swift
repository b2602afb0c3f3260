/// Collects the metadata of one file, and stops at the first exceeded limit.
struct MetadataCollector {
    /// At most this many bytes of an EXIF block or XMP packet are read.
    static let maxBlockBytes = 1024 * 1024

    var metadata = ImageMetadata()
    /// The complete ICC profile.
    var profile: [UInt8]?
    /// The first exceeded limit. Reading stops there.
    private(set) var violation: CodecError?
    let limits: ImageLimits
    private let format: ImageFormat?
    private var ancillaryBytes = 0
    private var inflatedBytes = 0

    init(_ format: ImageFormat?, _ limits: ImageLimits) {
        self.format = format
        self.limits = limits
    }

    /// Adds a chunk or segment to the byte count; false if the total now exceeds the limit.
    mutating func accept(ancillary count: Int) -> Bool {
        ancillaryBytes += count
        if ancillaryBytes <= limits.maxAncillaryBytes { return true }
        refuse(.ancillaryBytes, "more than \(limits.maxAncillaryBytes) bytes of metadata")
        return false
    }

    /// Returns false for a profile larger than the limit.
    mutating func accept(profile count: Int) -> Bool {
        if count <= limits.maxProfileBytes { return true }
        refuse(.profileBytes, "an ICC profile of \(count) bytes, above the limit of \(limits.maxProfileBytes)")
        return false
    }

    /// The first `keeping` bytes of a zlib stream, and its total inflated size. The total counts against the limit.
    mutating func inflate(_ bytes: [UInt8], keeping: Int) -> (bytes: [UInt8], total: Int)? {
        let budget = limits.maxInflatedBytes - inflatedBytes
        let inflated = MetadataText.inflated(bytes, keeping: min(keeping, budget + 1), budget: budget)
        inflatedBytes += inflated.total
        if inflated.total <= budget { return inflated.isSound ? (inflated.bytes, inflated.total) : nil }
        refuse(.inflatedBytes, "compressed metadata inflate to more than \(limits.maxInflatedBytes) bytes")
        return nil
    }

    private mutating func refuse(_ limit: ImageLimits.Kind, _ detail: String) {
        guard violation == nil else { return }
        violation = CodecError(.limitExceeded, format, detail, limit: limit)
        metadata.couldNotRead(detail)
    }

    mutating func add(_ keyword: String, _ text: (value: String, isCut: Bool)) {
        guard metadata.texts.count < MetadataText.maxCount else {
            return metadata.couldNotRead("more than \(MetadataText.maxCount) texts")
        }
        metadata.texts.append(ImageMetadata.Text(keyword: keyword, value: text.value, isCut: text.isCut))
    }

    mutating func addExif(_ bytes: [UInt8], from chunk: String) {
        guard metadata.exif == nil else { return }
        metadata.exif = ExifFields(tiff: bytes)
        if metadata.exif == nil { metadata.couldNotRead(chunk) }
    }

    /// Stores the first packet of the file; later ones are ignored.
    ///
    /// - Parameter packet: At most ``maxBlockBytes`` bytes.
    mutating func addXMP(_ packet: [UInt8], isCut: Bool) {
        guard metadata.xmp == nil else { return }
        let text = MetadataText.boundedUTF8(packet)
        metadata.xmp = ImageMetadata.Text(keyword: "XMP", value: text.value, isCut: text.isCut || isCut)
        if let uri = DigitalSourceType.find(inXMP: packet) {
            metadata.digitalSourceType = DigitalSourceType(uri: uri, origin: .xmp)
        }
    }

    /// Records that the Content Credentials cannot be valid, and why.
    mutating func damageContentCredentials(_ count: Int, _ reason: String) {
        metadata.contentCredentialsBytes = (metadata.contentCredentialsBytes ?? 0) + count
        guard metadata.contentCredentialsDamage == nil else { return }
        metadata.contentCredentialsDamage = reason
        metadata.contradictions.append("the Content Credentials are damaged: \(reason)")
    }

    /// Reads a manifest store in one piece: the body of a PNG or WebP chunk. Its box states its own length (JUMBF, ISO 19566-5,
    /// 4.3).
    mutating func addManifestStore(_ bytes: Span<UInt8>, _ body: Range<Int>) {
        let stated = bytes.bigEndian(4, at: body.lowerBound) ?? 0
        if bytes.matches("jumb", at: body.lowerBound + 4), stated > body.count {
            return damageContentCredentials(body.count, "\(body.count) bytes of \(stated)")
        }
        addContentCredentials(body.count)
    }

    mutating func addContentCredentials(_ count: Int) {
        metadata.contentCredentialsBytes = (metadata.contentCredentialsBytes ?? 0) + count
    }
}

extension ImageMetadata {
    mutating func couldNotRead(_ name: String) {
        if !unreadable.contains(name) && unreadable.count < MetadataText.maxCount { unreadable.append(name) }
    }
}
