import ArchiveModel
import ArchiveStore
import BlobStore
import Foundation

/// The files of an evidence package that prove that a record was sealed: the leaf, its way to the root, and the time stamp.
struct SealFiles {
    private let archive: Archive

    init(_ archive: Archive) { self.archive = archive }

    typealias File = (name: String, bytes: [UInt8])

    /// What `seal.json` says of the seal. The other leaves are left out: they are about other tasks.
    private struct Head: Encodable {
        var format: String
        var archive: String
        var day: SealDay
        var number: Int
        var createdAt: Date
        var treeSize: Int
        var leafIndex: Int
        var root: Digest
        /// The SHA-256 of the seal's whole file in the archive.
        var file: Digest
    }

    /// The files of one record; empty when its day is not sealed yet.
    func files(of record: ArchiveRecord, folder: String) async throws -> [File] {
        let seals = archive.files.seals
        let day = SealDay(of: record.endedAt)
        for name in try await seals.listing().seals where name.day == day {
            guard let bytes = try await seals.bytes(of: name, .seal) else { continue }
            let seal: DaySeal
            let index: Int?
            do {
                seal = try DaySeal(file: bytes, name: name)
                index = try seal.outputs().firstIndex { $0.id == record.id && $0.endedAt == record.endedAt }
            } catch {
                throw SettingsError(
                    "the seal \(seals.path(of: name, .seal)) proves nothing: \(error). Restore it from a backup")
            }
            guard let index else { continue }
            let head = Head(
                format: seal.format, archive: seal.archive, day: seal.day, number: seal.number, createdAt: seal.createdAt,
                treeSize: seal.treeSize, leafIndex: index, root: seal.root, file: Digest(of: bytes))
            let path = seal.tree.path(to: index).map { "\($0.isLeft ? "left" : "right") \($0.sibling)\n" }.joined()
            var files: [File] = [
                ("\(folder)/seal/leaf.json", Array(seal.leaves[index].utf8)),
                ("\(folder)/seal/path.txt", Array(path.utf8)),
                ("\(folder)/seal/root.txt", Array("\(seal.root)\n".utf8)),
                ("\(folder)/seal/seal.json", Array(try Rendering.json(head).utf8)),
            ]
            if let token = try await seals.bytes(of: name, .token) { files.append(("\(folder)/seal/timestamp.tst", token)) }
            return files
        }
        return []
    }

    /// Whether a package has a proof, so that the shared files are needed.
    static func isProof(among files: [File]) -> Bool { files.contains { $0.name.hasSuffix("/seal/leaf.json") } }

    /// The files for the whole package that explain and check the others.
    static let shared: [File] = [
        ("check-seal.sh", Array(SealProof.script.utf8)), ("SEALS.txt", Array(SealProof.explanation.utf8)),
    ]

    /// What the README says about these files.
    static let words = [
        "  N/seal/*        proves what the record said when it was sealed, and when; SEALS.txt explains how",
        "  check-seal.sh   checks such a proof: sh check-seal.sh N",
    ]
}
