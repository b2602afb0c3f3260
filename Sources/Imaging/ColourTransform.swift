internal import CLCMS

/// Turns rows of an embedded RGB profile into sRGB, with Little CMS.
///
/// It is made only where it changes something: a picture without a profile, with one that calls itself sRGB, or with one
/// that cannot be read is taken as sRGB, as browsers do.
@safe struct ColourTransform: ~Copyable {
    private let context: cmsContext
    private let transform: cmsHTRANSFORM
    private let channels: Int

    /// - Parameters:
    ///   - profile: The bytes of an ICC profile.
    ///   - channels: Bytes a pixel, 3 (RGB) or 4 (RGBA; alpha is passed on).
    init?(profile: [UInt8], channels: Int) {
        guard let context = unsafe cmsCreateContext(nil, nil) else { return nil }
        // A log handler that does nothing: the default one may print.
        unsafe cmsSetLogErrorHandlerTHR(context) { _, _, _ in }
        guard let transform = unsafe Self.make(context, profile, channels) else {
            unsafe cmsDeleteContext(context)
            return nil
        }
        unsafe self.context = context
        unsafe self.transform = transform
        self.channels = channels
    }

    deinit {
        unsafe cmsDeleteTransform(transform)
        unsafe cmsDeleteContext(context)
    }

    private static func make(_ context: cmsContext, _ profile: [UInt8], _ channels: Int) -> cmsHTRANSFORM? {
        guard let source = unsafe cmsOpenProfileFromMemTHR(context, profile, UInt32(clamping: profile.count)) else { return nil }
        defer { unsafe cmsCloseProfile(source) }
        guard unsafe cmsGetColorSpace(source) == cmsSigRgbData, let target = unsafe cmsCreate_sRGBProfileTHR(context) else {
            return nil
        }
        defer { unsafe cmsCloseProfile(target) }
        let layout = rgb8 | UInt32(channels - 3) << 7
        return unsafe cmsCreateTransformTHR(
            context, source, layout, target, layout, UInt32(INTENT_RELATIVE_COLORIMETRIC),
            UInt32(cmsFLAGS_COPY_ALPHA | cmsFLAGS_BLACKPOINTCOMPENSATION))
    }

    /// Name and version of the library, such as `lcms2` and `2.14`.
    static var libraryVersion: [String: String] {
        let version = cmsGetEncodedCMMversion()
        return ["lcms2": "\(version / 1000).\(version % 1000 / 10)"]
    }

    /// `TYPE_RGB_8`, a macro that Swift does not import: colour space RGB, three channels of one byte.
    private static let rgb8: UInt32 = 4 << 16 | 3 << 3 | 1

    /// Converts one row of `width * channels` bytes.
    func convert(_ row: Span<UInt8>, into target: inout [UInt8]) {
        precondition(target.count == row.count)
        let pixels = UInt32(clamping: row.count / channels)
        unsafe row.withUnsafeBufferPointer { row in
            unsafe cmsDoTransform(transform, row.baseAddress, &target, pixels)
        }
    }
}
