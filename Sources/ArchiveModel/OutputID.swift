/// The upstream's ID of one generation task.
///
/// IDs are compared byte by byte: texts that differ only in Unicode normalisation name different tasks.
package struct TaskID: Sendable, Hashable {
    package let text: String

    /// - Returns: `nil` for a text that is empty, that contains white space or control characters, or whose ``fileStem`` exceeds
    ///   200 bytes. File names are limited to 255 bytes. No real task has such an ID; the text comes from a wrong line or a
    ///   hostile answer.
    package init?(_ text: String) {
        // Fast path: all IDs of the upstream contain only these bytes.
        if (1...200).contains(text.utf8.count), text.utf8.allSatisfy(Self.isKept) {
            self.text = text
            return
        }
        let isPlain = text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0.properties.generalCategory != .control }
        guard !text.isEmpty, text.utf8.count <= 200, isPlain else { return nil }
        self.text = text
        guard fileStem.utf8.count <= 200 else { return nil }
    }

    /// The ID as part of a file name. All bytes except ASCII letters, digits, `_`, `-` and inner dots are percent-encoded. So no
    /// ID can escape its folder, and no two IDs share a name.
    package var fileStem: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var stem: [UInt8] = []
        for (position, byte) in text.utf8.enumerated() {
            switch byte {
            case _ where Self.isKept(byte): stem.append(byte)
            case 0x2E where position > 0: stem.append(byte)
            default: stem += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: stem, as: UTF8.self)
    }

    /// The file name of the task's own record.
    package var recordName: String { "\(fileStem).task.json" }

    /// Whether a byte needs no escape in a file name.
    private static func isKept(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: true
        default: false
        }
    }
}

extension TaskID {
    package static func == (one: TaskID, other: TaskID) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8(0xFF))
    }
}

extension TaskID: CustomStringConvertible {
    package var description: String { text }
}

extension TaskID: Codable {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let id = TaskID(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not a task ID"))
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// One result of a task. A task may have several; their indices start at 0.
package struct OutputID: Sendable, Hashable {
    package let task: TaskID
    package let index: Int

    /// - Precondition: `index` is not negative.
    package init(task: TaskID, index: Int) {
        precondition(index >= 0)
        self.task = task
        self.index = index
    }

    /// `<task>-<index>`: the stem of the record's file name, and the output's name in URLs and notices.
    package var name: String { "\(task.fileStem)-\(index)" }

    /// Parses a ``name``.
    /// - Parameter name: Percent-decoded once, as by a router: the task's own text instead of its ``TaskID/fileStem``.
    package init?(name: some StringProtocol) {
        guard let dash = name.lastIndex(of: "-"), let index = Int(name[name.index(after: dash)...]), index >= 0,
            name[name.index(after: dash)...].allSatisfy(\.isASCII), let task = TaskID(String(name[..<dash]))
        else { return nil }
        self.init(task: task, index: index)
    }
}

extension OutputID: CustomStringConvertible {
    package var description: String { "\(task) #\(index)" }
}
