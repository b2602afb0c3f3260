package import Foundation

/// A claim that was marked, so that later claims leave its outputs out. Its file is never changed.
package struct ClaimRecord: Sendable, Hashable, Codable {
    package static let currentFormat = "fixative.claim/1"

    /// The sums in one unit. Amounts are decimal numbers in strings.
    package struct Sum: Sendable, Hashable, Codable {
        /// `credits` or a currency.
        package var unit: String
        package var charged: String
        package var owed: String

        package init(unit: String, charged: String, owed: String) {
            (self.unit, self.charged, self.owed) = (unit, charged, owed)
        }
    }

    /// A claimed output, or a call without one.
    package struct Item: Sendable, Hashable, Codable {
        package var task: TaskID
        /// `nil` for a call without an output.
        package var index: Int?
        package var unit: String
        package var charged: String
        package var owed: String
        package var reasons: [String]

        package init(_ subject: ClaimSubject, unit: String, charged: String, owed: String, reasons: [String]) {
            (task, index) = (subject.task, subject.index)
            (self.unit, self.charged, self.owed, self.reasons) = (unit, charged, owed, reasons)
        }

        package var subject: ClaimSubject { ClaimSubject(task: task, index: index) }
    }

    package var format = ClaimRecord.currentFormat
    package var id: ClaimID
    /// The ID of the archive.
    package var archive: String
    package var since: Date
    package var until: Date
    /// The number of the account; `nil` for all accounts.
    package var account: Int64?
    /// `nil` for all models.
    package var model: String?
    package var markedAt: Date
    package var sums: [Sum]
    package var items: [Item]

    package init(
        id: ClaimID, archive: String, since: Date, until: Date, account: Int64?, model: String?, markedAt: Date, sums: [Sum],
        items: [Item]
    ) {
        (self.id, self.archive, self.since, self.until) = (id, archive, since, until)
        (self.account, self.model, self.markedAt, self.sums, self.items) = (account, model, markedAt, sums, items)
    }

    // MARK: The file

    /// The bytes of the file. Like a record, its second line is the SHA-256 of all other lines.
    package func bytes() throws -> [UInt8] {
        RecordFile.sealing(Array(try JSONEncoder.archive(pretty: true).encode(self)) + [0x0A])
    }

    /// - Throws: ``RecordFileError`` for bytes that are not this claim, or were changed after they were written.
    package init(file bytes: [UInt8], id: ClaimID) throws(RecordFileError) {
        guard bytes.count > RecordFile.seal.upperBound else { throw RecordFileError("it is not a claim") }
        let body = Array(bytes[..<RecordFile.seal.lowerBound] + bytes[RecordFile.seal.upperBound...])
        guard RecordFile.sealing(body) == bytes else {
            throw RecordFileError("it was changed after it was written: line 2 is not the SHA-256 of the other lines")
        }
        do { self = try ArchiveDecoder.decode(ClaimRecord.self, from: bytes) } catch {
            throw RecordFileError("it can't be read: \(error)")
        }
        guard format == Self.currentFormat else { throw RecordFileError("its format '\(format.prefix(40))' is not known") }
        guard self.id == id else { throw RecordFileError("it is the claim \(self.id)") }
    }
}

/// The subject of a claim: an output, or a call without outputs. It can be claimed only once.
package struct ClaimSubject: Sendable, Hashable {
    package var task: TaskID
    package var index: Int?

    package init(task: TaskID, index: Int? = nil) { (self.task, self.index) = (task, index) }
}
