/// An error of decoding or encoding a picture.
public struct CodecError: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable, Codable {
        /// The bytes violate the format. A codec warning counts too, because it means that the decoded pixels may differ from the
        /// encoded ones.
        case damaged
        /// The file ends before the picture is complete.
        case truncated
        /// A valid file of a kind that is not supported, such as a 12-bit JPEG.
        case unsupported
        /// The header states more than the `ImageLimits` allow.
        case limitExceeded
        /// The first bytes match no supported format.
        case unrecognized
        case outOfMemory
        /// An impossible request by the caller, such as a JPEG wider than 65,500 pixels.
        case invalidRequest
    }

    public var code: Code
    /// The format of the bytes, if it was recognized.
    public var format: ImageFormat?
    /// The exceeded limit, if the code is `.limitExceeded` and the limit is one of `ImageLimits`.
    public var limit: ImageLimits.Kind?
    /// The exact problem, often in the words of the codec library.
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
