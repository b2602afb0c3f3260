package import Foundation

/// The name of a seal: its day, and its number among the seals of this day.
package struct SealName: Sendable, Hashable, Comparable {
    package let day: SealDay
    /// From 1. Records that are found after a seal was made get another one.
    package let number: Int

    package init(day: SealDay, number: Int) { (self.day, self.number) = (day, number) }

    /// `2026-11-26`, and `2026-11-26-2` for the second one.
    package var text: String { number == 1 ? day.text : "\(day.text)-\(number)" }

    package init?(_ text: String) {
        guard let day = SealDay(String(text.prefix(10))) else { return nil }
        let rest = text.dropFirst(10)
        guard let number = rest.isEmpty ? 1 : Int(rest.dropFirst()), number > 0 else { return nil }
        self.init(day: day, number: number)
        guard self.text == text else { return nil }
    }

    package static func < (one: SealName, other: SealName) -> Bool { (one.day, one.number) < (other.day, other.number) }
}

/// The seal over the records of one day: a Merkle tree over what they say. Its file is never changed.
package struct DaySeal: Sendable, Hashable, Codable {
    package static let currentFormat = "fixative.seal/1"
    /// The most leaves of one seal. More records of a day get more seals, so that each file stays small.
    package static let mostLeaves = 20_000

    package var format = DaySeal.currentFormat
    package var about = DaySeal.explanation
    package var archive: String
    package var day: SealDay
    package var number: Int
    package var createdAt: Date
    package var treeSize: Int
    package var root: Digest
    /// In the order of task IDs (by their bytes) and indices. Each one is the text that is hashed.
    package var leaves: [String]

    package init(_ name: SealName, archive: String, outputs: [SealedOutput], createdAt: Date) throws {
        leaves = try Self.sorted(outputs).map { try $0.leaf() }
        self.archive = archive
        (day, number) = (name.day, name.number)
        self.createdAt = createdAt
        treeSize = leaves.count
        root = MerkleTree(leaves.map { Array($0.utf8) }).root
    }

    package static func sorted(_ outputs: [SealedOutput]) -> [SealedOutput] {
        outputs.sorted { one, other in
            one.task == other.task
                ? one.index < other.index : one.task.text.utf8.lexicographicallyPrecedes(other.task.text.utf8)
        }
    }

    package var name: SealName { SealName(day: day, number: number) }

    package var tree: MerkleTree { MerkleTree(leaves.map { Array($0.utf8) }) }

    /// The contents of the leaves.
    /// - Throws: ``RecordFileError`` for a leaf that can't be read.
    package func outputs() throws(RecordFileError) -> [SealedOutput] {
        do {
            return try leaves.map { try ArchiveDecoder.decode(SealedOutput.self, from: $0) }
        } catch { throw RecordFileError("one of its leaves can't be read: \(error)") }
    }

    private static let explanation = """
        Records of one day, as they were when this file was made. Each leaf is the text in 'leaves', in UTF-8. The root is \
        that of a Merkle tree as in RFC 6962: SHA-256(0x00 || leaf), SHA-256(0x01 || left || right). The time stamp of RFC \
        3161 over the root, if there is one, is in the file of the same name that ends in .tst.
        """

    // MARK: The file

    /// The bytes of the file. Like a record, its second line is the SHA-256 of all other lines.
    package func bytes() throws -> [UInt8] {
        RecordFile.sealing(Array(try JSONEncoder.archive(pretty: true).encode(self)) + [0x0A])
    }

    /// Reads a file, and computes its tree again.
    /// - Throws: ``RecordFileError`` for bytes that are not a seal, or were changed after they were written.
    package init(file bytes: [UInt8], name: SealName) throws(RecordFileError) {
        guard bytes.count > RecordFile.seal.upperBound else { throw RecordFileError("it is not a seal") }
        let body = Array(bytes[..<RecordFile.seal.lowerBound] + bytes[RecordFile.seal.upperBound...])
        guard RecordFile.sealing(body) == bytes else {
            throw RecordFileError("it was changed after it was written: line 2 is not the SHA-256 of the other lines")
        }
        do {
            self = try ArchiveDecoder.decode(DaySeal.self, from: bytes)
        } catch { throw RecordFileError("it can't be read: \(error)") }
        guard format == Self.currentFormat else { throw RecordFileError("its format '\(format.prefix(40))' is not known") }
        guard self.name == name else { throw RecordFileError("it is the seal \(self.name.text)") }
        guard treeSize == leaves.count else { throw RecordFileError("it has \(leaves.count) leaves instead of \(treeSize)") }
        let found = tree.root
        guard found == root else { throw RecordFileError("its leaves have the root \(found), and it says \(root)") }
    }
}
