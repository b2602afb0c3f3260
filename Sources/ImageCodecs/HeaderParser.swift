/// Reads the facts of a header in plain Swift, as a second opinion beside the codec library.
///
/// The decoder compares both: two readers that disagree about the size of a picture mean damage, or a file made to be seen
/// differently by different programs.
public enum HeaderParser {
    /// Parses the header of a PNG, JPEG or WebP file.
    ///
    /// The work is bounded by the number of segments in the file; nothing is allocated in proportion to what it claims.
    ///
    /// - Parameter bytes: The whole file. A prefix works as far as the header reaches, except for WebP, whose length is stated.
    /// - Returns: What the file claims. Only the header is checked, no pixel and no checksum.
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
