internal import ImageCodecs

/// The source of a picture's colour space information.
public enum ColourOrigin: String, Sendable, Hashable, Codable {
    /// No information: sRGB is assumed, or plain ink values.
    case untagged
    /// The `cICP` chunk of a PNG.
    case codePoints
    /// An ICC profile.
    case profile
    /// The `sRGB` chunk of a PNG.
    case sRGB
    /// The `gAMA` and `cHRM` chunks of a PNG, or one of them.
    case gamma
}

/// Determines how a picture is converted to sRGB.
///
/// The precedence follows the PNG specification, section 4.3: `cICP`, then `iCCP`, then `sRGB`, then `gAMA` and `cHRM`. An
/// unusable source is skipped with a note, and the next one is tried. JPEG and WebP have only profiles.
struct ColourReading: ~Copyable {
    /// Nil if the samples are already sRGB, or are inks without a usable profile.
    var transform: ColourTransform?
    private(set) var origin = ColourOrigin.untagged
    private(set) var notes: [String] = []

    init(_ header: ImageHeader, _ metadata: ImageMetadata, profile: [UInt8]?) {
        let family = ColourTransform.Family(header)
        if !readCodePoints(header, family, metadata.colorimetry) && !readProfile(family, profile) {
            readChunks(header, family, metadata.colorimetry)
        }
        if origin == .untagged && family == .inks {
            notes.append("CMYK without a usable profile: shown as R = (1 - C)(1 - K)")
        }
    }

    private mutating func use(_ transform: consuming ColourTransform, _ origin: ColourOrigin) {
        self.origin = origin
        if !transform.isIdentity() { self.transform = consume transform }
    }

    private mutating func readCodePoints(
        _ header: ImageHeader, _ family: ColourTransform.Family, _ colorimetry: ImageMetadata.Colorimetry?
    ) -> Bool {
        guard let codePoints = colorimetry?.codePoints else { return false }
        if codePoints == [1, 13, 0, 1] {
            origin = .codePoints
            return true
        }
        guard let space = NumberedSpace(codePoints: codePoints),
            let transform = ColourTransform(space: space, bitDepth: header.bitDepth, for: family)
        else {
            notes.append("cICP \(codePoints.map(String.init).joined(separator: "/")) is not supported and was ignored")
            return false
        }
        use(transform, .codePoints)
        return true
    }

    private mutating func readProfile(_ family: ColourTransform.Family, _ profile: [UInt8]?) -> Bool {
        guard let profile else { return false }
        if family == .rgb && SRGBProfile.matches(profile) {
            origin = .profile
            return true
        }
        guard let transform = ColourTransform(profile: profile, for: family) else {
            notes.append("the ICC profile is broken, or not for \(family == .inks ? "CMYK" : "\(family)"), and was ignored")
            return false
        }
        use(transform, .profile)
        return true
    }

    private mutating func readChunks(
        _ header: ImageHeader, _ family: ColourTransform.Family, _ colorimetry: ImageMetadata.Colorimetry?
    ) {
        guard let colorimetry else { return }
        if colorimetry.sRGBIntent != nil {
            origin = .sRGB
            return
        }
        let (gamma, chromaticities) = (colorimetry.gamma, colorimetry.chromaticities)
        guard gamma != nil || chromaticities != nil else { return }
        if NumberedSpace.meansSRGB(gamma: gamma, chromaticities: chromaticities) {
            origin = .gamma
            return
        }
        guard let space = NumberedSpace(gamma: gamma, chromaticities: chromaticities),
            let transform = ColourTransform(space: space, bitDepth: header.bitDepth, for: family)
        else {
            notes.append("gAMA and cHRM describe no colour space and were ignored")
            return
        }
        use(transform, .gamma)
    }
}
