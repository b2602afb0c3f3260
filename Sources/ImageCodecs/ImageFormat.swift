/// The file formats that this module decodes and encodes.
public enum ImageFormat: String, Sendable, Hashable, Codable, CaseIterable {
    case png
    case jpeg
    case webp

    /// The registered media type, such as `image/png`.
    public var mediaType: String { "image/" + rawValue }

    /// The usual file extension, without a dot.
    public var fileExtension: String { self == .jpeg ? "jpg" : rawValue }

    /// Whether checksums cover the picture and its header, so that no changed byte goes unnoticed.
    package var hasChecksums: Bool { self == .png }

    /// Detects a format from the first bytes; file names and declared media types are ignored.
    ///
    /// - Parameter bytes: The file, or at least its first 12 bytes.
    /// - Returns: The format, or nil for anything else. A match does not mean that the rest of the file is valid.
    public static func sniff(_ bytes: Span<UInt8>) -> ImageFormat? {
        if bytes.matches([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0) { return .png }
        if bytes.matches([0xFF, 0xD8, 0xFF], at: 0) { return .jpeg }
        if bytes.matches("RIFF", at: 0) && bytes.matches("WEBP", at: 8) { return .webp }
        return nil
    }
}
