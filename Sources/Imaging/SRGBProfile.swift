internal import CLCMS

/// Recognizes an sRGB profile by its tags, whatever its name.
///
/// This check avoids building a transform only to find that it changes nothing. That would take 2 ms, a tenth of the total work
/// on a picture.
enum SRGBProfile {
    /// The primaries of IEC 61966-2-1, adapted to the white point of ICC profiles.
    private static let colorants: [(tag: cmsTagSignature, x: Double, y: Double, z: Double)] = [
        (cmsSigRedColorantTag, 0.43607, 0.22249, 0.01392), (cmsSigGreenColorantTag, 0.38515, 0.71687, 0.09708),
        (cmsSigBlueColorantTag, 0.14307, 0.06061, 0.71410),
    ]
    private static let curves = [cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag]

    /// True for a matrix profile whose matrix and curves are those of sRGB, within half an 8-bit level. False is inconclusive: an
    /// sRGB profile may use tables instead.
    static func matches(_ bytes: [UInt8]) -> Bool {
        guard let context = unsafe BoundedMemory.makeContext() else { return false }
        defer { unsafe cmsDeleteContext(context) }
        guard let profile = unsafe cmsOpenProfileFromMemTHR(context, bytes, UInt32(clamping: bytes.count)) else { return false }
        defer { unsafe cmsCloseProfile(profile) }
        // A table takes precedence over matrix and curves.
        let tables = [cmsSigAToB0Tag, cmsSigAToB1Tag, cmsSigAToB2Tag, cmsSigDToB0Tag, cmsSigDToB1Tag]
        guard unsafe cmsGetColorSpace(profile) == cmsSigRgbData, unsafe cmsGetPCS(profile) == cmsSigXYZData,
            unsafe cmsGetDeviceClass(profile) == cmsSigDisplayClass,
            tables.allSatisfy({ unsafe cmsIsTag(profile, $0) == 0 })
        else { return false }
        return colorants.allSatisfy { colorant in
            guard let value = unsafe cmsReadTag(profile, colorant.tag)?.assumingMemoryBound(to: cmsCIEXYZ.self).pointee else {
                return false
            }
            return abs(value.X - colorant.x) < 0.0005 && abs(value.Y - colorant.y) < 0.0005
                && abs(value.Z - colorant.z) < 0.0005
        } && curves.allSatisfy { unsafe hasCurve(profile, $0) }
    }

    private static func hasCurve(_ profile: cmsHPROFILE, _ tag: cmsTagSignature) -> Bool {
        guard let curve = unsafe cmsReadTag(profile, tag) else { return false }
        return stride(from: 0, through: 255, by: 5).allSatisfy { level in
            let light = unsafe Double(cmsEvalToneCurveFloat(OpaquePointer(curve), Float(level) / 255))
            return light.isFinite && abs(255 * ToneCurve.encoded(min(max(light, 0), 1)) - Double(level)) < 0.5
        }
    }
}
