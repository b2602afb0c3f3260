import ArchiveModel
import Foundation

/// Files embedded in JSON: `data:` URIs and base64.
package enum InlineData {
    package static func isDataURI(_ text: String) -> Bool {
        text.utf8.prefix(5).elementsEqual("data:".utf8) { $0 | 0x20 == $1 | 0x20 }
    }

    /// Converts base64 into a `data:` URI, with the media type detected from the first bytes.
    ///
    /// Accepts white space, line breaks, missing padding and the URL-safe alphabet (RFC 4648, section 5).
    /// - Parameter mediaType: The declared media type, used if none is detected.
    /// - Returns: `nil` for a text that is empty or not base64.
    static func link(base64 text: String, mediaType: String? = nil) -> ResultLink? {
        guard let clean = normalised(base64: text), !clean.isEmpty else { return nil }
        let type = sniffed(base64: clean) ?? mediaType ?? MediaType.unknown
        return ResultLink("data:\(type);base64,\(clean)")
    }

    /// The same for a text that is not declared as base64. It must start with the signature of a known file type.
    static func link(sniffing text: String) -> ResultLink? {
        guard text.utf8.count >= 32, sniffed(base64: text) != nil else { return nil }
        return link(base64: text)
    }

    /// The text in the standard alphabet with padding; `nil` if it is not base64.
    private static func normalised(base64 text: String) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 2)
        var hasEnded = false
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"):
                guard !hasEnded else { return nil }
                bytes.append(byte)
            case UInt8(ascii: "-"): bytes.append(UInt8(ascii: "+"))
            case UInt8(ascii: "_"): bytes.append(UInt8(ascii: "/"))
            case UInt8(ascii: "="): hasEnded = true
            case 0x09, 0x0A, 0x0D, 0x20: continue
            default: return nil
            }
        }
        guard bytes.count % 4 != 1 else { return nil }
        bytes += [UInt8](repeating: UInt8(ascii: "="), count: (4 - bytes.count % 4) % 4)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// File signatures, base64-encoded.
    private static let beginnings = [
        ("iVBORw0KGgo", "image/png"), ("/9j/", "image/jpeg"), ("UklGR", "image/webp"), ("R0lGOD", "image/gif"),
        ("PHN2Zy", "image/svg+xml"), ("PD94bW", "image/svg+xml"), ("AAAAHGZ0eXBhdmlm", "image/avif"),
        ("AAAAIGZ0eXBhdmlm", "image/avif"), ("AAAAGGZ0eXBoZWlj", "image/heic"), ("AAAAHGZ0eXBoZWlj", "image/heic"),
        ("AAAAIGZ0eXBpc29t", "video/mp4"), ("AAAAHGZ0eXBpc29t", "video/mp4"), ("GkXfo", "video/webm"), ("Qk0", "image/bmp"),
        ("SUkqA", "image/tiff"), ("TU0AK", "image/tiff"), ("/wo", "image/jxl"), ("AAAADEpYTCANCocK", "image/jxl"),
    ]

    private static func sniffed(base64 text: String) -> String? {
        beginnings.first { text.utf8.starts(with: $0.0.utf8) }?.1
    }

    // MARK: Summaries

    /// The media type, size and SHA-256 of a `data:` URI, for messages and records.
    package static func summary(of link: String) -> String {
        let comma = link.utf8.firstIndex(of: UInt8(ascii: ",")) ?? link.endIndex
        let head = link[..<comma].dropFirst(5)
        let type = String(head.prefix { $0 != ";" }.prefix(100)).trimmingCharacters(in: .whitespaces)
        let body = comma < link.endIndex ? String(link[link.utf8.index(after: comma)...]) : ""
        let bytes = head.lowercased().hasSuffix("base64") ? decoded(base64: body) : nil
        let data = bytes ?? Data((body.removingPercentEncoding ?? body).utf8)
        return summary(type: type.isEmpty ? "text/plain" : type, data)
    }

    /// The SHA-256 in a summary, or of a link's data.
    package static func digest(of text: String) -> String? {
        let summary = isDataURI(text) ? summary(of: text) : text
        guard let marker = summary.range(of: "SHA-256 ", options: .literal) else { return nil }
        let hex = summary[marker.upperBound...].prefix(64)
        return hex.utf8.count == 64 && hex.allSatisfy(\.isHexDigit) ? hex.lowercased() : nil
    }

    private static let summaryStart = "inline "

    static func isSummary(_ text: String) -> Bool {
        text.utf8.starts(with: summaryStart.utf8) && text.utf8.count < 300 && digest(of: text) != nil
    }

    private static func summary(type: String, _ data: Data) -> String {
        return "\(summaryStart)\(type), \(data.count) bytes, SHA-256 \(Digest(of: [UInt8](data)))"
    }

    private static func decoded(base64 text: String) -> Data? {
        let plain = text.utf8.contains(UInt8(ascii: "%")) ? text.removingPercentEncoding ?? text : text
        return normalised(base64: plain).flatMap { Data(base64Encoded: $0) }
    }

    /// Base64 runs of at least this length are treated as files.
    private static let longestRun = 2048
    private static let longestURI = 256

    /// Replaces embedded files in a text of the upstream with their summaries.
    static func cutting(_ text: String) -> String {
        let length = text.utf8.count
        guard length > longestURI else { return text }
        if isDataURI(text) { return summary(of: text) }
        guard length >= longestRun else { return text }
        if let clean = normalised(base64: text), let data = Data(base64Encoded: clean) {
            return summary(type: sniffed(base64: clean) ?? "base64", data)
        }
        return cuttingRuns(of: text)
    }

    private static func cuttingRuns(of text: String) -> String {
        let bytes = Array(text.utf8)
        var kept: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex { !isBase64($0) } ?? bytes.count
            let run = bytes[start..<end]
            if run.count >= longestRun, let data = decoded(base64: String(decoding: run, as: UTF8.self)) {
                kept += Array("(\(summary(type: "base64", data)))".utf8)
            } else {
                kept += run
            }
            let next = bytes[end...].firstIndex(where: isBase64) ?? bytes.count
            kept += bytes[end..<next]
            start = next
        }
        return String(decoding: kept, as: UTF8.self)
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F, 0x2D, 0x5F, 0x3D: true
        default: false
        }
    }
}
