/// The origin that a file declares for itself, as a term of IPTC's vocabulary "Digital Source Type".
public struct DigitalSourceType: Sendable, Hashable, Codable {
    /// The part of the file that contains the declaration.
    public enum Origin: String, Sendable, Hashable, Codable {
        /// `Iptc4xmpExt:DigitalSourceType` of the XMP packet.
        case xmp
        /// `digitalSourceType` of an action in Content Credentials that were verified. This room does not read them.
        case contentCredentials
    }

    /// As declared, such as `http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia`. At most 256 characters, all
    /// of which are allowed in a URI.
    public var uri: String
    public var origin: Origin

    /// Returns nil for text with characters that are not allowed in a URI.
    public init?(uri: String, origin: Origin) {
        guard Self.isURI(Array(uri.utf8)) else { return nil }
        self.uri = uri
        self.origin = origin
    }

    private static func isURI(_ bytes: [UInt8]) -> Bool {
        1...256 ~= bytes.count
            && bytes.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: [0x23, 0x25, 0x2B, 0x2D, 0x2E, 0x2F, 0x3A, 0x3D, 0x3F, 0x5F, 0x7E].contains(byte)
                }
            }
    }
}

// IPTC Photo Metadata Standard, "Digital Source Type"; XMP specification, part 1, section 7.9 (serialized forms of a property).
extension DigitalSourceType {
    static let namespace = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"

    /// Finds the property as an attribute, as an element, or as an element with an `rdf:resource`. This is a search, not a full
    /// XML parser.
    static func find(inXMP packet: [UInt8]) -> String? {
        let bytes = packet.span
        guard let uri = bytes.firstIndex(of: Array(namespace.utf8), in: 0..<bytes.count),
            let prefix = prefix(bytes, boundAt: uri)
        else { return nil }
        let name = prefix + Array(":DigitalSourceType".utf8)
        var from = 0
        while let found = bytes.firstIndex(of: name, in: from..<bytes.count) {
            from = found + name.count
            guard found > 0, bytes[found - 1] == 0x3C || isSpace(bytes[found - 1]) else { continue }
            let value = bytes[found - 1] == 0x3C ? elementValue(bytes, from) : quotedValue(bytes, from)
            if let value { return value }
        }
        return nil
    }

    /// The prefix from `xmlns:prefix="` before the namespace.
    private static func prefix(_ bytes: Span<UInt8>, boundAt uri: Int) -> [UInt8]? {
        var end = uri - 1
        guard end > 0, bytes[end] == 0x22 || bytes[end] == 0x27 else { return nil }
        while end > 0, bytes[end - 1] == 0x3D || isSpace(bytes[end - 1]) { end -= 1 }
        var start = end
        while start > 0, bytes[start - 1] != 0x3A, end - start < 64 { start -= 1 }
        guard start < end, bytes.matches("xmlns:", at: start - 6) else { return nil }
        return bytes.copy(start..<end)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

    /// Reads `="value"` or `='value'`.
    private static func quotedValue(_ bytes: Span<UInt8>, _ start: Int) -> String? {
        var start = start
        while start < bytes.count, bytes[start] == 0x3D || isSpace(bytes[start]) { start += 1 }
        guard start < bytes.count, bytes[start] == 0x22 || bytes[start] == 0x27,
            let end = bytes.firstIndex(of: bytes[start], in: start + 1..<bytes.count)
        else { return nil }
        return text(bytes, start + 1..<end)
    }

    /// The text between the tags, or the resource named in the start tag.
    private static func elementValue(_ bytes: Span<UInt8>, _ start: Int) -> String? {
        guard let tagEnd = bytes.firstIndex(of: 0x3E, in: start..<bytes.count) else { return nil }
        if let resource = bytes.firstIndex(of: Array("rdf:resource".utf8), in: start..<tagEnd) {
            return quotedValue(bytes, resource + 12)
        }
        guard let end = bytes.firstIndex(of: 0x3C, in: tagEnd..<bytes.count) else { return nil }
        return text(bytes, tagEnd + 1..<end)
    }

    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String? {
        guard range.count <= 1024 else { return nil }
        let trimmed = bytes.copy(range).drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        return isURI(Array(trimmed)) ? String(decoding: Array(trimmed), as: UTF8.self) : nil
    }
}

/// An XMP packet for a derivative.
public enum XMPPacket {
    /// A packet that contains only the source type. The output is deterministic.
    public static func declaring(_ type: DigitalSourceType) -> [UInt8] {
        // No escaping needed: `type.uri` holds no character that is special in an attribute.
        let text = """
            <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">\
            <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" \
            xmlns:Iptc4xmpExt="\(DigitalSourceType.namespace)" Iptc4xmpExt:DigitalSourceType="\(type.uri)"/>\
            </rdf:RDF></x:xmpmeta><?xpacket end="r"?>
            """
        return Array(text.utf8)
    }
}
