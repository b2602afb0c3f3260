/// The class and number of a tag of one byte, without the bit for constructed values.
struct DERTag: Hashable, Sendable {
    let value: UInt8

    static let boolean = DERTag(value: 0x01)
    static let integer = DERTag(value: 0x02)
    static let bitString = DERTag(value: 0x03)
    static let octetString = DERTag(value: 0x04)
    static let objectIdentifier = DERTag(value: 0x06)
    static let enumerated = DERTag(value: 0x0a)
    static let utf8String = DERTag(value: 0x0c)
    static let sequence = DERTag(value: 0x10)
    static let set = DERTag(value: 0x11)
    static let numericString = DERTag(value: 0x12)
    static let printableString = DERTag(value: 0x13)
    static let teletexString = DERTag(value: 0x14)
    static let ia5String = DERTag(value: 0x16)
    static let utcTime = DERTag(value: 0x17)
    static let generalizedTime = DERTag(value: 0x18)
    static let visibleString = DERTag(value: 0x1a)
    static let bmpString = DERTag(value: 0x1e)

    /// Context-specific tags 0 to 30.
    static func context(_ number: UInt8) -> DERTag {
        DERTag(value: 0x80 | number & 0x1f)
    }
}

/// One value in DER. What is inside a constructed value is read only when somebody asks for it,
/// so the work is bounded by the structures that are known, and nothing recurses.
struct DERNode {
    let tag: DERTag
    let isConstructed: Bool
    let content: ArraySlice<UInt8>
    /// Tag, length and content.
    let encodedBytes: ArraySlice<UInt8>

    /// Takes one value from the front of `bytes`.
    ///
    /// Lengths are definite, in their shortest form, and at most 2^24 - 1; tags have one byte (X.690, 10.1).
    init(from bytes: inout ArraySlice<UInt8>) throws(CertificateError) {
        let start = bytes.startIndex
        guard bytes.count >= 2, bytes[start] & 0x1f != 0x1f, bytes[start] & 0xdf != 0 else { throw .malformed }
        var position = start + 2
        var length = Int(bytes[start + 1])
        if length >= 0x80 {
            let width = length & 0x7f
            guard (1...3).contains(width), bytes.endIndex - position >= width else { throw .malformed }
            length = bytes[position..<position + width].reduce(0) { $0 << 8 | Int($1) }
            guard length >= 0x80, length >= 1 << (8 * (width - 1)) else { throw .malformed }
            position += width
        }
        guard bytes.endIndex - position >= length else { throw .malformed }
        tag = DERTag(value: bytes[start] & 0xdf)
        isConstructed = bytes[start] & 0x20 != 0
        content = bytes[position..<position + length]
        encodedBytes = bytes[start..<position + length]
        bytes = bytes[(position + length)...]
    }

    /// From bytes that hold exactly one value.
    init(whole bytes: ArraySlice<UInt8>, limit: Int) throws(CertificateError) {
        guard bytes.count <= limit else { throw .malformed }
        var rest = bytes
        try self.init(from: &rest)
        guard rest.isEmpty else { throw .malformed }
    }

    /// The content of a primitive value.
    func primitive() throws(CertificateError) -> ArraySlice<UInt8> {
        guard !isConstructed else { throw .malformed }
        return content
    }

    /// The only child of an explicitly tagged value.
    func explicitChild() throws(CertificateError) -> DERNode {
        guard isConstructed else { throw .malformed }
        return try DERNode(whole: content, limit: content.count)
    }

    /// The children of a constructed value, at most `limit`.
    func children(limit: Int) throws(CertificateError) -> [DERNode] {
        guard isConstructed else { throw .malformed }
        var nodes: [DERNode] = []
        var rest = content
        while !rest.isEmpty {
            guard nodes.count < limit else { throw .malformed }
            nodes.append(try DERNode(from: &rest))
        }
        return nodes
    }
}

extension DERNode {
    private func primitive(_ expected: DERTag) throws(CertificateError) -> ArraySlice<UInt8> {
        guard tag == expected else { throw .malformed }
        return try primitive()
    }

    func objectIdentifier() throws(CertificateError) -> OID {
        let bytes = try primitive(.objectIdentifier)
        // The limit is far above every identifier in use.
        guard let last = bytes.last, last & 0x80 == 0, bytes.count <= 64 else { throw .malformed }
        return OID(content: Array(bytes))
    }

    /// The content of an INTEGER, in its shortest form.
    func integer() throws(CertificateError) -> ArraySlice<UInt8> {
        let bytes = try primitive(.integer)
        guard let first = bytes.first else { throw .malformed }
        if let second = bytes.dropFirst().first {
            let isPadded = (first == 0 && second < 0x80) || (first == 0xff && second >= 0x80)
            guard !isPadded else { throw .malformed }
        }
        return bytes
    }

    /// The bytes of an INTEGER without a leading zero byte.
    func serialNumber() throws(CertificateError) -> [UInt8] {
        let bytes = try integer()
        // RFC 5280 allows 20 bytes.
        guard bytes.count <= 64 else { throw .malformed }
        return Array(bytes.first == 0 && bytes.count > 1 ? bytes.dropFirst() : bytes)
    }

    /// An INTEGER from 0 to 2^31 - 1.
    func smallInteger() throws(CertificateError) -> Int {
        let bytes = try integer()
        guard bytes.count <= 4, let first = bytes.first, first < 0x80 else { throw .malformed }
        return bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    /// A BIT STRING of whole bytes, as keys and signatures are.
    func bitStringBytes() throws(CertificateError) -> ArraySlice<UInt8> {
        let bytes = try primitive(.bitString)
        guard bytes.first == 0 else { throw .malformed }
        return bytes.dropFirst()
    }

    func octetString() throws(CertificateError) -> ArraySlice<UInt8> {
        try primitive(.octetString)
    }

    /// DER allows only 0x00 and 0xff.
    func boolean() throws(CertificateError) -> Bool {
        let bytes = try primitive(.boolean)
        guard bytes.count == 1, let value = bytes.first, value == 0 || value == 0xff else { throw .malformed }
        return value == 0xff
    }
}

/// Reads the children of one constructed value in their order.
///
/// Every mismatch is thrown as a `CertificateError`, so that a hostile structure is a result for the caller and never a trap.
struct DERReader {
    private var rest: ArraySlice<UInt8>

    /// Opens a constructed value with the given tag.
    init(_ node: DERNode, as tag: DERTag = .sequence) throws(CertificateError) {
        guard node.tag == tag, node.isConstructed else { throw .malformed }
        rest = node.content
    }

    var isAtEnd: Bool { rest.isEmpty }

    private var nextTag: DERTag? { rest.first.map { DERTag(value: $0 & 0xdf) } }

    mutating func next() throws(CertificateError) -> DERNode {
        try DERNode(from: &rest)
    }

    mutating func next(_ tag: DERTag) throws(CertificateError) -> DERNode {
        guard nextTag == tag else { throw .malformed }
        return try next()
    }

    /// The next value when it has this tag.
    mutating func optional(_ tag: DERTag) throws(CertificateError) -> DERNode? {
        nextTag == tag ? try next() : nil
    }

    /// Opens the next value as a sequence.
    mutating func sequence() throws(CertificateError) -> DERReader {
        try DERReader(next(.sequence))
    }

    func finish() throws(CertificateError) {
        guard rest.isEmpty else { throw .malformed }
    }
}

/// Something in a certificate, a token or a list that can't be read or is not allowed.
package struct CertificateError: Error, Hashable {
    /// One short sentence.
    package var why: String

    static let malformed = CertificateError(why: "The DER encoding is damaged.")
}
