package import Foundation

/// An output record or a task record.
package enum StoredRecord: Sendable, Hashable {
    case output(ArchiveRecord)
    case task(TaskRecord)

    package var task: TaskID {
        switch self {
        case .output(let record): record.task
        case .task(let record): record.task
        }
    }

    /// The index of the output; `nil` for the record of a task.
    package var index: Int? {
        guard case .output(let record) = self else { return nil }
        return record.index
    }

    /// The day of the folder that holds the record: when the task was created, or discovered if the creation time is unknown.
    package var day: Date {
        switch self {
        case .output(let record): record.createdAt ?? record.discoveredAt
        case .task(let record): record.createdAt ?? record.discoveredAt
        }
    }
}

/// The file format of a record: JSON whose second line is the SHA-256 of all other lines. A record can be verified without the
/// catalog: `sed 2d FILE | sha256sum` prints the value in line 2.
///
/// Records of format 1 have no such line and are read without this check.
package enum RecordFile {
    /// Encodes a record in the current format.
    package static func bytes(of record: StoredRecord) throws -> [UInt8] {
        let encoder = JSONEncoder.archive(pretty: true)
        switch record {
        case .output(var record):
            record.format = ArchiveRecord.currentFormat
            record.replaceInvalidMediaTypes()
            return sealed(Array(try encoder.encode(record)) + [0x0A])
        case .task(var record):
            record.format = TaskRecord.currentFormat
            return sealed(Array(try encoder.encode(record)) + [0x0A])
        }
    }

    /// Reads a record and verifies its checksum.
    /// - Throws: ``RecordFileError`` for bytes that are not a record or were changed after writing.
    package static func read(_ bytes: [UInt8]) throws(RecordFileError) -> StoredRecord {
        let isSealed = try checkSeal(bytes)
        struct Kind: Decodable { var format: String }
        do {
            let json = try ArchiveDecoder.decode(JSONValue.self, from: bytes)
            let format = try ArchiveDecoder.decode(Kind.self, from: json).format
            guard isSealed || [ArchiveRecord.unsealedFormat, TaskRecord.unsealedFormat].contains(format) else {
                throw RecordFileError(
                    "its second line must be the SHA-256 of the other lines, because its format is '\(format)'")
            }
            switch format {
            case ArchiveRecord.currentFormat, ArchiveRecord.unsealedFormat:
                let record = try ArchiveDecoder.decode(ArchiveRecord.self, from: json)
                if let value = record.absurdValue { throw RecordFileError("it has an impossible value: \(value)") }
                return .output(record)
            case TaskRecord.currentFormat, TaskRecord.unsealedFormat:
                return .task(try ArchiveDecoder.decode(TaskRecord.self, from: json))
            default: throw RecordFileError("its format '\(format)' is not known")
            }
        } catch let error as RecordFileError {
            throw error
        } catch {
            throw RecordFileError(String(describing: error))
        }
    }

    private static let opening = Array("{\n".utf8)
    private static let sealStart = Array("  \"_sha256\" : \"".utf8)
    private static let sealEnd = Array("\",\n".utf8)
    private static let sealLength = sealStart.count + 64 + sealEnd.count

    private static func sealed(_ body: [UInt8]) -> [UInt8] {
        opening + sealStart + Array(hash([body[...]]).utf8) + sealEnd + body.dropFirst(opening.count)
    }

    /// - Returns: Whether the record has a checksum line.
    private static func checkSeal(_ bytes: [UInt8]) throws(RecordFileError) -> Bool {
        guard bytes.starts(with: opening + sealStart) else { return false }
        let line = bytes.dropFirst(opening.count).prefix(sealLength)
        let stated = line.dropFirst(sealStart.count).prefix(64)
        let found = hash([opening[...], bytes.dropFirst(opening.count + sealLength)])
        guard line.count == sealLength, line.suffix(sealEnd.count).elementsEqual(sealEnd), stated.elementsEqual(found.utf8) else {
            throw RecordFileError("it was changed after it was written: without line 2, its SHA-256 is \(found)")
        }
        return true
    }

    /// The byte range of line 2, the checksum line.
    package static let seal = opening.count..<opening.count + sealLength

    /// Inserts the checksum line into a record that lacks its second line.
    package static func sealing(_ body: [UInt8]) -> [UInt8] { sealed(body) }

    private static func hash(_ parts: [ArraySlice<UInt8>]) -> String {
        var hash = Digest.Accumulator()
        for part in parts { hash.update(part) }
        return hash.digest().hex
    }
}

/// Why the bytes are not a valid record.
package struct RecordFileError: Error, Sendable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}
