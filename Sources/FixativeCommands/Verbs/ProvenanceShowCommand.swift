import ArchiveModel
import ArchiveStore
import ArgumentParser
import BlobStore
import Catalog
import DecoderPool
import Foundation
import ImageCodecs
import Provenance

struct ProvenanceShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a picture says about its origin, and whether it holds.",
        discussion: """
            For a picture of the archive, the recorded verdicts are shown. A file is checked now, with the given lists, and also \
            decoded completely. Exit code 1 when the credentials are invalid or unreadable, or when the file is no whole picture.
            """)

    @Argument(
        help: ArgumentHelp("A task ID, the SHA-256 of an original, or the path of any file.", valueName: "task-or-digest-or-file")
    )
    var subject: String

    @OptionGroup(title: "Trust, for files") var trust: TrustOptions
    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    func run() async throws {
        let settings = try await Settings.load(common)
        let found =
            if Digest(subject) == nil, FileManager.default.fileExists(atPath: subject) {
                [try await file(settings)]
            } else {
                try await recorded(settings)
            }
        if output.format == .json {
            let credentials = found.map(\.credentials)
            // One picture is one object, so that it can be compared with the record.
            Terminal.write(try credentials.count == 1 ? Rendering.json(credentials[0]) : Rendering.json(credentials))
        } else {
            Terminal.write(found.map(\.text).joined(separator: "\n"))
        }
        if found.contains(where: \.isWrong) { throw ExitCode.foundWrong }
    }

    private struct Found {
        var name: String
        var credentials: CredentialFacts
        /// Why the file is no whole picture.
        var damage: String?

        var isWrong: Bool { damage != nil || [.unreadable, .invalid].contains(credentials.latest.state) }

        var text: String { CredentialText.text(name, credentials, damage: damage) }
    }

    // MARK: A file

    private func file(_ settings: Settings) async throws -> Found {
        guard let file = FileHandle(forReadingAtPath: subject), let data = try? file.read(upToCount: settings.maxBytes + 1) else {
            throw SettingsError("\(subject) can't be read. Check that it is a file, and that you may read it")
        }
        guard data.count <= settings.maxBytes else {
            throw SettingsError("\(subject) has more than \(settings.maxBytes) bytes; the setting maxBytes allows more")
        }
        let bytes = [UInt8](data)
        let decoders = DecoderPool(settings.decoders, width: 1, trust: try trust.settings())
        defer { decoders.close() }
        let now = SystemClock().now
        switch try await decoders.examine(bytes, checkedAt: now) {
        case .success(let examined):
            guard let credentials = examined.credentials else { throw SettingsError("\(subject) was not checked") }
            return Found(name: subject, credentials: credentials)
        case .failure(let refused):
            let facts = try await decoders.evidence(bytes, checkedAt: now).facts
            return Found(name: subject, credentials: facts, damage: refused.error.description)
        }
    }

    // MARK: The archive

    private func recorded(_ settings: Settings) async throws -> [Found] {
        let unknown = SettingsError("'\(subject)' is neither a file nor in the archive. Run 'fixative list' for its tasks")
        var query = EntryQuery()
        if let digest = Digest(subject) { query.digest = digest } else { query.task = TaskID(subject) }
        guard query.digest != nil || query.task != nil else { throw unknown }
        let archive = try Archive(settings, creating: false, reading: true)
        let entries = try await archive.catalog.entries(query)
        guard !entries.isEmpty else { throw unknown }
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
