/// Takes the rows of a picture as they are decoded, so that the whole of it need not be in memory.
public protocol RowSink: ~Copyable {
    /// Called once, before the first row.
    ///
    /// - Parameters:
    ///   - header: The file's header; `width` and `height` say how many rows of how many pixels will come.
    ///   - channels: Bytes a pixel, 3 (RGB) or 4 (RGBA, not premultiplied).
    mutating func begin(_ header: ImageHeader, channels: Int) throws(CodecError)

    /// Called for each row, top to bottom, with `width * channels` bytes that are only valid during the call.
    mutating func receive(_ row: Span<UInt8>) throws(CodecError)
}

/// What a complete decode has established.
public struct DecodedFacts: Sendable, Hashable {
    public var header: ImageHeader
    /// Bytes a pixel of the rows that were delivered, 3 or 4.
    public var channels: Int
    /// Bytes after the end of the picture. They are no damage, but no part of it either.
    public var trailingBytes: Int
}

/// Strict decoding of PNG, JPEG and WebP.
///
/// A decode that returns has seen every checksum of the format match (PNG: all CRCs and the Adler sum), the end marker of the
/// file, and not one warning of the codec library. Files are recognized by content.
public enum ImageDecoder {
    /// Decodes a file row by row.
    ///
    /// PNG and baseline JPEG hold a few rows at a time; interlaced PNG, progressive JPEG and WebP hold a whole frame, once.
    /// The first or default picture of an animation is decoded.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - limits: Checked against the header before memory for pixels is taken.
    ///   - sink: Gets the rows. What it got counts only after this call has returned: damage may show in the last byte.
    /// - Returns: The header and the number of trailing bytes, which are not an error.
    /// - Throws: `CodecError`, also for a file that a viewer would show with a grey lower half.
    @discardableResult
    public static func decode<Sink: RowSink & ~Copyable>(
        _ bytes: Span<UInt8>, limits: ImageLimits = .default, into sink: inout Sink
    ) throws(CodecError) -> DecodedFacts {
        try decode(bytes, limits: limits, into: &sink, refusingAllocation: nil)
    }

    /// Decodes a file into one piece of memory.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - limits: Checked against the header before memory for pixels is taken.
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

    /// As the public function; `samples` asks for more than 8-bit RGB where the file has it, and `refusingAllocation` makes the
    /// codec library's n-th request for memory fail.
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

    /// The header, once it is within the limits.
    package static func checkedHeader(_ bytes: Span<UInt8>, _ limits: ImageLimits) throws(CodecError) -> ImageHeader {
        try limits.check(byteCount: bytes.count, format: ImageFormat.sniff(bytes))
        let header = try HeaderParser.parse(bytes)
        try limits.check(header)
        return header
    }

    /// Asks the codec for its own reading of the header, compares, and passes on its rows.
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

/// What the rows of a decode hold.
package enum SampleDelivery: Sendable {
    /// 8-bit RGB or RGBA, whatever the file has.
    case display
    /// As `display`, but a 16-bit PNG gives samples of two bytes in the processor's order, and a JPEG of inks gives four
    /// channels: cyan, magenta, yellow and black, 255 for full ink. For converters that know the file's colours.
    case stored
}

/// One codec's way to rows. The calls come in this order: `layout`, `deliverRow` once a row, `finish`.
package protocol RowReader: ~Copyable {
    mutating func layout() throws(CodecError) -> RowLayout
    mutating func deliverRow<Sink: RowSink & ~Copyable>(to sink: inout Sink) throws(CodecError)
    /// Reads to the end of the file's format and returns how many bytes that took.
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
