internal import CCodecShims

/// A whole file that is not decoded here: another format, a rare kind of a known one, or a picture above the limits.
///
/// Nothing is wrong with such a file. Its size is what its header claims; no pixel of it was decoded.
public struct UnreadFile: Sendable, Hashable {
    /// A short name of the format, such as `gif`; for a known format that of ``ImageFormat``.
    public var format: String
    /// The registered media type where there is one, such as `image/gif`.
    public var mediaType: String
    /// Why it is not decoded, in words.
    public var reason: String
    /// Width in pixels, 1 to 2,147,483,647, where the header tells it simply.
    public var width: Int?
    /// Height in pixels, likewise.
    public var height: Int?
}

/// What a file is whose decoding was refused.
public enum RefusedFile: Sendable, Hashable {
    /// A whole file that is not for this decoder.
    case unread(UnreadFile)
    /// A file that is not for this decoder either, and that ends too soon or is damaged, in words.
    case damaged(String)
    /// Damaged bytes of a format that is decoded here, as the error says, or bytes of no known format: text, a page, an empty body.
    case other

    /// Tells by content; names and media types given by others are not asked. Pure, and linear in the length of the file.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - error: Why the decoder refused it.
    public init(_ bytes: Span<UInt8>, refusedFor error: CodecError) {
        switch error.code {
        case .unrecognized:
            guard let file = SniffedFile(bytes) else {
                self = .other
                return
            }
            let name = file.format.name
            self =
                file.isCut
                ? .damaged("the \(name) is cut short")
                : .unread(UnreadFile(file, reason: "a whole \(name), a format that is not decoded here"))
        case .limitExceeded, .unsupported:
            guard let format = ImageFormat.sniff(bytes) else {
                self = .other
                return
            }
            guard Self.isWhole(bytes, format) else {
                self = .damaged("the \(format.rawValue.uppercased()) is damaged or cut short")
                return
            }
            let header = try? HeaderParser.parse(bytes)
            let name = format == .webp ? "WebP" : format.rawValue.uppercased()
            let kind = error.code == .unsupported ? " of a kind that is not decoded here" : ", above this archive's limits"
            self = .unread(
                UnreadFile(
                    format: format.rawValue, mediaType: format.mediaType, reason: "a whole \(name)\(kind): \(error.detail)",
                    width: header?.width, height: header?.height))
        case .damaged, .truncated, .outOfMemory, .invalidRequest:
            self = .other
        }
    }

    /// Whether the container reaches its end. A file that is cut short is damaged, however large it is.
    private static func isWhole(_ bytes: Span<UInt8>, _ format: ImageFormat) -> Bool {
        switch format {
        case .png:
            if bytes.matches("CgBI", at: 12) { return hasPNGEnd(bytes) }
            return unsafe bytes.withUnsafeBufferPointer {
                unsafe fixative_png_check_chunks($0.baseAddress, $0.count) == FIXATIVE_OK
            }
        case .jpeg: return hasJPEGEnd(bytes)
        case .webp:
            guard var chunks = try? WebPChunks(bytes) else { return false }
            do {
                while try chunks.next(in: bytes) != nil {}
                return true
            } catch {
                return false
            }
        }
    }

    private static func hasPNGEnd(_ bytes: Span<UInt8>) -> Bool {
        var chunks = PNGChunks()
        while let chunk = chunks.next(in: bytes) {
            if chunk.name == "IEND" { return true }
        }
        return false
    }

    /// An end marker after the first scan. The scan's own data cannot hold one (T.81, section F.1.2.3).
    private static func hasJPEGEnd(_ bytes: Span<UInt8>) -> Bool {
        var segments = JPEGSegments()
        while let segment = try? segments.next(in: bytes) {
            guard segment.marker == 0xDA else { continue }
            var index = bytes.count - 2
            while index >= segment.body.upperBound {
                if bytes[index] == 0xFF && bytes[index + 1] == 0xD9 { return true }
                index -= 1
            }
            return false
        }
        return false
    }
}

extension UnreadFile {
    fileprivate init(_ file: SniffedFile, reason: String) {
        self.init(
            format: file.format.id, mediaType: file.format.mediaType, reason: reason, width: file.size?.width,
            height: file.size?.height)
    }
}
