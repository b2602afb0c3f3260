internal import CWebP

/// A completely decoded WebP picture: libwebp cannot deliver the rows of a finished picture one by one.
struct WebPReader: ~Copyable, RowReader {
    private let picture: PixelImage
    private let containerEnd: Int
    private var nextRow = 0

    init(_ bytes: Span<UInt8>, _ header: ImageHeader, _ limits: ImageLimits) throws(CodecError) {
        let containerEnd = try WebPChunks(bytes).end
        let picture = try Self.decode(bytes, header, limits)
        self.containerEnd = containerEnd
        self.picture = picture
    }

    func layout() -> RowLayout {
        RowLayout(width: picture.width, height: picture.height, channels: picture.channels)
    }

    mutating func deliverRow<Sink: RowSink & ~Copyable>(to sink: inout Sink) throws(CodecError) {
        let start = nextRow * picture.stride
        try sink.receive(picture.bytes.span.extracting(start..<start + picture.stride))
        nextRow += 1
    }

    func finish() -> Int { containerEnd }

    /// Decodes the picture, or the first frame of an animation on its transparent canvas.
    ///
    /// libwebp gets only the frame's own chunks. With the whole file, it would read past the end of a truncated bitstream and
    /// ignore other faults of the container.
    static func decode(
        _ bytes: Span<UInt8>, _ header: ImageHeader, _ limits: ImageLimits
    ) throws(CodecError) -> PixelImage {
        let container = bytes.extracting(0..<(try WebPChunks(bytes).end))
        return try unsafe container.withUnsafeBufferPointer { (container) throws(CodecError) in
            try unsafe decodeFirstFrame(container, header, limits)
        }
    }

    private static func decodeFrame(
        _ bytes: UnsafeBufferPointer<UInt8>, width: Int, height: Int, declaresAlpha: Bool, _ limits: ImageLimits
    ) throws(CodecError) -> PixelImage {
        var config = unsafe WebPDecoderConfig()
        guard unsafe WebPInitDecoderConfig(&config) != 0 else {
            throw CodecError(.unsupported, .webp, "the versions of libwebp and of its headers differ")
        }
        try check(unsafe WebPGetFeatures(bytes.baseAddress, bytes.count, &config.input))
        guard unsafe config.input.width == width, unsafe config.input.height == height else {
            let other = unsafe "\(config.input.width)x\(config.input.height)"
            throw CodecError(.damaged, .webp, "two readings of the header disagree: \(width)x\(height), \(other)")
        }
        let hasAlpha = unsafe declaresAlpha || config.input.has_alpha != 0
        let channels = hasAlpha ? 4 : 3
        let held = unsafe channels + workingBytes(ofFormat: config.input.format, hasAlpha: hasAlpha)
        try limits.check(held: held, width: width, height: height, format: .webp)
        var status = VP8_STATUS_OK
        let pixels = unsafe [UInt8](unsafeUninitializedCapacity: width * height * channels) { target, count in
            unsafe config.output.colorspace = hasAlpha ? MODE_RGBA : MODE_RGB
            unsafe config.output.is_external_memory = 1
            unsafe config.output.u.RGBA = unsafe WebPRGBABuffer(
                rgba: target.baseAddress, stride: Int32(width * channels), size: target.count)
            status = unsafe WebPDecode(bytes.baseAddress, bytes.count, &config)
            unsafe WebPFreeDecBuffer(&config.output)
            count = status == VP8_STATUS_OK ? width * height * channels : 0
        }
        try check(status)
        return PixelImage(width: width, height: height, channels: channels, bytes: pixels)
    }

    /// Bytes per pixel that libwebp holds in addition to its output. A lossless bitstream is decoded whole, at 32 bits per pixel.
    /// The same may apply to the alpha of a lossy one, which takes one more plane.
    private static func workingBytes(ofFormat format: Int32, hasAlpha: Bool) -> Int {
        let isLossy = format == 1
        if !isLossy { return 4 }
        return hasAlpha ? 5 : 0
    }

    private static func decodeFirstFrame(
        _ bytes: UnsafeBufferPointer<UInt8>, _ header: ImageHeader, _ limits: ImageLimits
    ) throws(CodecError) -> PixelImage {
        var data = unsafe WebPData(bytes: bytes.baseAddress, size: bytes.count)
        guard let demuxer = unsafe WebPDemux(&data) else {
            throw CodecError(.damaged, .webp, "the parts of the container do not fit together")
        }
        defer { unsafe WebPDemuxDelete(demuxer) }
        var frame = unsafe WebPIterator()
        guard unsafe WebPDemuxGetFrame(demuxer, 1, &frame) != 0 else {
            throw CodecError(.damaged, .webp, "the container has no first frame")
        }
        defer { unsafe WebPDemuxReleaseIterator(&frame) }
        let (x, y) = unsafe (Int(frame.x_offset), Int(frame.y_offset))
        let (width, height) = unsafe (Int(frame.width), Int(frame.height))
        guard x >= 0, y >= 0, width > 0, height > 0, x + width <= header.width, y + height <= header.height else {
            throw CodecError(.damaged, .webp, "the first frame lies outside the canvas")
        }
        if width != header.width || height != header.height {
            // Both the frame and the canvas are in memory.
            try limits.check(held: 8, width: header.width, height: header.height, format: .webp)
        }
        let fragment = unsafe UnsafeBufferPointer(start: frame.fragment.bytes, count: frame.fragment.size)
        // In a still picture, the container's alpha flag applies to its only frame.
        let declaresAlpha = header.hasAlpha && !header.isAnimated
        let picture = try unsafe decodeFrame(
            fragment, width: width, height: height, declaresAlpha: declaresAlpha, limits)
        if width == header.width && height == header.height { return picture }
        return picture.placed(x: x, y: y, onCanvas: header.width, header.height)
    }

    private static func check(_ status: VP8StatusCode) throws(CodecError) {
        switch status {
        case VP8_STATUS_OK: return
        case VP8_STATUS_OUT_OF_MEMORY: throw CodecError(.outOfMemory, .webp, "libwebp ran out of memory")
        case VP8_STATUS_NOT_ENOUGH_DATA, VP8_STATUS_SUSPENDED:
            throw CodecError(.truncated, .webp, "libwebp: the picture ends before its last row")
        // A frame that is not a key frame or is not shown: valid in RFC 6386, but not in a still picture.
        case VP8_STATUS_UNSUPPORTED_FEATURE: throw CodecError(.damaged, .webp, "libwebp: no frame of a picture")
        default: throw CodecError(.damaged, .webp, "libwebp: bitstream error \(status.rawValue)")
        }
    }
}

extension PixelImage {
    /// The picture on a larger, otherwise transparent canvas.
    fileprivate func placed(x: Int, y: Int, onCanvas canvasWidth: Int, _ canvasHeight: Int) -> PixelImage {
        var canvas = [UInt8](repeating: 0, count: canvasWidth * canvasHeight * 4)
        for row in 0..<height {
            for column in 0..<width {
                let source = row * stride + column * channels
                let target = ((row + y) * canvasWidth + column + x) * 4
                for channel in 0..<3 { canvas[target + channel] = bytes[source + channel] }
                canvas[target + 3] = channels == 4 ? bytes[source + 3] : 255
            }
        }
        return PixelImage(width: canvasWidth, height: canvasHeight, channels: 4, bytes: canvas)
    }
}
