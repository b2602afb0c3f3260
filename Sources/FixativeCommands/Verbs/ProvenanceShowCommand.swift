import ArchiveModel
import ArchiveStore
import ArgumentParser
import BlobStore
import Catalog
import DecoderPool
import Foundation
import ImageCodecs
import Imaging
import Provenance

struct ProvenanceShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a picture says about its origin, and whether it holds.",
        discussion: """
            For a picture of the archive, the recorded verdicts are shown. A file is checked now, with the given lists, and also \
            decoded completely. If it has no credentials, archived originals that look like it are named; that is a match by \
            likeness, no proof. With --format crjson, pictures of the archive are checked now too. Exit code 1 when the \
            credentials are invalid or unreadable, or when the file is no whole picture.
            """)

    @Argument(
        help: ArgumentHelp("A task ID, the SHA-256 of an original, or the path of any file.", valueName: "task-or-digest-or-file")
    )
    var subject: String

    @OptionGroup(title: "Trust, for files") var trust: TrustOptions
    @OptionGroup var common: CommonOptions
    @Option(help: "table, json or crjson (C2PA 2.4).")
    var format = ProvenanceFormat.table

    func run() async throws {
        let settings = try await Settings.load(common)
        let isFile = Digest(subject) == nil && FileManager.default.fileExists(atPath: subject)
        if format == .crjson {
            return try await writeCrJSON(isFile ? [try contents(settings)] : try await originals(settings), settings)
        }
        let found = isFile ? [try await file(settings)] : try await recorded(settings)
        if format == .json {
            // One picture is one object, so that it can be compared with the record.
            Terminal.write(try found.count == 1 ? Rendering.json(found[0]) : Rendering.json(found))
        } else {
            Terminal.write(found.map(\.text).joined(separator: "\n"))
        }
        if found.contains(where: \.isWrong) { throw ExitCode.foundWrong }
    }

    private struct Found: Encodable {
        var name: String
        var credentials: CredentialFacts
        /// Why the file is no whole picture.
        var damage: String?
        /// Archived originals that look like a file without credentials.
        var likenesses: [Likeness] = []

        private enum CodingKeys: CodingKey { case likenesses }

        func encode(to encoder: any Encoder) throws {
            try credentials.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            if !likenesses.isEmpty { try container.encode(likenesses, forKey: .likenesses) }
        }

        var isWrong: Bool { damage != nil || [.unreadable, .invalid].contains(credentials.latest.state) }

        var text: String { CredentialText.text(name, credentials, damage: damage) + Likenesses.text(likenesses) }
    }

    // MARK: A file

    private func contents(_ settings: Settings) throws -> [UInt8] {
        guard let file = FileHandle(forReadingAtPath: subject), let data = try? file.read(upToCount: settings.maxBytes + 1) else {
            throw SettingsError("\(subject) can't be read. Check that it is a file, and that you may read it")
        }
        guard data.count <= settings.maxBytes else {
            throw SettingsError("\(subject) has more than \(settings.maxBytes) bytes; the setting maxBytes allows more")
        }
        return [UInt8](data)
    }

    private func file(_ settings: Settings) async throws -> Found {
        let bytes = try contents(settings)
        let decoders = DecoderPool(settings.decoders, width: 1, trust: try trust.settings())
        defer { decoders.close() }
        let now = SystemClock().now
        switch try await decoders.examine(bytes, checkedAt: now) {
        case .success(let examined):
            guard let credentials = examined.credentials else { throw SettingsError("\(subject) was not checked") }
            var found = Found(name: subject, credentials: credentials)
            if credentials.state == .absent, let archive = try archiveToSearch(settings) {
                found.likenesses = try await Likenesses.find(examined.picture.perceptualHash, in: archive)
            }
            return found
        case .failure(let refused):
            let facts = try await decoders.evidence(bytes, checkedAt: now).facts
            return Found(name: subject, credentials: facts, damage: refused.error.description)
        }
    }

    /// `nil` when there is no archive: a file can be checked without one.
    private func archiveToSearch(_ settings: Settings) throws -> Archive? {
        guard FileManager.default.fileExists(atPath: "\(settings.storage)/fixative-archive.json") else { return nil }
        return try Archive(settings, creating: false, reading: true)
    }

    // MARK: crJSON

    private func originals(_ settings: Settings) async throws -> [[UInt8]] {
        let query = try query()
        let archive = try Archive(settings, creating: false, reading: true)
        var originals: [[UInt8]] = []
        for entry in try await entries(archive, query) {
            guard let original = entry.original else { continue }
            originals.append(try await archive.blobs.contents(of: original.digest).array)
        }
        return originals
    }

    /// Each document is checked now, because the record does not keep the decoded manifests.
    private func writeCrJSON(_ files: [[UInt8]], _ settings: Settings) async throws {
        let decoders = DecoderPool(settings.decoders, width: 1, trust: try trust.settings())
        defer { decoders.close() }
        var isWrong = false
        for bytes in files {
            let evidence = try await decoders.evidence(bytes, checkedAt: SystemClock().now)
            guard let document = evidence.crJSON, let json = try? JSONDecoder.archive.decode(JSONValue.self, from: document)
            else {
                throw SettingsError("the crJSON of \(subject) is too large")
            }
            // The document comes from the process that reads hostile bytes, so it is written anew.
            Terminal.write(try Rendering.json(json))
            if [.unreadable, .invalid].contains(evidence.facts.state) { isWrong = true }
        }
        if isWrong { throw ExitCode.foundWrong }
    }

    // MARK: The archive

    private var unknown: SettingsError {
        SettingsError("'\(subject)' is neither a file nor in the archive. Run 'fixative list' for its tasks")
    }

    private func query() throws -> EntryQuery {
        var query = EntryQuery()
        if let digest = Digest(subject) { query.digest = digest } else { query.task = TaskID(subject) }
        guard query.digest != nil || query.task != nil else { throw unknown }
        return query
    }

    private func entries(_ archive: Archive, _ query: EntryQuery) async throws -> [OutputEntry] {
        let entries = try await archive.catalog.entries(query)
        guard !entries.isEmpty else { throw unknown }
        return entries
    }

    private func recorded(_ settings: Settings) async throws -> [Found] {
        // An unknown subject is named before an archive is opened.
        let query = try query()
        let archive = try Archive(settings, creating: false, reading: true)
        let entries = try await entries(archive, query)
        var found: [Found] = []
        for entry in entries where entry.state == .archived {
            guard let owner = try await archive.catalog.task(entry.id.task),
                let record = try await archive.records.record(of: entry.id, day: owner.createdAt ?? owner.discoveredAt),
                let credentials = record.picture?.credentials
            else { continue }
            found.append(Found(name: "\(entry.id)", credentials: credentials))
        }
        guard !found.isEmpty else {
            throw SettingsError("'\(subject)' has no checked picture. Run 'fixative provenance check' to check the archive")
        }
        return found
    }
}
