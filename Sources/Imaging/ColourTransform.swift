internal import CLCMS
internal import ImageCodecs

/// Converts rows from another colour space to sRGB with Little CMS: relative colorimetric, with black point compensation.
@safe struct ColourTransform: ~Copyable {
    /// The meaning of the samples of a row.
    enum Family: Sendable {
        /// Rows of RGB or RGBA.
        case rgb
        /// Rows of RGB or RGBA with three equal colour components.
        case grey
        /// Rows of cyan, magenta, yellow and black, 255 for full ink.
        case inks

        init(_ header: ImageHeader) {
            switch header.colourType {
            case .grey, .greyAlpha: self = .grey
            case .cmyk, .ycck: self = .inks
            case .rgb, .rgba, .palette, .yCbCr: self = .rgb
            }
        }
    }

    /// The memory layout of a row.
    struct Layout: Equatable {
        /// Samples per pixel: 3 or 4.
        var channels: Int
        /// Bytes per sample: 1, or 2 in native byte order.
        var sampleBytes: Int
    }

    private let context: cmsContext
    private let source: cmsHPROFILE
    private var transform: cmsHTRANSFORM
    private let family: Family
    private var layout: Layout

    /// Creates a transform from an embedded profile.
    ///
    /// - Parameters:
    ///   - profile: The bytes of an ICC profile.
    ///   - family: The kind of samples in the picture. Returns nil if the profile is for another kind.
    init?(profile: [UInt8], for family: Family) {
        unsafe self.init(family) { context in
            guard let source = unsafe cmsOpenProfileFromMemTHR(context, profile, UInt32(clamping: profile.count)) else {
                return nil
            }
            if unsafe Self.isUsable(source, for: family) { return unsafe source }
            unsafe cmsCloseProfile(source)
            return nil
        }
    }

    /// Creates a transform for a space given by numbers. Grey uses only the transfer curve.
    init?(space: NumberedSpace, bitDepth: Int, for family: Family) {
        guard family != .inks else { return nil }
        unsafe self.init(family) { context in
            let table = space.table(bitDepth: bitDepth)
            guard let curve = unsafe cmsBuildTabulatedToneCurve16(context, UInt32(table.count), table) else { return nil }
            defer { unsafe cmsFreeToneCurve(curve) }
            if family == .grey {
                return unsafe cmsCreateGrayProfileTHR(context, cmsD50_xyY(), curve)
            }
            let chromaticities = space.chromaticities.map { cmsCIExyY(x: $0.x, y: $0.y, Y: 1) }
            var white = chromaticities[0]
            var primaries = cmsCIExyYTRIPLE(Red: chromaticities[1], Green: chromaticities[2], Blue: chromaticities[3])
            var curves: [OpaquePointer?] = unsafe [curve, curve, curve]
            return unsafe cmsCreateRGBProfileTHR(context, &white, &primaries, &curves)
        }
    }

    private init?(_ family: Family, open: (cmsContext) -> cmsHPROFILE?) {
        guard let context = unsafe BoundedMemory.makeContext() else { return nil }
        guard let source = unsafe open(context) else {
            unsafe cmsDeleteContext(context)
            return nil
        }
        let layout = Layout(channels: family == .inks ? 4 : 3, sampleBytes: 1)
        guard let transform = unsafe Self.make(context, source, family, layout) else {
            unsafe cmsCloseProfile(source)
            unsafe cmsDeleteContext(context)
            return nil
        }
        unsafe self.context = context
        unsafe self.source = source
        unsafe self.transform = transform
        self.family = family
        self.layout = layout
    }

    deinit {
        unsafe cmsDeleteTransform(transform)
        unsafe cmsCloseProfile(source)
        unsafe cmsDeleteContext(context)
    }

    private static func isUsable(_ profile: cmsHPROFILE, for family: Family) -> Bool {
        let space =
            switch family {
            case .rgb: cmsSigRgbData
            case .grey: cmsSigGrayData
            case .inks: cmsSigCmykData
            }
        let classes = [cmsSigInputClass, cmsSigDisplayClass, cmsSigOutputClass, cmsSigColorSpaceClass]
        return unsafe cmsGetColorSpace(profile) == space && classes.contains(cmsGetDeviceClass(profile))
    }

    private static func make(
        _ context: cmsContext, _ source: cmsHPROFILE, _ family: Family, _ layout: Layout
    ) -> cmsHTRANSFORM? {
        guard let target = unsafe cmsCreate_sRGBProfileTHR(context) else { return nil }
        defer { unsafe cmsCloseProfile(target) }
        return unsafe cmsCreateTransformTHR(
            context, source, format(family, layout), target, rgb8(channels: family == .inks ? 3 : layout.channels),
            UInt32(INTENT_RELATIVE_COLORIMETRIC), flags(layout))
    }

    // For 16-bit samples, Little CMS would replace curves and matrix by a table of 33 steps, which is too coarse for dark linear
    // light. `cmsFLAGS_NOOPTIMIZE` prevents this. For 8-bit samples, Little CMS keeps curves and matrix.
    private static func flags(_ layout: Layout) -> UInt32 {
        UInt32(cmsFLAGS_BLACKPOINTCOMPENSATION | (layout.sampleBytes == 2 ? cmsFLAGS_NOOPTIMIZE : 0))
    }

    // Pixel formats as encoded by the macros of lcms2.h, which Swift does not import: colour space from bit 16, skipped samples
    // from bit 7, read samples from bit 3, and bytes per sample.
    private static func format(_ family: Family, _ layout: Layout) -> UInt32 {
        let (space, samples): (UInt32, Int) =
            switch family {
            case .grey: (UInt32(PT_GRAY), 1)
            case .rgb: (UInt32(PT_RGB), 3)
            case .inks: (UInt32(PT_CMYK), 4)
            }
        return space << 16 | UInt32(layout.channels - samples) << 7 | UInt32(samples) << 3 | UInt32(layout.sampleBytes)
    }

    private static func rgb8(channels: Int) -> UInt32 { UInt32(PT_RGB) << 16 | UInt32(channels - 3) << 7 | 3 << 3 | 1 }

    /// Name and version of the library, such as `lcms2` and `2.14`.
    static var libraryVersion: [String: String] {
        let version = cmsGetEncodedCMMversion()
        return ["lcms2": "\(version / 1000).\(version % 1000 / 10)"]
    }

    /// Samples per output pixel: inks become RGB; otherwise the channel count stays the same, with alpha copied.
    var outputChannels: Int { family == .inks ? 3 : layout.channels }

    /// Prepares for rows of a layout; returns false if memory is exhausted.
    mutating func prepare(_ layout: Layout) -> Bool {
        if layout == self.layout { return true }
        guard let other = unsafe Self.make(context, source, family, layout) else { return false }
        unsafe cmsDeleteTransform(transform)
        unsafe transform = unsafe other
        self.layout = layout
        return true
    }

    /// Whether the transform changes no colour by more than one level of rounding. The colour space is then sRGB under another
    /// name. Call this method before `prepare`.
    func isIdentity() -> Bool {
        guard family != .inks else { return false }
        var samples: [UInt8] = []
        for level in stride(from: 0, through: 255, by: 5) { samples += [UInt8](repeating: UInt8(level), count: 3) }
        if family == .rgb {
            let levels: [UInt8] = [0, 48, 104, 160, 208, 255]
            for red in levels {
                for green in levels { for blue in levels { samples += [red, green, blue] } }
            }
        }
        var result = [UInt8](repeating: 0, count: samples.count)
        convert(samples.span, into: &result)
        return zip(samples, result).allSatisfy { $0.0 <= $0.1 ? $0.1 - $0.0 <= 1 : $0.0 - $0.1 <= 1 }
    }

    /// Converts one row.
    ///
    /// - Parameters:
    ///   - row: Pixels in the layout passed to `prepare`.
    ///   - target: The same number of pixels, with `outputChannels` bytes each.
    func convert(_ row: Span<UInt8>, into target: inout [UInt8]) {
        let pixels = row.count / (layout.channels * layout.sampleBytes)
        precondition(target.count == pixels * outputChannels)
        unsafe row.withUnsafeBufferPointer { row in
            unsafe cmsDoTransform(transform, row.baseAddress, &target, UInt32(clamping: pixels))
        }
        guard outputChannels == 4 else { return }
        if layout.sampleBytes == 1 {
            for index in stride(from: 3, to: row.count, by: 4) { target[index] = row[index] }
        } else {
            unsafe row.withUnsafeBytes { row in
                for pixel in 0..<pixels {
                    let alpha = unsafe UInt32(row.load(fromByteOffset: pixel * 8 + 6, as: UInt16.self))
                    // Scales 16 bits to 8 with rounding, as libpng does.
                    target[pixel * 4 + 3] = UInt8((alpha * 255 + 32895) >> 16)
                }
            }
        }
    }
}
