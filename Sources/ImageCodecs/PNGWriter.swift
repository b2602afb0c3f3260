internal import CCodecShims

/// Owns libpng's write state.
@safe struct PNGWriter: ~Copyable {
    private let handle: OpaquePointer

    private init(_ settings: fixative_png_settings, _ refusingAllocation: Int?) throws(CodecError) {
        guard let handle = unsafe fixative_png_writer_create(settings, AllocationGate.value(refusingAllocation)) else {
            throw CodecError(.outOfMemory, .png, "")
        }
        unsafe self.handle = handle
    }

    deinit { unsafe fixative_png_writer_destroy(handle) }

    static func encode(
        _ image: PixelImage, _ settings: PNGSettings, _ xmp: [UInt8]?, refusingAllocation: Int?
    ) throws(CodecError) -> [UInt8] {
        guard 0...9 ~= settings.level else { throw CodecError(.invalidRequest, .png, "level \(settings.level)") }
        let writer = try PNGWriter(
            fixative_png_settings(
                width: UInt32(clamping: image.width), height: UInt32(clamping: image.height), channels: UInt32(image.channels),
                level: Int32(settings.level), filters: settings.filter.bits),
            refusingAllocation)
        if let xmp { try writer.check(unsafe fixative_png_writer_xmp(writer.handle, xmp, xmp.count)) }
        try writer.check(
            unsafe fixative_png_writer_rows(
                writer.handle, image.bytes, image.stride, image.bytes.count, UInt32(clamping: image.height)))
        return try writer.finish()
    }

    private func finish() throws(CodecError) -> [UInt8] {
        var bytes: UnsafeRawPointer?
        var length = 0
        try check(unsafe fixative_png_writer_finish(handle, &bytes, &length))
        return unsafe [UInt8](UnsafeRawBufferPointer(start: bytes, count: length))
    }

    private func check(_ status: fixative_status) throws(CodecError) {
        guard status != FIXATIVE_OK else { return }
        throw CodecError(status, .png, unsafe String(cString: fixative_png_writer_message(handle)))
    }
}

extension PNGSettings.Filter {
    /// libpng's `PNG_FILTER_...` bits.
    fileprivate var bits: Int32 {
        switch self {
        case .none: 0x08
        case .sub: 0x10
        case .up: 0x20
        case .average: 0x40
        case .paeth: 0x80
        case .adaptive: 0xF8
        }
    }
}
