/// Parses headers in plain Swift, independently of the codec libraries.
///
/// The decoder compares the two results. If they disagree about the size of a picture, the file is damaged, or it was crafted to
/// look different in different programs.
public enum HeaderParser {
    /// Parses the header of a PNG, JPEG or WebP file.
    ///
    /// The work is bounded by the number of segments in the file. No allocation is proportional to a size that the file states.
    ///
    /// - Parameter bytes: The whole file. For PNG and JPEG, a prefix that contains the header is enough. WebP needs the whole
    ///   file, because its container length is checked.
    /// - Returns: The values stated by the header. Pixels and checksums are not verified.
    /// - Throws: `CodecError` with `.unrecognized`, `.truncated`, `.damaged` or `.unsupported`.
    public static func parse(_ bytes: Span<UInt8>) throws(CodecError) -> ImageHeader {
        switch ImageFormat.sniff(bytes) {
        case .png: try parsePNG(bytes)
        case .jpeg: try parseJPEG(bytes)
        case .webp: try parseWebP(bytes)
        case nil: throw CodecError(.unrecognized, nil, bytes.isEmpty ? "the file is empty" : "")
        }
    }
}
