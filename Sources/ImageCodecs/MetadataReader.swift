/// Reads metadata in plain Swift, with bounds of its own; the codec libraries never see these chunks.
public enum MetadataReader {
    /// Reads what is known to be of use from a PNG, JPEG or WebP file.
    ///
    /// Never throws: a file that is none of these, or is cut, gives what could be read up to there.
    ///
    /// - Parameter bytes: The whole file.
    public static func read(_ bytes: Span<UInt8>) -> ImageMetadata {
        var metadata = ImageMetadata()
        _ = readAll(bytes, into: &metadata)
        return metadata
    }

    /// The metadata and the bytes of the ICC profile, if there is one of at most 4 MiB.
    package static func readWithProfile(_ bytes: Span<UInt8>) -> (ImageMetadata, profile: [UInt8]?) {
        var metadata = ImageMetadata()
        let profile = readAll(bytes, into: &metadata)
        return (metadata, profile)
    }

    static let maxProfileBytes = 4 * 1024 * 1024

    private static func readAll(_ bytes: Span<UInt8>, into metadata: inout ImageMetadata) -> [UInt8]? {
        switch ImageFormat.sniff(bytes) {
        case .png: readPNG(bytes, into: &metadata)
        case .jpeg: readJPEG(bytes, into: &metadata)
        case .webp: readWebP(bytes, into: &metadata)
        case nil: nil
        }
    }

    static func xmp(_ bytes: [UInt8]) -> ImageMetadata.Text {
        ImageMetadata.Text(keyword: "XMP", value: MetadataText.utf8(bytes), isCut: bytes.count > MetadataText.maxBytes)
    }
}

extension ImageMetadata {
    mutating func add(_ keyword: String, _ value: String, isCut: Bool) {
        guard texts.count < MetadataText.maxCount else { return couldNotRead("more than \(MetadataText.maxCount) texts") }
        texts.append(Text(keyword: keyword, value: value, isCut: isCut))
    }

    mutating func addExif(_ bytes: [UInt8], from chunk: String) {
        guard exif == nil else { return }
        exif = ExifFields(tiff: bytes)
        if exif == nil { couldNotRead(chunk) }
    }

    mutating func couldNotRead(_ name: String) {
        if !unreadable.contains(name) && unreadable.count < MetadataText.maxCount { unreadable.append(name) }
    }
}
