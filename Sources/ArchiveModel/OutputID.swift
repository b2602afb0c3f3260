/// The upstream's name for one generation task.
///
/// Two ids are the same when their bytes are: texts that differ only in their Unicode normalisation name two tasks.
package struct TaskID: Sendable, Hashable {
    package let text: String

    /// - Returns: `nil` for a text that is empty, that holds white space or control characters, or whose ``fileStem`` is longer than
    ///   200 bytes, since a file's name has room for 255: no task is called so, and such a text comes from a wrong line or a hostile
    ///   answer.
    package init?(_ text: String) {
        // As all of the upstream's are: to look at the bytes is enough, and quick.
        if (1...200).contains(text.utf8.count), text.utf8.allSatisfy(Self.isKept) {
            self.text = text
            return
        }
        let isPlain = text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0.properties.generalCategory != .control }
        guard !text.isEmpty, text.utf8.count <= 200, isPlain else { return nil }
        self.text = text
        guard fileStem.utf8.count <= 200 else { return nil }
    }

    /// The id as a part of a file name: everything but ASCII letters, digits, `_`, `-` and inner dots is percent-encoded, so that no
    /// id can leave its folder, and no two ids share a name.
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

    /// The name of the task's own record.
    package var recordName: String { "\(fileStem).task.json" }

    /// Whether a byte stands for itself in a file's name.
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
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is no task id"))
        }
        self = id
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// One result of a task. A task may have several; they count from 0.
package struct OutputID: Sendable, Hashable {
    package let task: TaskID
    package let index: Int

    /// - Precondition: `index` is not negative.
    package init(task: TaskID, index: Int) {
        precondition(index >= 0)
        self.task = task
        self.index = index
    }
}

extension OutputID: CustomStringConvertible {
    package var description: String { "\(task) #\(index)" }
}
