import CBrotli
import CZlib

/// Maximum number of bytes that a stream returns at once.
private let pieceBytes = 64 << 10

/// Decodes gzip, zlib and raw deflate with zlib.
@safe final class InflateStream: CodedStream {
    enum Wrapper: Int32 {
        case gzip = 31
        case zlib = 15
        case raw = -15
    }

    private let wrapper: Wrapper
    /// Heap-allocated, since zlib stores its address.
    private let stream: UnsafeMutablePointer<z_stream>
    private var input: ArraySlice<UInt8> = []
    private var failure: CodingError?
    private(set) var isComplete = false
    private var members = 1
    private var emptyMembers = 0
    private var isMemberEmpty = true
    /// A 256 MiB file in 64 KiB members, as bgzip writes them, has 4,096 members plus an empty last one. Empty members produce no
    /// output but cost time.
    private static let (mostMembers, mostEmptyMembers) = (65_536, 256)

    init(_ wrapper: Wrapper) {
        self.wrapper = wrapper
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe inflateInit2_(stream, wrapper.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        if status != Z_OK { failure = CodingError(detail: "zlib can't start (\(status))") }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    func push(_ bytes: [UInt8]) { input += bytes }

    func pull() throws(CodingError) -> [UInt8]? {
        if let failure { throw failure }
        if isComplete {
            guard try beginsAnotherMember() else {
                // Bytes after the end are not part of the file. Keep one byte, since it may be the first of another member.
                input = input.prefix(1)
                return nil
            }
        }
        let mayHoldMore = unsafe stream.pointee.avail_out == 0
        guard !input.isEmpty || mayHoldMore else { return nil }
        var status = Z_OK
        var used = 0
        let given = input.prefix(pieceBytes)
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: pieceBytes) { output, count in
            unsafe given.withUnsafeBufferPointer { source in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(source.count)
                unsafe stream.pointee.next_out = output.baseAddress
                unsafe stream.pointee.avail_out = UInt32(pieceBytes)
                status = unsafe inflate(stream, Z_NO_FLUSH)
                used = unsafe source.count - Int(stream.pointee.avail_in)
                count = unsafe pieceBytes - Int(stream.pointee.avail_out)
                unsafe stream.pointee.next_in = nil
                unsafe stream.pointee.next_out = nil
            }
        }
        input = input.dropFirst(used)
        switch status {
        case Z_STREAM_END: isComplete = true
        case Z_OK, Z_BUF_ERROR: break
        default: throw fail("the body is not valid in its content coding (zlib \(status))")
        }
        if !piece.isEmpty { isMemberEmpty = false }
        return piece.isEmpty && used == 0 ? nil : piece
    }

    /// A gzip file may have several members (RFC 1952, section 2.2). Other bytes after the end are padding.
    private func beginsAnotherMember() throws(CodingError) -> Bool {
        guard wrapper == .gzip, input.starts(with: [0x1F, 0x8B]) else { return false }
        members += 1
        if isMemberEmpty { emptyMembers += 1 }
        isMemberEmpty = true
        guard members <= Self.mostMembers, emptyMembers <= Self.mostEmptyMembers else {
            throw fail("the body has too many gzip members: \(members), \(emptyMembers) of them empty", isOurLimit: true)
        }
        isComplete = unsafe inflateReset(stream) != Z_OK
        unsafe stream.pointee.avail_out = 1
        return !isComplete
    }

    private func fail(_ detail: String, isOurLimit: Bool = false) -> CodingError {
        let error = CodingError(detail: detail, isOurLimit: isOurLimit)
        failure = error
        return error
    }
}

/// Brotli (RFC 7932).
@safe final class BrotliStream: CodedStream {
    private let state: OpaquePointer?
    private var input: ArraySlice<UInt8> = []
    private(set) var isComplete = false
    private var isFailed = false

    init() { unsafe state = BrotliDecoderCreateInstance(nil, nil, nil) }

    deinit { unsafe BrotliDecoderDestroyInstance(state) }

    func push(_ bytes: [UInt8]) { input += bytes }

    func pull() throws(CodingError) -> [UInt8]? {
        let isReady = unsafe state != nil
        guard isReady, !isFailed else { throw CodingError(detail: "the body is not a valid Brotli stream") }
        if isComplete { return nil }
        let mayHoldMore = unsafe BrotliDecoderHasMoreOutput(state) != 0
        guard !input.isEmpty || mayHoldMore else { return nil }
        var result = BROTLI_DECODER_RESULT_ERROR
        var used = 0
        let given = input.prefix(pieceBytes)
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: pieceBytes) { output, count in
            unsafe given.withUnsafeBufferPointer { source in
                var (left, next) = (source.count, source.baseAddress)
                var (room, target) = (pieceBytes, output.baseAddress)
                result = unsafe BrotliDecoderDecompressStream(state, &left, &next, &room, &target, nil)
                used = source.count - left
                count = pieceBytes - room
            }
        }
        input = input.dropFirst(used)
        if result == BROTLI_DECODER_RESULT_SUCCESS { isComplete = true }
        guard result != BROTLI_DECODER_RESULT_ERROR else {
            isFailed = true
            throw CodingError(detail: "the body is not a valid Brotli stream")
        }
        return piece.isEmpty && used == 0 ? nil : piece
    }
}
