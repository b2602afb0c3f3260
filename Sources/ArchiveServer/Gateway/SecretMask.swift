import NIOCore

/// Replaces a secret in a stream with asterisks. It also finds a secret that is split between two parts, or written with JSON
/// escapes (`\u002d`) or percent-encoding (`%2D`). The length stays the same.
struct SecretMask: Sendable {
    private let secret: [UInt8]
    /// The last bytes pushed, if they may be the start of the secret.
    private var held: [UInt8] = []

    init(_ secret: String) { self.secret = Array(secret.utf8) }

    func hiding(in text: String) -> String {
        var bytes = Array(text.utf8)
        _ = hide(in: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether a text contains the secret, ignoring case.
    func isIn(_ text: String) -> Bool {
        let (text, secret) = (Array(text.lowercased().utf8), Array(String(decoding: secret, as: UTF8.self).lowercased().utf8))
        guard !secret.isEmpty, text.count >= secret.count else { return false }
        return (0...(text.count - secret.count)).contains { text[$0...].starts(with: secret) }
    }

    /// Returns the bytes that can be forwarded now.
    mutating func push(_ part: ByteBuffer) -> ByteBuffer {
        var bytes = held + Array(part.readableBytesView)
        let end = hide(in: &bytes)
        held = Array(bytes[end...])
        return ByteBuffer(bytes: bytes[..<end])
    }

    /// Returns the bytes still held at the end of the stream.
    mutating func finish() -> ByteBuffer {
        defer { held = [] }
        return ByteBuffer(bytes: held)
    }

    private enum Match {
        case whole(end: Int)
        /// The match may be completed by further bytes.
        case begun
        case none
    }

    /// - Returns: The index where an incomplete match begins; the end of the bytes if there is none.
    private func hide(in bytes: inout [UInt8]) -> Int {
        guard let first = secret.first else { return bytes.count }
        var start = 0
        while start < bytes.count {
            guard bytes[start] == first || bytes[start] == Self.backslash || bytes[start] == Self.percent else {
                start += 1
                continue
            }
            switch match(bytes, at: start) {
            case .whole(let end):
                for place in start..<end { bytes[place] = UInt8(ascii: "*") }
                start = end
            case .begun: return start
            case .none: start += 1
            }
        }
        return start
    }

    private static let backslash = UInt8(ascii: "\\")
    private static let percent = UInt8(ascii: "%")

    private func match(_ bytes: [UInt8], at start: Int) -> Match {
        var position = start
        for expected in secret {
            switch character(bytes, at: position) {
            case nil: return .begun
            case let found? where found.byte == expected: position = found.end
            default:
                guard bytes[position] == expected else { return .none }
                position += 1
            }
        }
        return .whole(end: position)
    }

    /// The character encoded at a position; `nil` if its bytes are incomplete.
    private func character(_ bytes: [UInt8], at start: Int) -> (byte: UInt8, end: Int)? {
        guard start < bytes.count else { return nil }
        switch bytes[start] {
        case Self.percent: return number(bytes, start, prefix: 1, digits: 2)
        case Self.backslash:
            guard start + 1 < bytes.count else { return nil }
            guard bytes[start + 1] == UInt8(ascii: "u") else { return (bytes[start + 1], start + 2) }
            return number(bytes, start, prefix: 2, digits: 4)
        default: return (bytes[start], start + 1)
        }
    }

    /// Decodes hexadecimal digits after a prefix into a number below 256. If they do not form one, returns the first byte of the
    /// prefix.
    private func number(_ bytes: [UInt8], _ start: Int, prefix: Int, digits: Int) -> (byte: UInt8, end: Int)? {
        let end = start + prefix + digits
        var value = 0
        for place in (start + prefix)..<end {
            guard place < bytes.count else { return nil }
            guard let digit = Character(Unicode.Scalar(bytes[place])).hexDigitValue else { return (bytes[start], start + 1) }
            value = value << 4 | digit
        }
        return UInt8(exactly: value).map { ($0, end) } ?? (bytes[start], start + 1)
    }
}
