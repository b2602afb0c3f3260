import ArchiveModel
import ArchiveStore
import ArgumentParser
import Audit
import BlobStore
import Catalog
import Foundation
import SizeContract

struct AuditEvidenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence", abstract: "Pack everything on record about a task, as evidence for the vendor.",
        discussion: """
            The package contains the originals byte for byte, the records, the upstream's answer, the storage host's \
            headers, and digests that 'sha256sum -c SHA256SUMS' checks. The package contains no key and no signed link.
            """)

    @Argument(help: ArgumentHelp("The task.", valueName: "task-id"))
    var task: String

    @Argument(help: ArgumentHelp("The path of a new ZIP file (it must end in .zip) or of a new folder.", valueName: "out"))
    var out: String

    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard TaskID(task) != nil else { throw ValidationError("'\(task.prefix(80))' is not a task ID") }
    }

    func run() async throws {
        let settings = try await Settings.load(common)
        let archive = try Archive(settings, creating: false, reading: true)
        guard let id = TaskID(task), let entry = try await archive.catalog.task(id) else {
            throw SettingsError("the archive has no task \(task); 'fixative list' shows its tasks")
        }
        let credentials = CredentialFiles(archive, settings.decoders)
        defer { credentials.close() }
        let evidence = try await Evidence(of: entry, archive, credentials)
        if out.lowercased().hasSuffix(".zip") {
            try evidence.write(zip: out, date: archive.clock.now)
        } else {
            try evidence.write(folder: out)
        }
        Terminal.write("\(out): \(Rendering.count(evidence.files.count, "file")) of \(entry.id)\n")
    }
}

/// The evidence files of one task, in the order of the checksum list.
struct Evidence {
    private(set) var files: [(name: String, bytes: [UInt8])] = []

    init(of task: TaskEntry, _ archive: Archive, _ credentials: CredentialFiles) async throws {
        let day = task.createdAt ?? task.discoveredAt
        let entries = try await archive.catalog.entries(EntryQuery(task: task.id))
        var answer: JSONValue?
        var isAnswerElsewhere = false
        var contents: [(name: String, bytes: [UInt8])] = []
        var records: [ArchiveRecord] = []
        for entry in entries where entry.state == .archived || entry.state == .unavailable {
            let path = archive.records.path(of: entry.id, day: day)
            guard let listing = try await archive.records.listing(at: path), case .success(.output(let record)) = listing.record
            else {
                throw SettingsError("the record of \(entry.id) is missing or damaged. Run 'fixative repair' first")
            }
            let folder = "\(entry.id.index)"
            contents.append(("\(folder)/record.json", listing.bytes))
            answer = record.taskJSON ?? answer
            isAnswerElsewhere = isAnswerElsewhere || record.taskJSONFile != nil
            if let download = record.download {
                let lines = ["# the answer of \(download.url)", "# fetched \(download.fetchedAt.iso8601)"]
                let headers = download.headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
                contents.append(("\(folder)/headers.txt", Array(((lines + headers).joined(separator: "\n") + "\n").utf8)))
            }
            let delivered = record.state == .archived ? OutputEntry(record).original : nil
            let earlier = (record.earlierOriginals ?? []).map {
                OutputEntry.Original(digest: $0.digest, bytes: $0.bytes, mediaType: $0.mediaType, format: nil)
            }
            for (number, original) in ([delivered].compactMap { $0 } + earlier).enumerated() {
                let name = (number == 0 ? "original" : "earlier-\(number)") + "." + original.fileExtension
                let bytes = try await Self.bytes(of: original.digest, archive)
                contents.append(("\(folder)/\(name)", bytes))
                guard number == 0, delivered != nil else { continue }
                contents += try await credentials.files(of: record, bytes, folder: folder)
            }
            contents += try await SealFiles(archive).files(of: record, folder: folder)
            records.append(record)
        }
        if entries.isEmpty || isAnswerElsewhere {
            let listing = try await archive.records.listing(at: archive.records.path(of: task.id, day: day))
            if let listing, case .success(.task(let record)) = listing.record {
                answer = record.taskJSON
                contents.append(("record.json", listing.bytes))
            } else if isAnswerElsewhere {
                throw SettingsError("the record of the task \(task.id) is missing or damaged. Run 'fixative repair' first")
            }
        }
        contents += try await credentials.lists(of: records)
        let isSealed = SealFiles.isProof(among: contents)
        if isSealed { contents += SealFiles.shared }
        guard !contents.isEmpty else {
            throw SettingsError("the task \(task.id) has no result yet: it is \(task.state.rawValue). Run 'fixative status'")
        }
        if let answer {
            contents.insert(("task.json", Array(try JSONEncoder.archive(pretty: true).encode(answer)) + [0x0A]), at: 0)
        }
        let extra = (records.contains { $0.hasCredentials } ? CredentialFiles.words : []) + (isSealed ? SealFiles.words : [])
        contents.insert(("README.txt", Array(Self.words(task, entries, extra).utf8)), at: 0)
        files = contents
        let sums = contents.map { "\(Digest(of: $0.bytes))  \($0.name)\n" }
        files.append(("SHA256SUMS", Array(sums.joined().utf8)))
    }

    private static func bytes(of digest: Digest, _ archive: Archive) async throws -> [UInt8] {
        let bytes: [UInt8]
        do { bytes = try await archive.blobs.contents(of: digest).array } catch {
            throw SettingsError(
                "the original \(digest) can't be read: \(error). Run 'fixative repair' to restore the file, if possible")
        }
        guard Digest(of: bytes) == digest else {
            throw SettingsError(
                "the original \(digest) is damaged, so it proves nothing. Run 'fixative repair' to restore the file, if possible")
        }
        return bytes
    }

    // MARK: Text

    /// - Parameter extra: Lines about further files.
    private static func words(_ task: TaskEntry, _ entries: [OutputEntry], _ extra: [String]) -> String {
        var lines = [
            "Evidence of the generation task \(task.id)", "",
            "Created     \(task.createdAt.map(\.iso8601) ?? "not known")",
            "Model       \(task.request?.model ?? "not on record")",
            "Requested   \(task.request.flatMap(\.sizeText) ?? "not on record")",
        ]
        if let prompt = task.request?.prompt { lines.append("Prompt      \(prompt)") }
        if [.failed, .cancelled, .unavailable].contains(task.state) {
            lines.append("Ended as    \(task.state.rawValue)\(task.reason.map { ": \($0)" } ?? "")")
        }
        for entry in entries {
            lines += ["", "Result \(entry.id.index)"]
            guard let judgement = entry.judgement, entry.state == .archived else {
                lines.append("  not delivered: \(entry.reason ?? entry.state.rawValue)")
                continue
            }
            if let original = entry.original {
                lines.append("  original    \(original.bytes) bytes, \(original.mediaType), SHA-256 \(original.digest)")
            }
            lines.append("  expected    \(judgement.expected.map { "\($0)" } ?? "any size")")
            lines.append("  delivered   \(delivered(entry, judgement))")
            lines.append(
                "  billed as   \(judgement.billedTier?.rawValue ?? "not known"), delivered \(judgement.deliveredTier?.rawValue ?? "-")"
            )
            lines.append("  verdict     \(judgement.verdict.rawValue)")
        }
        lines += [
            "", "Files",
            "  N/original.*    the result as it was delivered, byte for byte",
            "  N/headers.txt   the headers of the storage host's answer",
            "  N/record.json   the archive's record; line 2 is the SHA-256 of the other lines",
            "  task.json       the upstream's answer about the task; its links have no signatures",
            "  SHA256SUMS      check all files with: sha256sum -c SHA256SUMS",
        ]
        lines += extra + [""]
        // Text from the upstream may contain control characters.
        return lines.map(Table.plain).joined(separator: "\n")
    }

    private static func delivered(_ entry: OutputEntry, _ judgement: Judgement) -> String {
        let size = judgement.delivered.map { "\($0)" }
        guard judgement.verdict == .unread else { return size ?? "a file that is not a whole picture" }
        let claim = size.map { "\($0) by its header; " } ?? ""
        return claim + (entry.reason ?? "a file that is not decoded here")
    }

    // MARK: Writing

    func write(zip path: String, date: Date) throws {
        let file = try Self.create(path)
        var zip = StoredZip(file, date: date)
        do {
            for (name, bytes) in files { try zip.add(name, bytes) }
            try zip.finish()
            try file.synchronize()
            try file.close()
        } catch {
            try? FileManager.default.removeItem(atPath: path)
            throw error
        }
    }

    private static func create(_ path: String) throws -> FileHandle {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw SettingsError("\(path) already exists; choose another file")
        }
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else {
            throw SettingsError("\(path) can't be written. Check that its folder exists and is writable.")
        }
        return file
    }

    /// Written to a temporary folder first, so that the final folder is always complete.
    func write(folder path: String) throws {
        let refusal = SettingsError("\(path) already exists; choose another folder")
        guard !FileManager.default.fileExists(atPath: path) else { throw refusal }
        let part = URL(filePath: "\(path).\(UUID().uuidString.prefix(8)).part", directoryHint: .isDirectory)
        do {
            for (name, bytes) in files {
                let target = part.appending(path: name)
                try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(bytes).write(to: target)
            }
            try FileManager.default.moveItem(atPath: part.path(percentEncoded: false), toPath: path)
        } catch {
            try? FileManager.default.removeItem(at: part)
            throw SettingsError("\(path) can't be written: \(error.localizedDescription)")
        }
    }
}
