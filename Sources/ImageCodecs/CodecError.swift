/// Why bytes did not become a picture, or a picture did not become bytes.
public struct CodecError: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable, Codable {
        /// The bytes break the format. A mere warning of a codec counts: what was delivered is not what was encoded.
        case damaged
        /// The bytes end before the picture does.
        case truncated
        /// A sound file of a kind that is not read here, such as a 12-bit JPEG.
        case unsupported
        /// The file claims more than the `ImageLimits` allow.
        case limitExceeded
        /// The first bytes belong to none of the formats.
        case unrecognized
        case outOfMemory
        /// The caller asked for what cannot be done, such as a JPEG wider than 65,500 pixels.
        case invalidRequest
    }

    public var code: Code
    /// The format of the bytes, as far as it was recognized.
    public var format: ImageFormat?
    /// Which limit, when the code is `.limitExceeded` and it is one of `ImageLimits`.
    public var limit: ImageLimits.Kind?
    /// What exactly was wrong, often in the words of the codec library.
    public var detail: String

    public init(_ code: Code, _ format: ImageFormat?, _ detail: String, limit: ImageLimits.Kind? = nil) {
        self.code = code
        self.format = format
        self.detail = detail
        self.limit = limit
    }

    public var description: String {
        let name = format?.rawValue.uppercased() ?? "image"
        let text =
            switch code {
            case .damaged: "the \(name) is damaged"
            case .truncated: "the \(name) is cut short"
            case .unsupported: "the \(name) is of an unsupported kind"
            case .limitExceeded: "the \(name) is too large"
            case .unrecognized: "not a PNG, JPEG or WebP file"
            case .outOfMemory: "no memory for the \(name)"
            case .invalidRequest: "the \(name) cannot be made"
            }
        return detail.isEmpty ? text : "\(text): \(detail)"
    }
}
