import NIOCore

/// Replaces a secret in a stream by as many asterisks, also where it is split between two parts.
struct SecretMask: Sendable {
    private let secret: [UInt8]
    /// The last bytes that were pushed, if they may be the beginning of the secret.
    private var held: [UInt8] = []

    init(_ secret: String) { self.secret = Array(secret.utf8) }

    func hiding(in text: String) -> String {
        var bytes = Array(text.utf8)
        hide(in: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Returns the bytes that can be forwarded now.
    mutating func push(_ part: ByteBuffer) -> ByteBuffer {
        var bytes = held + Array(part.readableBytesView)
        hide(in: &bytes)
        let longest = min(secret.count - 1, bytes.count)
        let kept = stride(from: longest, to: 0, by: -1).first { secret.starts(with: bytes.suffix($0)) } ?? 0
        held = Array(bytes.suffix(kept))
        return ByteBuffer(bytes: bytes.dropLast(kept))
    }

    /// Returns the bytes that are still held, at the end of the stream.
    mutating func finish() -> ByteBuffer {
        defer { held = [] }
        return ByteBuffer(bytes: held)
    }

    private func hide(in bytes: inout [UInt8]) {
        guard let first = secret.first, bytes.count >= secret.count else { return }
        var start = 0
        while start + secret.count <= bytes.count {
            if bytes[start] == first, bytes[start...].starts(with: secret) {
                for place in start..<(start + secret.count) { bytes[place] = UInt8(ascii: "*") }
                start += secret.count
            } else {
                start += 1
            }
        }
    }
}
