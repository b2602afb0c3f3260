import ArchiveModel
import ArchiveStore
import Audit
import Catalog
import Foundation

/// Writes a claim with its letter, its tables and the evidence of every claimed output.
struct ClaimPackage {
    private let archive: Archive
    private let claim: Claim
    private let credentials: CredentialFiles

    init(_ archive: Archive, _ claim: Claim, _ credentials: CredentialFiles) {
        self.archive = archive
        self.claim = claim
        self.credentials = credentials
    }

    /// The files written so far, with their digests.
    private struct Contents {
        let writer: PackageWriter
        var sums: [(digest: String, name: String)] = []
        /// The first path of each content.
        var places: [String: String] = [:]

        mutating func add(_ name: String, _ bytes: [UInt8], digest: String) throws {
            try writer.add(name, bytes)
            sums.append((digest, name))
        }

        mutating func add(_ name: String, _ bytes: [UInt8]) throws {
            try add(name, bytes, digest: Digest(of: bytes).hex)
        }
    }

    /// - Returns: The number of files.
    func write(to path: String) async throws -> Int {
        let writer = try PackageWriter(path)
        var contents = Contents(writer: writer)
        let (letter, sheet) = (ClaimLetter(claim), ClaimSheet(claim))
        try contents.add("claim.html", try letter.html())
        try contents.add("claim.md", Array(letter.markdown.utf8))
        try contents.add("claim.csv", Array(sheet.text.utf8))
        if !claim.open.isEmpty { try contents.add("not-yet-claimed.csv", Array(sheet.openText.utf8)) }
        let tasks = claim.lines.map(\.subject.task).reduce(into: [TaskID]()) { if $0.last != $1 { $0.append($1) } }
        for (number, task) in tasks.enumerated() {
            try Task.checkCancellation()
            try await addEvidence(of: task, &contents)
            if number % 50 == 49 { Terminal.progress("\(number + 1) of \(tasks.count) calls packed") }
        }
        Terminal.endProgress()
        let sums = contents.sums.map { "\($0.digest)  \($0.name)\n" }.joined()
        try writer.add("SHA256SUMS", Array(sums.utf8))
        try writer.finish()
        return writer.files
    }

    /// The files of `audit evidence`, in a folder of their own. A file that an earlier folder has is left out; the list of
    /// digests then names it there.
    private func addEvidence(of id: TaskID, _ contents: inout Contents) async throws {
        guard let task = try await archive.catalog.task(id) else {
            throw SettingsError("the archive has no task \(id) any more; run the command again")
        }
        let evidence = try await Evidence(of: task, archive, credentials)
        let folder = ClaimSheet.folder(of: id)
        let digests = Self.digests(in: evidence)
        var lines: [String] = []
        for (name, bytes) in evidence.files where name != Self.list {
            let digest = digests[name] ?? Digest(of: bytes).hex
            let path = "\(folder)/\(name)"
            if let place = contents.places[digest] {
                lines.append("\(digest)  ../\(place.dropFirst(Self.top.count))\n")
                continue
            }
            contents.places[digest] = path
            try contents.add(path, bytes, digest: digest)
            lines.append("\(digest)  \(name)\n")
        }
        try contents.add("\(folder)/\(Self.list)", Array(lines.joined().utf8))
    }

    private static let list = "SHA256SUMS"
    private static let top = "evidence/"

    /// The digests that the evidence states for its files, so that they need not be computed again.
    private static func digests(in evidence: Evidence) -> [String: String] {
        guard let list = evidence.files.last(where: { $0.name == list }) else { return [:] }
        let pairs = String(decoding: list.bytes, as: UTF8.self).split(separator: "\n").map { line in
            (String(line.dropFirst(66)), String(line.prefix(64)))
        }
        return Dictionary(pairs) { first, _ in first }
    }
}
