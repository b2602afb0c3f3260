package import ArchiveModel
package import Foundation

/// The results of a verification.
package struct VerificationReport: Sendable, Encodable {
    package enum Kind: String, Sendable, Encodable, CaseIterable {
        /// A record names a blob that is missing.
        case missing
        /// A blob's bytes do not match its digest, or its size differs from the one in its record.
        case corrupt
        /// A blob in the wrong folder, an object at a blob's path that is not a file, or a misplaced record.
        case misnamed
        /// A file or folder that is neither part of the archive nor system litter. It is left alone.
        case stray
        /// A blob that is writable, or that its owner can't read.
        case wrongMode
        /// A file among the records that is not a valid record or was changed after it was written.
        case unreadableRecord
        /// A record whose output or task is not in the catalog.
        case recordWithoutRow
        /// A row whose output or task has no record.
        case rowWithoutRecord
        /// The catalog differs from the record; the record is authoritative.
        case differingRow
        /// The catalog's file is damaged.
        case damagedCatalog
        /// A request became known after the record of its task was written.
        case olderRecord
        /// A seal, or its time stamp, that is damaged or does not hold.
        case damagedSeal
        /// A record that is sealed, and is missing or was changed since.
        case differsFromSeal
        /// A marked claim that is damaged. Later claims can't be made without it.
        case damagedClaim
        /// A record whose output is still in the queue: left by a crash just before the end, or in progress. The next run adds it
        /// to the catalog.
        case unfinished
        /// A blob that no record names: left by a crash, or in progress. `fixative gc` deletes it later.
        case untracked

        package var isHarmless: Bool { [.untracked, .unfinished, .olderRecord, .stray].contains(self) }
    }

    /// The subject of a finding.
    package enum Target: Sendable, Hashable {
        case blob(Digest)
        /// A path inside the archive.
        case stray(String)
        case record(path: String)
        case row(TaskID, index: Int?, day: Date)
        case scrub(Digest)
        case catalog
        /// A path inside the archive. Nothing can repair a seal.
        case seal(path: String)
        /// A path inside the archive. Nothing can repair a claim.
        case claim(path: String)
    }

    package struct Finding: Sendable, Encodable {
        package var kind: Kind
        /// A path inside the archive, or an output.
        package var subject: String
        package var detail: String
        package var target: Target

        private enum CodingKeys: String, CodingKey { case kind, subject, detail }
    }

    package var deep: Bool
    package var blobs = 0
    package var bytes: Int64 = 0
    package var records = 0
    package var rows = 0
    package var seals = 0
    package var claims = 0
    /// Files and folders left by operating systems and sync programs; they are ignored.
    package var litter = 0
    /// Blobs read in full this time, and their bytes.
    package var read = 0
    package var readBytes: Int64 = 0
    /// Blobs that were never read in full since they were written.
    package var neverRead = 0
    /// When the least recently read blob was read; `nil` when some blobs were never read.
    package var oldestReading: Date?
    package var findings: [Finding] = []

    /// Whether nothing is wrong.
    package var isClean: Bool { findings.allSatisfy(\.kind.isHarmless) }

    mutating func sortFindings() {
        findings.sort { ($0.kind.rawValue, $0.subject, $0.detail) < ($1.kind.rawValue, $1.subject, $1.detail) }
    }

    mutating func find(_ kind: Kind, _ subject: String, _ target: Target, _ detail: String) {
        findings.append(Finding(kind: kind, subject: subject, detail: detail, target: target))
    }
}

/// The extent of a verification.
package struct VerificationScope: Sendable {
    /// Whether to read and hash blobs, the least recently read first.
    package var deep: Bool
    /// Seconds after which no further blobs are started; `nil` for no limit.
    package var seconds: TimeInterval?
    /// The fraction of blobs to read, above 0 and at most 1.
    package var fraction: Double

    package init(deep: Bool, seconds: TimeInterval? = nil, fraction: Double = 1) {
        self.deep = deep
        self.seconds = seconds
        self.fraction = fraction
    }
}
