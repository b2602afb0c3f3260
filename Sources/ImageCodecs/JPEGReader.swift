internal import CCodecShims

/// Owns libjpeg's decompression state. The input bytes must outlive it.
@safe struct JPEGReader: ~Copyable, RowReader {
    private let handle: OpaquePointer
    private let keepsInks: Bool
    private var row: [UInt8] = []

    init(
        _ bytes: UnsafeBufferPointer<UInt8>, _ limits: ImageLimits, _ samples: SampleDelivery, _ refusingAllocation: Int?
    ) throws(CodecError) {
        let handle = unsafe fixative_jpeg_reader_create(
            bytes.baseAddress, bytes.count, fixative_limits(limits), AllocationGate.value(refusingAllocation))
        guard let handle = unsafe handle else { throw CodecError(.outOfMemory, .jpeg, "") }
        keepsInks = samples == .stored
        if keepsInks { unsafe fixative_jpeg_reader_keep_inks(handle) }
        unsafe self.handle = handle
    }

    deinit { unsafe fixative_jpeg_reader_destroy(handle) }

    mutating func layout() throws(CodecError) -> RowLayout {
        var header = fixative_jpeg_header()
        try check(unsafe fixative_jpeg_reader_header(handle, &header))
        let channels = keepsInks && header.inks == 1 ? 4 : 3
        row = [UInt8](repeating: 0, count: Int(header.width) * channels)
        return RowLayout(width: Int(header.width), height: Int(header.height), channels: channels)
    }

    mutating func deliverRow<Sink: RowSink & ~Copyable>(to sink: inout Sink) throws(CodecError) {
        try check(unsafe fixative_jpeg_reader_row(handle, &row, row.count))
        try sink.receive(row.span)
    }

    mutating func finish() throws(CodecError) -> Int {
        var consumed = 0
        try check(unsafe fixative_jpeg_reader_finish(handle, &consumed))
        return consumed
    }

    private func check(_ status: fixative_status) throws(CodecError) {
        guard status != FIXATIVE_OK else { return }
        throw CodecError(status, .jpeg, unsafe String(cString: fixative_jpeg_reader_message(handle)))
    }
}
