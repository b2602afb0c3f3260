/// A Name of X.501: compared by its bytes first, then without regard to case, spaces and the kind of string (RFC 5280, 7.1).
struct DistinguishedName: Sendable {
    let encoded: ArraySlice<UInt8>
    let commonName: String?
    let organization: String?
    private let attributes: [Attribute]

    private struct Attribute: Hashable, Sendable {
        var set: Int
        var type: OID
        var value: [UInt8]
        /// Without regard to case and spaces.
        var folded: String?
    }

    var isEmpty: Bool { attributes.isEmpty }

    init(_ node: DERNode) throws(CertificateError) {
        encoded = node.encodedBytes
        guard node.tag == .sequence else { throw .malformed }
        var attributes: [Attribute] = []
        var name: String?
        var group: String?
        for (set, relative) in try node.children(limit: 64).enumerated() {
            guard relative.tag == .set else { throw .malformed }
            for pair in try relative.children(limit: 16) {
                var fields = try DERReader(pair)
                let type = try fields.next().objectIdentifier()
                let value = try fields.next()
                try fields.finish()
                let text = DistinguishedName.text(value)
                attributes.append(
                    Attribute(set: set, type: type, value: Array(value.encodedBytes), folded: text.map(DistinguishedName.folded)))
                if type == .commonName { name = text }
                if type == .organization { group = text }
            }
        }
        self.attributes = attributes
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

    func matches(_ other: DistinguishedName) -> Bool {
        if encoded == other.encoded { return true }
        guard attributes.count == other.attributes.count else { return false }
        return zip(attributes, other.attributes).allSatisfy { mine, theirs in
            guard mine.set == theirs.set, mine.type == theirs.type else { return false }
            return mine.value == theirs.value || (mine.folded != nil && mine.folded == theirs.folded)
        }
    }

    private static func folded(_ text: String) -> String {
        text.lowercased().split { $0 == " " }.joined(separator: " ")
    }
}
