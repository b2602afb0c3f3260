/// Receives the rows of a picture during decoding, so that the whole picture need not be in memory.
public protocol RowSink: ~Copyable {
    /// Called once, before the first row.
    ///
    /// - Parameters:
    ///   - header: The file's header; `width` and `height` give the size of the picture in pixels.
    ///   - channels: Bytes per pixel, 3 (RGB) or 4 (RGBA, not premultiplied).
    mutating func begin(_ header: ImageHeader, channels: Int) throws(CodecError)

    /// Called for each row from top to bottom, with `width * channels` bytes that are valid only during the call.
    mutating func receive(_ row: Span<UInt8>) throws(CodecError)
}

/// The results of a complete decode.
public struct DecodedFacts: Sendable, Hashable {
    public var header: ImageHeader
    /// Bytes per pixel of the delivered rows, 3 or 4.
    public var channels: Int
    /// The number of bytes after the end of the picture. They are not damage, but not part of the picture either.
    public var trailingBytes: Int
}

/// Strict decoding of PNG, JPEG and WebP.
///
/// If a decode returns, every checksum of the format matched (PNG: all CRCs and the Adler-32), the end marker of the file was
/// present, and the codec library gave no warning. The format is detected from the content.
public enum ImageDecoder {
    /// Decodes a file row by row.
    ///
    /// PNG and baseline JPEG keep a few rows in memory at a time; interlaced PNG, progressive JPEG and WebP keep one whole frame.
    /// For an animation, the first or default picture is decoded.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - limits: Checked against the header before pixel memory is allocated.
    ///   - sink: Receives the rows. Use them only after this call has returned, because damage may show in the last byte.
    /// - Returns: The header and the number of trailing bytes, which are not an error.
    /// - Throws: `CodecError`, also for a damaged file that a viewer would show with a grey lower half.
    @discardableResult
    public static func decode<Sink: RowSink & ~Copyable>(
        _ bytes: Span<UInt8>, limits: ImageLimits = .default, into sink: inout Sink
    ) throws(CodecError) -> DecodedFacts {
        try decode(bytes, limits: limits, into: &sink, refusingAllocation: nil)
    }

    /// Decodes a file into one contiguous buffer.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - limits: Checked against the header before pixel memory is allocated.
    /// - Returns: RGB, or RGBA when the file declares transparency.
    /// - Throws: `CodecError`, as `decode(_:limits:into:)` does.
    public static func decode(_ bytes: Span<UInt8>, limits: ImageLimits = .default) throws(CodecError) -> PixelImage {
        if ImageFormat.sniff(bytes) == .webp {
            let header = try checkedHeader(bytes, limits)
            return try WebPReader.decode(bytes, header, limits)
        }
        var sink = WholePicture()
        try decode(bytes, limits: limits, into: &sink)
        return PixelImage(width: sink.width, height: sink.height, channels: sink.channels, bytes: sink.bytes)
    }

    /// Like the public function, with two options. `samples` requests more than 8-bit RGB if the file has it.
    /// `refusingAllocation` makes the n-th allocation of the codec library fail.
    @discardableResult
    package static func decode<Sink: RowSink & ~Copyable>(
        _ bytes: Span<UInt8>, limits: ImageLimits, into sink: inout Sink, samples: SampleDelivery = .display,
        refusingAllocation: Int?
    ) throws(CodecError) -> DecodedFacts {
        let header = try checkedHeader(bytes, limits)
        switch header.format {
        case .png:
            return try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(CodecError) in
                var reader = try unsafe PNGReader(bytes, limits, samples, refusingAllocation)
                return try deliver(from: &reader, header, bytes.count, into: &sink)
            }
        case .jpeg:
            return try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(CodecError) in
                var reader = try unsafe JPEGReader(bytes, limits, samples, refusingAllocation)
                return try deliver(from: &reader, header, bytes.count, into: &sink)
            }
        case .webp:
            var reader = try WebPReader(bytes, header, limits)
            return try deliver(from: &reader, header, bytes.count, into: &sink)
        }
    }

    /// Parses the header and checks it against the limits.
    package static func checkedHeader(_ bytes: Span<UInt8>, _ limits: ImageLimits) throws(CodecError) -> ImageHeader {
        try limits.check(byteCount: bytes.count, format: ImageFormat.sniff(bytes))
        let header = try HeaderParser.parse(bytes)
        try limits.check(header)
        return header
    }

    /// Compares the codec's own reading of the header with `header`, then passes on the codec's rows.
    package static func deliver<Reader: RowReader & ~Copyable, Sink: RowSink & ~Copyable>(
        from reader: inout Reader, _ header: ImageHeader, _ byteCount: Int, into sink: inout Sink
    ) throws(CodecError) -> DecodedFacts {
        let layout = try reader.layout()
        guard layout.width == header.width, layout.height == header.height else {
            throw CodecError(
                .damaged, header.format,
                "two readings of the header disagree: \(header.width)x\(header.height), \(layout.width)x\(layout.height)")
        }
        try sink.begin(header, channels: layout.channels)
        for _ in 0..<layout.height { try reader.deliverRow(to: &sink) }
        let consumed = try reader.finish()
        return DecodedFacts(header: header, channels: layout.channels, trailingBytes: byteCount - consumed)
    }
}

/// The sample format of the decoded rows.
package enum SampleDelivery: Sendable {
    /// 8-bit RGB or RGBA, regardless of the file's own format.
    case display
    /// Like `display`, except for two kinds of file. A 16-bit PNG delivers two-byte samples in native byte order. A JPEG with ink
    /// colours delivers four channels: cyan, magenta, yellow and black, where 255 is full ink. Intended for converters that know
    /// the file's colour space.
    case stored
}

/// Reads rows from one codec. Call `layout` first, then `deliverRow` once per row, then `finish`.
package protocol RowReader: ~Copyable {
    mutating func layout() throws(CodecError) -> RowLayout
    mutating func deliverRow<Sink: RowSink & ~Copyable>(to sink: inout Sink) throws(CodecError)
    /// Reads to the end of the picture's data and returns the number of bytes consumed.
    mutating func finish() throws(CodecError) -> Int
}

package struct RowLayout {
    package var width: Int
    package var height: Int
    package var channels: Int

    package init(width: Int, height: Int, channels: Int) {
        self.width = width
        self.height = height
        self.channels = channels
    }
}

private struct WholePicture: RowSink {
    var width = 0
    var height = 0
    var channels = 0
    var bytes: [UInt8] = []

    mutating func begin(_ header: ImageHeader, channels: Int) {
        (width, height) = (header.width, header.height)
        self.channels = channels
        bytes.reserveCapacity(width * height * channels)
    }

    mutating func receive(_ row: Span<UInt8>) {
        unsafe row.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }
}
