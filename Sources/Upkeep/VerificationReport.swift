package import ArchiveModel
package import Foundation

/// What a look at the whole archive has found.
package struct VerificationReport: Sendable, Encodable {
    package enum Kind: String, Sendable, Encodable, CaseIterable {
        /// A record names a blob that is not there.
        case missing
        /// A blob's bytes are not what its name says, or not as many as its record says.
        case corrupt
        /// A blob in the wrong folder, or something that is no file in the place of a blob; a record that lies where it does not belong.
        case misnamed
        /// A file or folder that is no part of the archive and nothing that systems leave: it is kept as it is.
        case stray
        /// A blob that may be written to, or that its owner can't read.
        case wrongMode
        /// A file among the records that is none, or no longer the one that was written.
        case unreadableRecord
        /// A record whose output or task the catalog does not know.
        case recordWithoutRow
        /// A row whose output or task has no record.
        case rowWithoutRecord
        /// The catalog says something else than the record; the record is the truth.
        case differingRow
        /// The catalog's file is damaged.
        case damagedCatalog
        /// A request became known after the record of its task was written.
        case olderRecord
        /// A record whose output the queue still holds: a leftover of a crash just before the end, or work under way. The next run
        /// enters it.
        case unfinished
        /// A blob that no record names: a leftover of a crash, or of work under way. `fixative gc` takes it away in time.
        case untracked

        package var isHarmless: Bool { [.untracked, .unfinished, .olderRecord, .stray].contains(self) }
    }

    /// What a finding is about.
    package enum Target: Sendable, Hashable {
        case blob(Digest)
        /// A path inside the archive.
        case stray(String)
        case record(path: String)
        case row(TaskID, index: Int?, day: Date)
        case scrub(Digest)
        case catalog
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
    /// Files and folders that operating systems and sync programs have left: they are passed over.
    package var litter = 0
    /// Blobs that were read whole this time, and their bytes.
    package var read = 0
    package var readBytes: Int64 = 0
    /// Blobs that were never read whole since they were written.
    package var neverRead = 0
    /// When the blob was read that was not read for the longest time; `nil` when some never were.
    package var oldestReading: Date?
    package var findings: [Finding] = []

    /// Whether nothing is wrong.
    package var isClean: Bool { findings.allSatisfy(\.kind.isHarmless) }

    mutating func find(_ kind: Kind, _ subject: String, _ target: Target, _ detail: String) {
        findings.append(Finding(kind: kind, subject: subject, detail: detail, target: target))
    }
}

/// How far a verification goes.
package struct VerificationScope: Sendable {
    /// Whether blobs are read whole and hashed again, those first that were not read for the longest time.
    package var deep: Bool
    /// Seconds after which no more blobs are taken up; `nil` for all the time it takes.
    package var seconds: TimeInterval?
    /// The part of the blobs to read, above 0 and at most 1.
    package var fraction: Double

    package init(deep: Bool, seconds: TimeInterval? = nil, fraction: Double = 1) {
        self.deep = deep
        self.seconds = seconds
        self.fraction = fraction
    }
}
