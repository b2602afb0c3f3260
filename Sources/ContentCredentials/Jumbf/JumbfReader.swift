/// A box of JUMBF (ISO 19566-5). Ranges count from the start of the store.
struct JumbfBox: Sendable {
    /// The four characters of the type, such as `jumb`.
    var kind: UInt32
    /// The whole box with its header.
    var range: Range<Int>
    /// The box without its header. The hash of a superbox covers exactly this (specification, 8.4.2.3).
    var payload: Range<Int>
    /// The description of a superbox.
    var description: JumbfDescription?
    /// The boxes of a superbox after its description. Empty for superboxes of unknown types, which are skipped (specification, 11.1.2).
    var children: [JumbfBox] = []
    /// The children by label, where there are many; -1 for a label that several bear.
    fileprivate var positions: [[UInt8]: Int] = [:]

    var label: String? { description?.label }

    func isKind(_ name: StaticString) -> Bool {
        kind == fourCharacters(name)
    }

    /// Whether this is a superbox of the C2PA type whose UUID begins with these four characters.
    func isSuperbox(_ type: StaticString) -> Bool {
        description.map { $0.isStandardType && $0.type == fourCharacters(type) } ?? false
    }

    /// The superbox with this label. A label that two of them bear is ambiguous and resolves to nothing (specification, 8.4.1).
    func child(_ label: String) -> JumbfBox? {
        if !positions.isEmpty {
            guard let position = positions[Array(label.utf8)], position >= 0 else { return nil }
            return children[position]
        }
        var found: JumbfBox?
        for child in children where child.description?.isAddressed(as: label) == true {
            guard found == nil else { return nil }
            found = child
        }
        return found
    }
}

extension JumbfBox {
    init(kind: UInt32, range: Range<Int>, payload: Range<Int>) {
        (self.kind, self.range, self.payload) = (kind, range, payload)
    }

    mutating func indexChildren() {
        guard children.count > 16 else { return }
        for (position, child) in children.enumerated() {
            guard let description = child.description, description.toggles & 3 == 3, let label = description.label else {
                continue
            }
            let key = Array(label.utf8)
            positions[key] = positions[key] == nil ? position : -1
        }
    }
}

struct JumbfDescription: Sendable {
    /// The first four characters of the type's UUID.
    var type: UInt32
    /// Whether the rest of the UUID is the one that JUMBF and C2PA share.
    var isStandardType: Bool
    /// Whether the type is the embedded file of ISO 19566-5, annex B.
    var isEmbeddedFile: Bool
    var toggles: UInt8
    var label: String?

    /// Only boxes that are requestable and have a label can be referred to (specification, 11.1.4.1.2).
    func isAddressed(as name: String) -> Bool {
        // Bytes are compared: Swift's strings call different bytes with one normal form equal.
        toggles & 3 == 3 && label.map { $0.utf8.elementsEqual(name.utf8) } ?? false
    }
}

func fourCharacters(_ name: StaticString) -> UInt32 {
    name.withUTF8Buffer { unsafe $0.reduce(0) { $0 << 8 | UInt32($1) } }
}

/// Reads the boxes of a manifest store. Bounded in depth and number; a box that overruns its parent refuses the whole store.
struct JumbfReader {
    private let bytes: [UInt8]
    private let limits: CredentialLimits
    private var count = 0

    private init(_ bytes: [UInt8], limits: CredentialLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// Reads the first box, which must be a superbox. Bytes may follow it.
    static func read(_ bytes: [UInt8], limits: CredentialLimits = CredentialLimits()) throws(MalformedData) -> JumbfBox {
        var reader = JumbfReader(bytes, limits: limits)
        let box = try reader.box(at: 0, end: bytes.count, depth: 0)
        guard box.isKind("jumb") else { throw MalformedData("the store does not begin with a JUMBF superbox") }
        return box
    }

    /// The boxes that fill `range`, without their contents.
    static func flatBoxes(_ bytes: [UInt8], in range: Range<Int>) throws(MalformedData) -> [JumbfBox] {
        let reader = JumbfReader(bytes, limits: CredentialLimits())
        var boxes: [JumbfBox] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let box = try reader.header(at: position, end: range.upperBound, isFirst: false)
            boxes.append(box)
            position = box.range.upperBound
        }
        return boxes
    }

    private func number(_ size: Int, at offset: Int) -> UInt64 {
        bytes[offset..<offset + size].reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func header(at start: Int, end: Int, isFirst: Bool) throws(MalformedData) -> JumbfBox {
        guard end - start >= 8 else { throw MalformedData("a JUMBF box ends within its header") }
        var length = number(4, at: start)
        let kind = UInt32(number(4, at: start + 4))
        var headerSize = 8
        if length == 1 {
            guard end - start >= 16 else { throw MalformedData("a JUMBF box ends within its header") }
            length = number(8, at: start + 8)
            headerSize = 16
        } else if length == 0, isFirst {
            // ISO 19566-5: length 0 is a box up to the end of the file.
            length = UInt64(end - start)
        }
        guard length >= UInt64(headerSize), length <= UInt64(end - start) else {
            throw MalformedData("a JUMBF box has a wrong length")
        }
        let range = start..<start + Int(length)
        return JumbfBox(kind: kind, range: range, payload: start + headerSize..<range.upperBound)
    }

    private mutating func box(at start: Int, end: Int, depth: Int) throws(MalformedData) -> JumbfBox {
        guard depth < limits.boxDepth else { throw MalformedData("JUMBF boxes nest deeper than \(limits.boxDepth)") }
        count += 1
        guard count <= limits.boxes else { throw MalformedData("the store has more than \(limits.boxes) boxes") }
        var box = try header(at: start, end: end, isFirst: depth == 0)
        guard box.isKind("jumb") else { return box }
        let first = try header(at: box.payload.lowerBound, end: box.payload.upperBound, isFirst: false)
        guard first.isKind("jumd") else { throw MalformedData("a JUMBF superbox has no description") }
        let description = try readDescription(in: first.payload)
        box.description = description
        guard Self.readsContents(of: description) else { return box }
        var position = first.range.upperBound
        var children: [JumbfBox] = []
        while position < box.payload.upperBound {
            let child = try self.box(at: position, end: box.payload.upperBound, depth: depth + 1)
            guard !child.isKind("jumd") else { throw MalformedData("a JUMBF superbox has two descriptions") }
            children.append(child)
            position = child.range.upperBound
        }
        box.children = children
        box.indexChildren()
        return box
    }

    private static func readsContents(of description: JumbfDescription) -> Bool {
        if description.isEmbeddedFile { return true }
        guard description.isStandardType else { return false }
        let known: [StaticString] = [
            "c2pa", "c2ma", "c2um", "c2md", "c2cm", "c2tm", "c2as", "c2cl", "c2cs", "c2db", "c2vc", "cbor", "json", "uuid",
        ]
        return known.contains { fourCharacters($0) == description.type }
    }

    private func readDescription(in range: Range<Int>) throws(MalformedData) -> JumbfDescription {
        guard range.count >= 17 else { throw MalformedData("a JUMBF description is too short") }
        let start = range.lowerBound
        let tail: [UInt8] = [0x00, 0x11, 0x00, 0x10, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71]
        let file: [UInt8] = [0x40, 0xcb, 0x0c, 0x32, 0xbb, 0x8a, 0x48, 0x9d, 0xa7, 0x0b, 0x2a, 0xd6, 0xf4, 0x7f, 0x43, 0x69]
        var description = JumbfDescription(
            type: UInt32(number(4, at: start)), isStandardType: bytes[start + 4..<start + 16].elementsEqual(tail),
            isEmbeddedFile: bytes[start..<start + 16].elementsEqual(file), toggles: bytes[start + 16])
        var position = start + 17
        if description.toggles & 2 != 0 {
            guard let end = bytes[position..<range.upperBound].firstIndex(of: 0) else {
                throw MalformedData("a JUMBF label has no end")
            }
            description.label = try readLabel(in: position..<end)
            position = end + 1
        }
        position += (description.toggles & 4 != 0 ? 4 : 0) + (description.toggles & 8 != 0 ? 32 : 0)
        guard position <= range.upperBound else { throw MalformedData("a JUMBF description is too short") }
        guard description.toggles & 0xe0 == 0 else { throw MalformedData("a JUMBF description has a reserved toggle") }
        if description.toggles & 16 != 0 {
            // The only private field of C2PA is the salt (specification, 8.4.2.3).
            let salt = try header(at: position, end: range.upperBound, isFirst: false)
            guard salt.isKind("c2sh"), [16, 32].contains(salt.payload.count) else {
                throw MalformedData("a JUMBF description has a wrong salt")
            }
            position = salt.range.upperBound
        }
        guard position == range.upperBound else { throw MalformedData("bytes follow a JUMBF description") }
        return description
    }

    private func readLabel(in range: Range<Int>) throws(MalformedData) -> String {
        guard range.count <= limits.labelBytes else {
            throw MalformedData("a JUMBF label is longer than \(limits.labelBytes) bytes")
        }
        guard let label = String(validating: bytes[range], as: UTF8.self) else {
            throw MalformedData("a JUMBF label is not UTF-8")
        }
        for scalar in label.unicodeScalars {
            switch scalar.value {
            case 0x00...0x1f, 0x7f...0x9f, 0x2f, 0x3b, 0x3f, 0x23, 0xfeff, 0xffff:
                throw MalformedData("a JUMBF label has a forbidden character")
            default: continue
            }
        }
        return label
    }
}
