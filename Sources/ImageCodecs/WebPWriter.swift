internal import CWebP

/// Encodes one picture with libwebp.
enum WebPWriter {
    static func encode(_ image: PixelImage, _ settings: WebPSettings, _ xmp: [UInt8]?) throws(CodecError) -> [UInt8] {
        guard image.width <= WEBP_MAX_DIMENSION, image.height <= WEBP_MAX_DIMENSION else {
            throw CodecError(.invalidRequest, .webp, "\(image.width)x\(image.height): no side may exceed 16383 pixels")
        }
        var config = WebPConfig()
        guard unsafe WebPConfigInit(&config) != 0 else {
            throw CodecError(.unsupported, .webp, "the versions of libwebp and of its headers differ")
        }
        config.quality = Float(settings.quality)
        config.method = Int32(clamping: settings.effort)
        config.lossless = settings.isLossless ? 1 : 0
        config.exact = settings.isLossless ? 1 : 0
        // More threads would take cores away from other pictures.
        config.thread_level = 0
        guard unsafe WebPValidateConfig(&config) != 0 else {
            throw CodecError(.invalidRequest, .webp, "quality \(settings.quality), effort \(settings.effort)")
        }
        let file = try encode(image, config)
        return if let xmp { try embed(xmp, in: file) } else { file }
    }

    private static func encode(_ image: PixelImage, _ config: WebPConfig) throws(CodecError) -> [UInt8] {
        var picture = unsafe WebPPicture()
        guard unsafe WebPPictureInit(&picture) != 0 else {
            throw CodecError(.unsupported, .webp, "the versions of libwebp and of its headers differ")
        }
        defer { unsafe WebPPictureFree(&picture) }
        unsafe picture.width = Int32(image.width)
        unsafe picture.height = Int32(image.height)
        unsafe picture.use_argb = config.lossless
        let imported =
            image.channels == 4
            ? unsafe WebPPictureImportRGBA(&picture, image.bytes, Int32(image.stride))
            : unsafe WebPPictureImportRGB(&picture, image.bytes, Int32(image.stride))
        guard imported != 0 else { throw CodecError(.outOfMemory, .webp, "libwebp ran out of memory") }

        var memory = unsafe WebPMemoryWriter()
        unsafe WebPMemoryWriterInit(&memory)
        defer { unsafe WebPMemoryWriterClear(&memory) }
        var config = config
        let encoded = unsafe withUnsafeMutablePointer(to: &memory) { target in
            unsafe picture.writer = WebPMemoryWrite
            unsafe picture.custom_ptr = UnsafeMutableRawPointer(target)
            return unsafe WebPEncode(&config, &picture)
        }
        guard encoded != 0 else { throw unsafe error(picture.error_code) }
        return unsafe [UInt8](UnsafeBufferPointer(start: memory.mem, count: memory.size))
    }

    private static func embed(_ xmp: [UInt8], in file: [UInt8]) throws(CodecError) -> [UInt8] {
        let outOfMemory = CodecError(.outOfMemory, .webp, "libwebpmux ran out of memory")
        let result = unsafe file.withUnsafeBufferPointer { file in
            unsafe xmp.withUnsafeBufferPointer { xmp -> [UInt8]? in
                var (picture, packet) = unsafe (
                    WebPData(bytes: file.baseAddress, size: file.count), WebPData(bytes: xmp.baseAddress, size: xmp.count)
                )
                guard let mux = unsafe WebPMuxCreate(&picture, 0) else { return nil }
                defer { unsafe WebPMuxDelete(mux) }
                guard unsafe WebPMuxSetChunk(mux, "XMP ", &packet, 0) == WEBP_MUX_OK else { return nil }
                var whole = unsafe WebPData()
                defer { unsafe WebPDataClear(&whole) }
                guard unsafe WebPMuxAssemble(mux, &whole) == WEBP_MUX_OK else { return nil }
                return unsafe [UInt8](UnsafeBufferPointer(start: whole.bytes, count: whole.size))
            }
        }
        guard let result else { throw outOfMemory }
        return result
    }

    private static func error(_ code: WebPEncodingError) -> CodecError {
        switch code {
        case VP8_ENC_ERROR_OUT_OF_MEMORY, VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY:
            CodecError(.outOfMemory, .webp, "libwebp ran out of memory")
        default:
            CodecError(.invalidRequest, .webp, "libwebp: encoding error \(code.rawValue)")
        }
    }
}
