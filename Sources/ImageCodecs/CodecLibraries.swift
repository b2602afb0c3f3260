internal import CCodecShims
internal import CWebP

/// The codec libraries linked into this process. Derivatives depend on their versions, so each recipe records them.
public enum CodecLibraries {
    /// Library names and versions, such as `libwebp` and `1.2.4`.
    public static var versions: [String: String] {
        let webp = WebPGetEncoderVersion()
        return unsafe [
            "libpng": String(cString: fixative_png_library_version()),
            "libjpeg-turbo": String(cString: fixative_jpeg_library_version()),
            "libwebp": "\(webp >> 16).\(webp >> 8 & 255).\(webp & 255)",
        ]
    }
}
