internal import CCodecShims

/// A complete file that is not decoded here: another format, a rare variant of a supported one, or a picture above the limits.
///
/// Such a file is not damaged. Its size is taken from the header; no pixel was decoded.
public struct UnreadFile: Sendable, Hashable, Codable {
    /// A short name of the format, such as `gif`; for a supported format, the raw value of ``ImageFormat``.
    public var format: String
    /// The registered media type, such as `image/gif`, if one exists.
    public var mediaType: String
    /// Why the file is not decoded, in plain text.
    public var reason: String
    /// Width in pixels, 1 to 2,147,483,647; nil if it cannot be read easily from the header.
    public var width: Int?
    /// Height in pixels, with the same rules as `width`.
    public var height: Int?
}

/// Classifies a file that the decoder rejected.
public enum RefusedFile: Sendable, Hashable, Codable {
    /// A complete file that this decoder does not support.
    case unread(UnreadFile)
    /// A truncated or damaged file that this decoder does not support. The text describes the damage.
    case damaged(String)
    /// A damaged file of a supported format, as described by the error, or bytes of no known format, such as a web page or an
    /// empty body.
    case other

    /// Classifies by content; file names and declared media types are ignored. Pure, and linear in the length of the file.
    ///
    /// - Parameters:
    ///   - bytes: The whole file.
    ///   - error: The error of the decoder.
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

    /// Whether the container is complete. A truncated file counts as damaged, even if it also exceeds the limits.
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

    /// Whether an end marker follows the first scan. Entropy-coded data cannot contain one (T.81, section F.1.2.3).
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
