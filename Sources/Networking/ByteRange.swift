/// The result of parsing a `Range` header (RFC 9110, section 14).
package enum ByteRange: Sendable, Equatable {
    /// No range, an invalid range or several ranges: the whole file is sent, as the standard allows.
    case whole
    case part(Range<Int>)
    case unsatisfiable

    package init(_ header: String?, length: Int) {
        guard let header, header.hasPrefix("bytes=") else {
            self = .whole
            return
        }
        let bounds = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map(Self.trimmed)
        guard bounds.count == 2, bounds.allSatisfy({ $0.allSatisfy { ("0"..."9").contains($0) } }) else {
            self = .whole
            return
        }
        switch (Int(bounds[0]), Int(bounds[1])) {
        case (nil, let count?) where bounds[0].isEmpty:
            self = count == 0 || length == 0 ? .unsatisfiable : .part(max(0, length - count)..<length)
        case (let first?, nil) where bounds[1].isEmpty:
            self = first < length ? .part(first..<length) : .unsatisfiable
        case (let first?, let last?) where first <= last:
            self = first < length ? .part(first..<(min(last, length - 1) + 1)) : .unsatisfiable
        default:
            self = .whole
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        text.drop { $0 == " " }
    }
}
