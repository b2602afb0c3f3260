/// What a file carries beside its pixels. Everything is bounded, and text is safe to print.
///
/// Metadata that cannot be read is no error: the picture counts, and `unreadable` names what was left out.
public struct ImageMetadata: Sendable, Hashable, Codable {
    /// A named text: a PNG text chunk or a JPEG comment.
    public struct Text: Sendable, Hashable, Codable {
        public var keyword: String
        /// At most 64 KiB of UTF-8; control characters other than tab and newline are written as `\u{1B}`.
        public var value: String
        /// The file has more than is kept here.
        public var isCut: Bool
    }

    /// An embedded ICC profile.
    public struct Profile: Sendable, Hashable, Codable {
        /// The name a PNG gives it; other formats have none.
        public var name: String?
        /// The profile's own description, such as `Display P3`.
        public var description: String?
        /// The data colour space, such as `RGB` or `CMYK`.
        public var colourSpace: String?
        /// Size in bytes, uncompressed.
        public var byteCount: Int
    }

    /// How PNG chunks other than a profile say what the numbers mean.
    public struct Colorimetry: Sendable, Hashable, Codable {
        /// gAMA: the encoding gamma times 100,000.
        public var gamma: Int?
        /// cHRM: x and y of white, red, green and blue, times 100,000.
        public var chromaticities: [Int]?
        /// cHRM is there.
        public var hasChromaticities: Bool { chromaticities != nil }
        /// sRGB: the rendering intent, 0 to 3.
        public var sRGBIntent: Int?
        /// cICP: colour primaries, transfer function, matrix coefficients, full range flag (ITU-T H.273).
        public var codePoints: [Int]?
    }

    public var texts: [Text] = []
    public var exif: ExifFields?
    /// The XMP packet, at most 64 KiB of it.
    public var xmp: Text?
    public var profile: Profile?
    public var colorimetry: Colorimetry?
    /// JPEG only.
    public var jpegQuality: JPEGQuality?
    /// What the file says of its own origin.
    public var digitalSourceType: DigitalSourceType?
    /// Size in bytes of a Content Credentials (C2PA) manifest: PNG `caBX`, JPEG APP11, WebP `C2PA`. It is not verified here.
    public var contentCredentialsBytes: Int?
    /// Why they cannot be valid: a wrong checksum, parts that are missing. Nil when the container shows no damage.
    public var contentCredentialsDamage: String?
    /// Chunks and segments that are there but could not be read.
    public var unreadable: [String] = []
    /// What was read but does not fit together, in words.
    public var contradictions: [String] = []

    public init() {}
}

/// The EXIF fields that say something about a generated picture.
public struct ExifFields: Sendable, Hashable, Codable {
    /// 1 to 8 as in the specification; nil when absent or outside that range.
    public var orientation: Int?
    public var imageDescription: String?
    public var make: String?
    public var model: String?
    public var software: String?
    /// As stored: `2026:11:22 10:00:00`, without a zone.
    public var dateTime: String?
    public var dateTimeOriginal: String?
    public var artist: String?
    public var copyright: String?
    /// Where generators leave their settings, among other places.
    public var userComment: String?
    public var hostComputer: String?
    public var imageUniqueID: String?
    /// 1 for sRGB, 65535 for another space.
    public var colourSpace: Int?
    /// Title, comment and keywords as Windows writes them.
    public var title: String?
    public var comment: String?
    public var keywords: String?

    public init() {}
}
