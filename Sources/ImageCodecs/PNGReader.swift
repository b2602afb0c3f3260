internal import CCodecShims

/// Owns libpng's read state. The input bytes must outlive it.
@safe struct PNGReader: ~Copyable, RowReader {
    private let handle: OpaquePointer
    private var row: [UInt8] = []

    init(
        _ bytes: UnsafeBufferPointer<UInt8>, _ limits: ImageLimits, _ samples: SampleDelivery, _ refusingAllocation: Int?
    ) throws(CodecError) {
        let handle = unsafe fixative_png_reader_create(
            bytes.baseAddress, bytes.count, fixative_limits(limits), AllocationGate.value(refusingAllocation))
        guard let handle = unsafe handle else { throw CodecError(.outOfMemory, .png, "") }
        if samples == .stored { unsafe fixative_png_reader_keep_16_bits(handle) }
        unsafe self.handle = handle
    }

    deinit { unsafe fixative_png_reader_destroy(handle) }

    mutating func layout() throws(CodecError) -> RowLayout {
        var header = fixative_png_header()
        try check(unsafe fixative_png_reader_header(handle, &header))
        row = [UInt8](repeating: 0, count: Int(header.width) * Int(header.channels * header.sample_bytes))
        return RowLayout(width: Int(header.width), height: Int(header.height), channels: Int(header.channels))
    }

    mutating func deliverRow<Sink: RowSink & ~Copyable>(to sink: inout Sink) throws(CodecError) {
        try check(unsafe fixative_png_reader_row(handle, &row, row.count))
        try sink.receive(row.span)
    }

    mutating func finish() throws(CodecError) -> Int {
        var consumed = 0
        try check(unsafe fixative_png_reader_finish(handle, &consumed))
        return consumed
    }

    private func check(_ status: fixative_status) throws(CodecError) {
        guard status != FIXATIVE_OK else { return }
        throw CodecError(status, .png, unsafe String(cString: fixative_png_reader_message(handle)))
    }
}
