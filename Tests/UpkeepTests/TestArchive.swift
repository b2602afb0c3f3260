import ArchiveModel
import ArchiveStore
import BlobStore
import BlockingThreads
import Catalog
import Foundation
import ImageCodecs
import Imaging
import SizeContract
import SyntheticPictures
import TestSupport
import Testing
import Upkeep

/// 2026-11-22T12:00:00Z, by date(1).
let noon = Date(milliseconds: 1_795_348_800_000)

/// A clock that stands still.
struct FixedClock: WallClock {
    var now = noon
    func sleep(for duration: Duration) async throws {}
}

let threads = BlockingThreadPool(name: "upkeep tests", width: 4)

/// How many results an answer of these tests names.
@Sendable func countResults(_ answer: JSONValue) -> Int { answer["results"]?.array?.count ?? 0 }

/// A folder that goes when its owner does.
final class Scratch: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "upkeep-\(UUID().uuidString)").path(percentEncoded: false)

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The paths of all files, inside the folder.
    func files(in part: String = "") -> [String] {
        let top = part.isEmpty ? path : path + "/" + part
        return (FileManager.default.enumerator(atPath: top)?.allObjects as? [String] ?? []).filter { name in
            let kind = try? FileManager.default.attributesOfItem(atPath: top + "/" + name)[.type] as? FileAttributeType
            return kind == .typeRegular
        }.map { part.isEmpty ? $0 : part + "/" + $0 }.sorted()
    }

    func bytes(_ file: String) -> [UInt8]? { FileManager.default.contents(atPath: path + "/" + file).map { Array($0) } }

    /// Changes a file behind everybody's back, leaving its mode as it was.
    func change(_ file: String, _ body: (inout [UInt8]) -> Void) throws {
        guard var changed = bytes(file) else { throw CocoaError(.fileNoSuchFile) }
        body(&changed)
        try replace(file, by: changed)
    }

    func replace(_ file: String, by bytes: [UInt8]) throws {
        let mode = try FileManager.default.attributesOfItem(atPath: path + "/" + file)[.posixPermissions]
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path + "/" + file)
        try Data(bytes).write(to: URL(filePath: path + "/" + file))
        try FileManager.default.setAttributes([.posixPermissions: mode ?? 0o444], ofItemAtPath: path + "/" + file)
    }

    func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: path + "/" + file) }

    func copy(to other: Scratch) throws { try FileManager.default.copyItem(atPath: path, toPath: other.path) }

    func upkeep(deep: Bool = false, clock: FixedClock = FixedClock()) async throws -> UpkeepArchive {
        try await UpkeepArchive(path: path, deep: deep, clock: clock)
    }

    func verify(_ scope: VerificationScope = VerificationScope(deep: true), at now: Date = noon) async throws
        -> VerificationReport
    {
        let archive = try await upkeep(deep: scope.deep, clock: FixedClock(now: now))
        let report = try await archive.verify(scope)
        try archive.close()
        return report
    }

    @discardableResult
    func repair(
        deep: Bool = false, from other: Scratch? = nil, dryRun: Bool = false, at now: Date = noon
    ) async throws -> RepairReport {
        let store = try other.map {
            DirectoryBlobStore(folder: try ArchiveFolder(path: $0.path, creating: false, now: noon), threads: threads)
        }
        let archive = try await upkeep(deep: true, clock: FixedClock(now: now))
        let report = try await archive.repair(
            VerificationScope(deep: deep), other: store, dryRun: dryRun, results: countResults)
        try archive.close()
        return report
    }

    static func blob(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)" }
}

/// Files pictures as the archiver does, in the same order, without a network.
struct Filer: Sendable {
    let folder: ArchiveFolder
    let blobs: DirectoryBlobStore
    let records: DirectoryRecordStore
    let catalog: SQLiteCatalog

    init(_ scratch: Scratch) throws {
        folder = try ArchiveFolder(path: scratch.path, creating: true, now: noon)
        blobs = DirectoryBlobStore(folder: folder, threads: threads)
        records = DirectoryRecordStore(folder: folder, threads: threads)
        catalog = try SQLiteCatalog(path: folder.path + "/catalog.sqlite")
    }

    private func registration(_ task: String, created: Date = noon) throws -> TaskRegistration {
        TaskRegistration(
            id: try #require(TaskID(task)), source: "test", request: RecordedRequest(prompt: "a fox, the \(task)", size: "3:2"),
            createdAt: created)
    }

    /// A task that waits to be read.
    func enqueue(_ task: String) async throws {
        _ = try await catalog.register([try registration(task)], now: noon)
    }

    /// A task of which the upstream made no picture.
    func fail(_ task: String) async throws {
        try await enqueue(task)
        for lease in try await catalog.leaseTasks(limit: 99, now: noon, until: noon.addingTimeInterval(60)) {
            guard lease.id.text == task else {
                try await catalog.finish(lease, .released, now: noon)
                continue
            }
            let record = TaskRecord(
                task: lease.id, state: .failed, reason: "refused", source: lease.source, discoveredAt: lease.discoveredAt,
                createdAt: lease.createdAt, request: lease.request, taskJSON: .object(["status": .string("failed")]))
            try await records.write(record)
            try await catalog.finish(
                lease, .ended(.failed, reason: "refused", cause: nil, createdAt: lease.createdAt, json: record.taskJSON),
                now: noon)
        }
    }

    /// Archives the pictures of a task.
    @discardableResult
    func file(_ task: String, pictures: [[UInt8]], created: Date = noon) async throws -> [ArchiveRecord] {
        _ = try await catalog.register([try registration(task, created: created)], now: noon)
        let until = noon.addingTimeInterval(60)
        let links = pictures.indices.map { "https://files.example/\(task)/\($0).png" }
        for lease in try await catalog.leaseTasks(limit: 999, now: noon, until: until) {
            guard lease.id.text == task else {
                try await catalog.finish(lease, .released, now: noon)
                continue
            }
            let json = JSONValue.object([
                "id": .string(task), "model": .string("gpt-image-2"), "results": .array(links.map { .string($0) }),
            ])
            try await catalog.finish(
                lease,
                .resolved(
                    results: .links(links), createdAt: created, deadline: created.addingTimeInterval(86400), model: "gpt-image-2",
                    reason: nil, json: json),
                now: noon)
        }
        var filed: [ArchiveRecord] = []
        for lease in try await catalog.leaseOutputs(
            try await catalog.queuedOutputs(limit: 999, now: noon).map(\.id), now: noon, until: until)
        {
            guard lease.id.task.text == task else {
                try await catalog.finish(lease, .released, now: noon)
                continue
            }
            let record = try await record(lease, pictures[lease.id.index])
            try await records.write(record)
            try await catalog.finish(lease, .ended(record), now: noon)
            filed.append(record)
        }
        return filed.sorted { $0.index < $1.index }
    }

    private func record(_ lease: OutputLease, _ bytes: [UInt8]) async throws -> ArchiveRecord {
        let request = try await catalog.task(lease.id.task)?.request
        var record = ArchiveRecord(
            id: lease.id, state: .archived, source: lease.source, discoveredAt: lease.discoveredAt, createdAt: lease.createdAt,
            deadline: lease.deadline, endedAt: noon, attempts: lease.attempts + 1, request: request, taskJSON: lease.taskJSON)
        record.download = DownloadFacts(
            url: lease.link.description, headers: ["content-type": "image/png", "etag": "\"\(bytes.count)\""], fetchedAt: noon,
            redirects: 0)
        let original = try await blobs.put(bytes)
        let picture = try await threads.run { try PictureInspector.inspect(bytes.span) }
        record.original = BlobReference(
            digest: original.digest, bytes: original.bytes, mediaType: picture.header.format.mediaType)
        record.picture = ImageFacts(picture)
        record.judgement = SizeContract.gptImage2.judge(
            delivered: PixelSize(width: picture.header.width, height: picture.header.height),
            request: request?.sizeRequest(in: .gptImage2))
        record.thumbHash = Data(picture.thumbHash).base64EncodedString()
        record.perceptualHash = String(picture.perceptualHash, radix: 16)
        let recipe = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(picture.recipe))
        for (role, made) in [(ArchiveModel.Derivative.Role.thumbnail, picture.thumbnail), (.preview, picture.preview)] {
            let blob = try await blobs.put(made.bytes)
            record.derivatives.append(
                ArchiveModel.Derivative(
                    role: role, blob: BlobReference(digest: blob.digest, bytes: blob.bytes, mediaType: made.format.mediaType),
                    width: made.width, height: made.height, recipe: recipe))
        }
        return record
    }

    func path(of record: ArchiveRecord) -> String { records.path(of: .output(record)) }
}

/// A small picture whose thumbnail and preview differ.
func picture(_ seed: UInt64) throws -> [UInt8] { try SyntheticPicture.make(width: 540, height: 360, seed: seed, as: .png) }

/// An archive of `count` pictures, a task that failed and one that waits, with nobody at it.
func filledArchive(_ count: Int, seed: UInt64 = 1, created: Date = noon) async throws -> (Scratch, [ArchiveRecord]) {
    let scratch = Scratch()
    let filer = try Filer(scratch)
    var records: [ArchiveRecord] = []
    for number in 0..<count {
        records += try await filer.file(
            "task-\(number)", pictures: [try picture(seed &* 1000 &+ UInt64(number))], created: created)
    }
    try await filer.fail("task-failed")
    try await filer.enqueue("task-waiting")
    try await filer.catalog.closeCompletely()
    return (scratch, records)
}
