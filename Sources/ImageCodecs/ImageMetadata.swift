/// The data in a file besides its pixels. All sizes are bounded, and text is safe to print.
///
/// Unreadable metadata is not an error, because the picture itself is what matters; `unreadable` lists the parts left out.
public struct ImageMetadata: Sendable, Hashable, Codable {
    /// A named text: a PNG text chunk or a JPEG comment.
    public struct Text: Sendable, Hashable, Codable {
        public var keyword: String
        /// At most 64 KiB of UTF-8; control characters other than tab and newline are written as `\u{1B}`.
        public var value: String
        /// The text was longer in the file and is truncated here.
        public var isCut: Bool
    }

    /// An embedded ICC profile.
    public struct Profile: Sendable, Hashable, Codable {
        /// The profile's name in a PNG; other formats have none.
        public var name: String?
        /// The profile's own description, such as `Display P3`.
        public var description: String?
        /// The data colour space, such as `RGB` or `CMYK`.
        public var colourSpace: String?
        /// Size in bytes, uncompressed.
        public var byteCount: Int
    }

    /// Colour space information in PNG chunks other than an embedded profile.
    public struct Colorimetry: Sendable, Hashable, Codable {
        /// gAMA: the encoding gamma times 100,000.
        public var gamma: Int?
        /// cHRM: x and y of white, red, green and blue, times 100,000.
        public var chromaticities: [Int]?
        /// Whether the file has a cHRM chunk.
        public var hasChromaticities: Bool { chromaticities != nil }
        /// sRGB: the rendering intent, 0 to 3.
        public var sRGBIntent: Int?
        /// cICP: colour primaries, transfer function, matrix coefficients, full range flag (ITU-T H.273).
        public var codePoints: [Int]?
    }

    public var texts: [Text] = []
    public var exif: ExifFields?
    /// The XMP packet, truncated to 64 KiB.
    public var xmp: Text?
    public var profile: Profile?
    public var colorimetry: Colorimetry?
    /// JPEG only.
    public var jpegQuality: JPEGQuality?
    /// The origin that the file declares for itself.
    public var digitalSourceType: DigitalSourceType?
    /// The size in bytes of the Content Credentials (C2PA) manifest: PNG `caBX`, JPEG APP11, WebP `C2PA`. Its signature is not
    /// verified here.
    public var contentCredentialsBytes: Int?
    /// Why the Content Credentials cannot be valid, such as a wrong checksum or missing parts. Nil if the container shows no
    /// damage.
    public var contentCredentialsDamage: String?
    /// Chunks and segments that are present but could not be read.
    public var unreadable: [String] = []
    /// Descriptions of readable data that is inconsistent.
    public var contradictions: [String] = []

    public init() {}
}

/// The EXIF fields that are useful for a generated picture.
public struct ExifFields: Sendable, Hashable, Codable {
    /// 1 to 8 as in the specification; nil if absent or outside that range.
    public var orientation: Int?
    public var imageDescription: String?
    public var make: String?
    public var model: String?
    public var software: String?
    /// As stored: `2026:11:22 10:00:00`, without a time zone.
    public var dateTime: String?
    public var dateTimeOriginal: String?
    public var artist: String?
    public var copyright: String?
    /// One of the places where image generators store their settings.
    public var userComment: String?
    public var hostComputer: String?
    public var imageUniqueID: String?
    /// 1 for sRGB, 65535 for any other colour space.
    public var colourSpace: Int?
    /// Title, comment and keywords in the tags that Windows writes.
    public var title: String?
    public var comment: String?
    public var keywords: String?

    public init() {}
}
