/// Properties measured from a delivered picture.
package struct ImageFacts: Sendable, Hashable, Codable {
    /// `png`, `jpeg` or `webp`, detected from the content.
    package var format: String
    /// Stored size in pixels, before the orientation is applied.
    package var width: Int
    package var height: Int
    /// Bits per sample.
    package var bitDepth: Int
    package var colourType: String
    package var hasAlpha: Bool
    /// Interlaced (PNG) or progressive (JPEG).
    package var interlaced: Bool
    package var animated: Bool
    package var frameCount: Int?
    /// EXIF orientation, 1 to 8; 1 is upright.
    package var orientation: Int
    package var iccName: String?
    package var exif: [String: String]?
    package var text: [String: String]?
    /// The size of the signed Content Credentials (`caBX`), in bytes; `nil` when there are none.
    package var contentCredentialsBytes: Int?
    /// Why the Content Credentials cannot be valid, as far as the container shows.
    package var contentCredentialsDamage: String?
    /// The verdict on the Content Credentials; `nil` in records of earlier programs.
    package var credentials: CredentialFacts?
    /// The number of bytes after the end of the picture.
    package var trailingBytes: Int
    /// The average colour as `#rrggbb`.
    package var averageColour: String?
    /// The colour of the largest area as `#rrggbb`.
    package var dominantColour: String?
    /// Where the colour space was read from: `untagged`, `codePoints`, `profile`, `sRGB` or `gamma`.
    package var colourOrigin: String?
    /// The likely quality setting of a JPEG, 1 to 100.
    package var jpegQuality: Int?
    /// The origin that the file states for itself, as a URI of the IPTC vocabulary.
    package var digitalSourceType: String?
    /// Notes in plain text about omitted or guessed facts.
    package var notes: [String]?

    package init(
        format: String, width: Int, height: Int, bitDepth: Int, colourType: String, hasAlpha: Bool, interlaced: Bool,
        animated: Bool,
        frameCount: Int? = nil, orientation: Int = 1, iccName: String? = nil, exif: [String: String]? = nil,
        text: [String: String]? = nil, contentCredentialsBytes: Int? = nil, contentCredentialsDamage: String? = nil,
        trailingBytes: Int = 0, averageColour: String? = nil,
        dominantColour: String? = nil, colourOrigin: String? = nil, jpegQuality: Int? = nil, digitalSourceType: String? = nil,
        notes: [String]? = nil
    ) {
        self.format = format
        self.width = width
        self.height = height
        self.bitDepth = bitDepth
        self.colourType = colourType
        self.hasAlpha = hasAlpha
        self.interlaced = interlaced
        self.animated = animated
        self.frameCount = frameCount
        self.orientation = orientation
        self.iccName = iccName
        self.exif = exif
        self.text = text
        self.contentCredentialsBytes = contentCredentialsBytes
        self.contentCredentialsDamage = contentCredentialsDamage
        self.trailingBytes = trailingBytes
        self.averageColour = averageColour
        self.dominantColour = dominantColour
        self.colourOrigin = colourOrigin
        self.jpegQuality = jpegQuality
        self.digitalSourceType = digitalSourceType
        self.notes = notes
    }
}
