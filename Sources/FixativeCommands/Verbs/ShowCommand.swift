import ArchiveModel
import ArchiveStore
import ArgumentParser
import BlobStore
import Catalog
import Foundation
import SizeContract

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show everything on record about a task, or about the outputs that a file belongs to.")

    @Argument(help: ArgumentHelp("A task ID, or the SHA-256 of an original, thumbnail or preview.", valueName: "task-or-digest"))
    var subject: String

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: FormatOptions

    func validate() throws {
        guard Digest(subject) != nil || TaskID(subject) != nil else {
            throw ValidationError("'\(subject.prefix(80))' is neither a task ID nor a SHA-256")
        }
    }

    func run() async throws {
        let archive = try Archive(try await Settings.load(common), creating: false, reading: true)
        var query = EntryQuery()
        if let digest = Digest(subject) { query.digest = digest } else { query.task = TaskID(subject) }
        let entries = try await archive.catalog.entries(query)
        let task = try await Self.task(query.task ?? entries.first?.id.task, archive)
        guard !entries.isEmpty || task != nil else {
            throw SettingsError(
                "\(subject) is not in the archive. Run 'fixative list', or 'fixative archive \(subject)' to ask the upstream")
        }
        var records: [ArchiveRecord] = []
        for entry in entries {
            guard let owner = try await archive.catalog.task(entry.id.task) else { continue }
            if let record = try await archive.records.record(of: entry.id, day: owner.createdAt ?? owner.discoveredAt) {
                records.append(record)
            }
        }
        if output.format == .json {
            Terminal.write(try Rendering.json(JSONOutput(task: task.map(JSONOutput.TaskView.init), outputs: records)))
        } else {
            Terminal.write(Self.text(task, entries, records))
        }
    }

    private struct JSONOutput: Encodable {
        struct TaskView: Encodable {
            var id: TaskID
            var state: TaskState
            var reason: String?
            var source: String
            var createdAt: Date?
            var request: RecordedRequest?

            init(_ task: TaskEntry) {
                id = task.id
                state = task.state
                reason = task.reason
                source = task.source
                createdAt = task.createdAt
                request = task.request
            }
        }

        var task: TaskView?
        var outputs: [ArchiveRecord]
    }

    private static func task(_ id: TaskID?, _ archive: Archive) async throws -> TaskEntry? {
        guard let id else { return nil }
        return try await archive.catalog.task(id)
    }

    private static func text(_ task: TaskEntry?, _ entries: [OutputEntry], _ records: [ArchiveRecord]) -> String {
        var lines: [(String, String)] = []
        func add(_ name: String, _ value: String?) { if let value { lines.append((name, Table.plain(value))) } }
        if let task {
            add("task", task.id.text)
            add("state", task.reason.map { "\(task.state.rawValue): \($0)" } ?? task.state.rawValue)
            add("created", Rendering.minute(task.createdAt) + " UTC")
            add("prompt", task.request?.prompt)
            add(
                "requested",
                task.request?.size.map { size in ([size] + [task.request?.resolution].compactMap { $0 }).joined(separator: " at ")
                })
        }
        for entry in entries {
            lines.append(("", ""))
            add("output", "#\(entry.id.index), \(entry.state.rawValue)\(entry.reason.map { ": \($0)" } ?? "")")
            guard let record = records.first(where: { $0.id == entry.id }) else { continue }
            describe(record, add)
        }
        return lines.map { $0.0.isEmpty ? "\n" : $0.0.padded(to: 13) + $0.1 + "\n" }.joined()
    }

    private static func describe(_ record: ArchiveRecord, _ add: (String, String?) -> Void) {
        if let judgement = record.judgement {
            add("verdict", judgement.verdict.rawValue)
            add("expected", judgement.expected.map { "\($0)" })
            add("delivered", judgement.delivered.map { "\($0)" })
            add("billed", judgement.billedTier?.rawValue)
            add("got", judgement.deliveredTier?.rawValue)
            add("overpaid", judgement.overpaid.flatMap { $0 > .zero ? "\($0) base prices" : nil })
            add("nearest", judgement.nearestCell.map { "\($0.ratio) at \($0.tier): \($0.size)" })
        }
        if let picture = record.picture {
            let marks = [picture.interlaced ? "interlaced" : nil, picture.animated ? "animated" : nil].compactMap { $0 }
            let kind = [picture.format, "\(picture.bitDepth) bits per sample", picture.colourType] + marks
            add("picture", kind.joined(separator: ", "))
            let damage = picture.contentCredentialsDamage.map { ", damaged: \($0)" } ?? ""
            add("credentials", picture.contentCredentialsBytes.map { "\($0) bytes of Content Credentials\(damage)" })
            add("profile", picture.iccName)
            add("source type", picture.digitalSourceType)
            add("after end", picture.trailingBytes > 0 ? "\(picture.trailingBytes) bytes that are not part of the picture" : nil)
            for note in picture.notes ?? [] { add("note", note) }
        }
        add("unreadable", record.decodeError)
        add("not read", record.unread?.reason)
        add("original", record.original.map { "\($0.digest) \($0.bytes) bytes \($0.mediaType)" })
        for derivative in record.derivatives {
            add(
                derivative.role.rawValue,
                "\(derivative.blob.digest) \(derivative.width)x\(derivative.height) \(derivative.blob.mediaType)")
        }
        add("from", record.download?.url)
        add("archived", Rendering.minute(record.endedAt) + " UTC, at try \(record.attempts)")
    }
}
