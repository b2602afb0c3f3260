/// A Name of X.501: compared by its bytes first, then without regard to case, spaces and the kind of string (RFC 5280, 7.1).
struct DistinguishedName: Sendable {
    let encoded: ArraySlice<UInt8>
    let isEmpty: Bool
    let commonName: String?
    let organization: String?
    /// Types and values with their lengths, texts folded; equal for names that match.
    private let canonical: [UInt8]

    init(_ node: DERNode) throws(CertificateError) {
        encoded = node.encodedBytes
        guard node.tag == .sequence else { throw .malformed }
        var canonical: [UInt8] = []
        var name: String?
        var group: String?
        for relative in try node.children(limit: 64) {
            guard relative.tag == .set else { throw .malformed }
            let pairs = try relative.children(limit: 16)
            canonical.append(UInt8(pairs.count))
            for pair in pairs {
                var fields = try DERReader(pair)
                let type = try fields.next().objectIdentifier()
                let value = try fields.next()
                try fields.finish()
                let text = DistinguishedName.text(value)
                let folded = text.map { Array(DistinguishedName.folded($0).utf8) } ?? Array(value.encodedBytes)
                canonical.append(UInt8(type.content.count))
                canonical += type.content
                canonical += [text == nil ? 0 : 1, UInt8(folded.count >> 8 & 0xff), UInt8(folded.count & 0xff)]
                canonical += folded
                if type == .commonName { name = text }
                if type == .organization { group = text }
            }
        }
        isEmpty = canonical.isEmpty
        self.canonical = canonical
        commonName = name.map(DistinguishedName.shown)
        organization = group.map(DistinguishedName.shown)
    }

    /// The text of a directory string. Its alphabet is not judged: one issuer writes `_` and `@` in a PrintableString.
    private static func text(_ node: DERNode) -> String? {
        guard let bytes = try? node.primitive(), bytes.count <= 4_096 else { return nil }
        switch node.tag {
        case .utf8String, .printableString, .ia5String, .visibleString, .numericString, .teletexString:
            return String(decoding: bytes, as: UTF8.self)
        case .bmpString:
            guard bytes.count % 2 == 0 else { return nil }
            let units = stride(from: bytes.startIndex, to: bytes.endIndex, by: 2).map {
                UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
            }
            return String(decoding: units, as: UTF16.self)
        default:
            return nil
        }
    }

    /// At most 256 characters, without control characters.
    private static func shown(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.properties.generalCategory != .control }).prefix(256))
    }

    private static func folded(_ text: String) -> String {
        text.lowercased().split { $0 == " " }.joined(separator: " ")
    }

    func matches(_ other: DistinguishedName) -> Bool {
        encoded == other.encoded || canonical == other.canonical
    }
}
