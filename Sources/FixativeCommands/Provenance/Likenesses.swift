import ArchiveModel
import ArchiveStore
import BlobStore
import Catalog
import Foundation
import Imaging

/// An archived original that looks like a file without Content Credentials.
struct Likeness: Encodable {
    var taskId: TaskID
    var index: Int
    var sha256: Digest
    /// In how many of 64 bits the perceptual hashes differ.
    var differingBits: Int
    /// What the original says about itself. This is no statement of the file.
    var credentials: CredentialFacts
}

/// Finds archived originals that a copy may come from. Programs and sites that resize or re-encode a picture drop its manifest.
struct Likenesses {
    /// Copies that were only resized or re-encoded differ in fewer bits. Up to about 10, only the motif is the same.
    private static let farthest = 6
    private static let most = 3

    private var nearest: [(bits: Int, id: OutputID, digest: Digest)] = []

    /// - Returns: The most similar originals with Content Credentials, the nearest first.
    static func find(_ hash: UInt64, in archive: Archive) async throws -> [Likeness] {
        var search = Likenesses()
        try await archive.catalog.forEachAuditPage(EntryQuery(states: [.archived]), .pictures) { page in
            for entry in page.entries { search.add(entry, hash) }
        }
        var found: [Likeness] = []
        for candidate in search.nearest where found.count < most {
            guard let owner = try await archive.catalog.task(candidate.id.task),
                let record = try await archive.records.record(of: candidate.id, day: owner.createdAt ?? owner.discoveredAt),
                let credentials = record.picture?.credentials, credentials.state != .absent
            else { continue }
            found.append(
                Likeness(
                    taskId: candidate.id.task, index: candidate.id.index, sha256: candidate.digest, differingBits: candidate.bits,
                    credentials: credentials))
        }
        return found
    }

    private mutating func add(_ entry: AuditEntry, _ hash: UInt64) {
        guard let other = entry.perceptualHash.flatMap({ UInt64($0, radix: 16) }), let digest = entry.original?.digest else {
            return
        }
        let bits = PerceptualHash.distance(hash, other)
        guard bits <= Self.farthest else { return }
        let place = nearest.firstIndex { $0.bits > bits } ?? nearest.endIndex
        // A hundred candidates bound the records that are read when many pictures look alike.
        guard place < 100 else { return }
        nearest.insert((bits, entry.id, digest), at: place)
        if nearest.count > 100 { nearest.removeLast() }
    }

    // MARK: Text

    static func text(_ likenesses: [Likeness]) -> String {
        guard !likenesses.isEmpty else { return "" }
        let caution = """
            lost?        the archive has originals that look like this file. This is a match by likeness, no proof: \
            the file itself says nothing about its origin

            """
        return caution + likenesses.map(line).joined()
    }

    private static func line(_ likeness: Likeness) -> String {
        let credentials = CredentialSummary(likeness.credentials)
        var words = [
            "\(OutputID(task: likeness.taskId, index: likeness.index)) (\(likeness.differingBits) of 64 bits differ)",
            "SHA-256 \(likeness.sha256)", "its credentials: \(credentials.state.rawValue)",
        ]
        if let signer = credentials.signer { words.append("signed by \(signer)") }
        if let agent = credentials.agent { words.append("made with \(agent)") }
        if let time = credentials.signedAt { words.append("signed at \(time.iso8601)") }
        return "looks like".padded(to: 13) + Table.plain(words.joined(separator: ", ")) + "\n"
    }
}
