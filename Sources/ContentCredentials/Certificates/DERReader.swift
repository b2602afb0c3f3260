import SwiftASN1

/// Reads the children of one DER node in their order.
///
/// Every mismatch is thrown as a `CertificateError`, so that a hostile structure is a result for the caller and never a trap.
struct DERReader {
    private var iterator: ASN1NodeCollection.Iterator
    private var head: ASN1Node?

    /// Opens a constructed node with the given identifier.
    init(_ node: ASN1Node, as identifier: ASN1Identifier = .sequence) throws(CertificateError) {
        guard node.identifier == identifier, case .constructed(let children) = node.content else {
            throw CertificateError.malformed
        }
        iterator = children.makeIterator()
        head = iterator.next()
    }

    /// Parses bytes that hold exactly one DER value.
    static func parse(_ bytes: ArraySlice<UInt8>, limit: Int) throws(CertificateError) -> ASN1Node {
        guard !bytes.isEmpty, bytes.count <= limit else { throw CertificateError.malformed }
        do {
            return try DER.parse(bytes)
        } catch {
            throw CertificateError.malformed
        }
    }

    var isAtEnd: Bool { head == nil }

    mutating func next() throws(CertificateError) -> ASN1Node {
        guard let node = head else { throw CertificateError.malformed }
        head = iterator.next()
        return node
    }

    mutating func next(_ identifier: ASN1Identifier) throws(CertificateError) -> ASN1Node {
        guard head?.identifier == identifier else { throw CertificateError.malformed }
        return try next()
    }

    /// The next node when it has this identifier.
    mutating func optional(_ identifier: ASN1Identifier) throws(CertificateError) -> ASN1Node? {
        head?.identifier == identifier ? try next() : nil
    }

    /// Opens the next node as a sequence.
    mutating func sequence() throws(CertificateError) -> DERReader {
        try DERReader(next(.sequence))
    }

    func finish() throws(CertificateError) {
        guard head == nil else { throw CertificateError.malformed }
    }
}

extension ASN1Identifier {
    static func context(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }
}

extension ASN1Node {
    /// The content of a primitive node.
    func primitive() throws(CertificateError) -> ArraySlice<UInt8> {
        guard case .primitive(let bytes) = content else { throw CertificateError.malformed }
        return bytes
    }

    /// The only child of an explicitly tagged node.
    func explicitChild() throws(CertificateError) -> ASN1Node {
        guard case .constructed(let children) = content else { throw CertificateError.malformed }
        var iterator = children.makeIterator()
        guard let child = iterator.next(), iterator.next() == nil else { throw CertificateError.malformed }
        return child
    }

    /// The children of a constructed node, at most `limit`.
    func children(limit: Int) throws(CertificateError) -> [ASN1Node] {
        guard case .constructed(let children) = content else { throw CertificateError.malformed }
        var nodes: [ASN1Node] = []
        for node in children {
            guard nodes.count < limit else { throw CertificateError.malformed }
            nodes.append(node)
        }
        return nodes
    }

    func objectIdentifier() throws(CertificateError) -> OID {
        guard identifier == .objectIdentifier else { throw CertificateError.malformed }
        let bytes = try primitive()
        // The limit is far above every identifier in use.
        guard let last = bytes.last, last & 0x80 == 0, bytes.count <= 64 else { throw CertificateError.malformed }
        return OID(content: Array(bytes))
    }

    /// The content of an INTEGER, in its shortest form.
    func integer() throws(CertificateError) -> ArraySlice<UInt8> {
        guard identifier == .integer else { throw CertificateError.malformed }
        let bytes = try primitive()
        guard let first = bytes.first else { throw CertificateError.malformed }
        if bytes.count > 1, let second = bytes.dropFirst().first {
            let isPadded = (first == 0 && second < 0x80) || (first == 0xff && second >= 0x80)
            guard !isPadded else { throw CertificateError.malformed }
        }
        return bytes
    }

    /// An INTEGER from 0 to 2^31 - 1.
    func smallInteger() throws(CertificateError) -> Int {
        let bytes = try integer()
        guard bytes.count <= 4, let first = bytes.first, first < 0x80 else { throw CertificateError.malformed }
        return bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    /// A BIT STRING of whole bytes, as keys and signatures are.
    func bitStringBytes() throws(CertificateError) -> ArraySlice<UInt8> {
        guard identifier == .bitString else { throw CertificateError.malformed }
        let bytes = try primitive()
        guard bytes.first == 0 else { throw CertificateError.malformed }
        return bytes.dropFirst()
    }

    func octetString() throws(CertificateError) -> ArraySlice<UInt8> {
        guard identifier == .octetString else { throw CertificateError.malformed }
        return try primitive()
    }

    /// DER allows only 0x00 and 0xff.
    func boolean() throws(CertificateError) -> Bool {
        guard identifier == .boolean else { throw CertificateError.malformed }
        let bytes = try primitive()
        guard bytes.count == 1, let value = bytes.first, value == 0 || value == 0xff else { throw CertificateError.malformed }
        return value == 0xff
    }
}

/// Something in a certificate, a token or a list that can't be read or is not allowed.
package struct CertificateError: Error, Hashable {
    /// One short sentence.
    package var why: String

    static let malformed = CertificateError(why: "The DER encoding is damaged.")
}
