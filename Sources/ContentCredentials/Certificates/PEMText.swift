/// Base64 (RFC 4648) and the blocks of PEM (RFC 7468), bounded and without a library.
enum PEMText {
    /// The bytes; `nil` for any character that does not belong there. White space is skipped.
    static func base64(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var group: UInt32 = 0
        var digits = 0
        var padding = 0
        for character in text {
            let value: UInt32
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(character - UInt8(ascii: "A"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(character - UInt8(ascii: "a")) + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(character - UInt8(ascii: "0")) + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            case UInt8(ascii: "="):
                padding += 1
                continue
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): continue
            default: return nil
            }
            guard padding == 0 else { return nil }
            group = group << 6 | value
            digits += 1
            if digits == 4 {
                bytes += [UInt8(group >> 16 & 0xff), UInt8(group >> 8 & 0xff), UInt8(group & 0xff)]
                (group, digits) = (0, 0)
            }
        }
        switch (digits, padding) {
        case (0, 0): return bytes
        case (2, 2): return bytes + [UInt8(group >> 4 & 0xff)]
        case (3, 1): return bytes + [UInt8(group >> 10 & 0xff), UInt8(group >> 2 & 0xff)]
        default: return nil
        }
    }

    /// The DER of every certificate, in the order of the text. Text between the blocks is skipped.
    static func certificates(in bytes: [UInt8], limit: Int) throws(CertificateError) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var body: [UInt8]?
        for line in bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            if line.starts(with: begin) {
                guard body == nil else { throw CertificateError(why: "A PEM block has no end.") }
                body = []
            } else if line.starts(with: end) {
                guard let text = body, let der = base64(text) else {
                    throw CertificateError(why: "A PEM block is damaged.")
                }
                guard found.count < limit else { throw CertificateError(why: "The PEM file has too many certificates.") }
                found.append(der)
                body = nil
            } else if body != nil {
                body?.append(contentsOf: line)
            }
        }
        guard body == nil else { throw CertificateError(why: "A PEM block has no end.") }
        return found
    }

    private static let begin = Array("-----BEGIN CERTIFICATE-----".utf8)
    private static let end = Array("-----END CERTIFICATE-----".utf8)
}
