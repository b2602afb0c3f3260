internal import CCodecShims

/// Owns libjpeg's compression state.
@safe struct JPEGWriter: ~Copyable {
    private let handle: OpaquePointer

    private init(_ settings: fixative_jpeg_settings, _ refusingAllocation: Int?) throws(CodecError) {
        guard let handle = unsafe fixative_jpeg_writer_create(settings, AllocationGate.value(refusingAllocation)) else {
            throw CodecError(.outOfMemory, .jpeg, "")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe fixative_jpeg_writer_destroy(handle) }

    static func encode(
        _ image: PixelImage, _ settings: JPEGSettings, _ profile: [UInt8]?, _ xmp: [UInt8]?, refusingAllocation: Int?
    ) throws(CodecError) -> [UInt8] {
        guard 1...100 ~= settings.quality else {
            throw CodecError(.invalidRequest, .jpeg, "quality \(settings.quality)")
        }
        let writer = try JPEGWriter(
            fixative_jpeg_settings(
                width: UInt32(clamping: image.width), height: UInt32(clamping: image.height), channels: UInt32(image.channels),
                quality: Int32(settings.quality), halves_chroma: settings.chroma == .half ? 1 : 0,
                optimizes_huffman: settings.optimizesHuffman ? 1 : 0, progressive: settings.isProgressive ? 1 : 0),
            refusingAllocation)
        if let xmp {
            // XMP specification, part 3, section 1.1.3.
            let body = Array("http://ns.adobe.com/xap/1.0/".utf8) + [0] + xmp
            try writer.check(unsafe fixative_jpeg_writer_segment(writer.handle, 0xE1, body, body.count))
        }
        if let profile, !profile.isEmpty {
            try writer.check(unsafe fixative_jpeg_writer_profile(writer.handle, profile, profile.count))
        }
        try writer.check(
            unsafe fixative_jpeg_writer_rows(
                writer.handle, image.bytes, image.stride, image.bytes.count, UInt32(clamping: image.height)))
        return try writer.finish()
    }

    private func finish() throws(CodecError) -> [UInt8] {
        var bytes: UnsafeRawPointer?
        var length = 0
        try check(unsafe fixative_jpeg_writer_finish(handle, &bytes, &length))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: length))
    }

    private func check(_ status: fixative_status) throws(CodecError) {
        guard status != FIXATIVE_OK else { return }
        throw CodecError(status, .jpeg, unsafe String(cString: fixative_jpeg_writer_message(handle)))
    }
}
