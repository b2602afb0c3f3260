import ArchiveModel
import Catalog
import Foundation
import SizeContract
import TestSupport
import Testing

/// Every kind of catalog, each in a place of its own; the suite holds all of them to the same promises.
enum CatalogKind: String, CaseIterable, CustomTestStringConvertible {
    case sqlite

    var testDescription: String { rawValue }

    /// A fresh catalog, and another connection to the same one.
    func make() throws -> (one: any CatalogMaintenance, other: any CatalogMaintenance) {
        switch self {
        case .sqlite:
            let path = FileManager.default.temporaryDirectory.appending(path: "catalog-\(UUID().uuidString).sqlite").path
            return (try SQLiteCatalog(path: path), try SQLiteCatalog(path: path))
        }
    }
}

let noon = Date(milliseconds: 1_795_348_800_000)

func taskID(_ text: String) throws -> TaskID { try #require(TaskID(text)) }

extension Date {
    func plus(_ seconds: TimeInterval) -> Date { addingTimeInterval(seconds) }
}

/// A record as the pipeline would write it, with chosen facts.
func record(
    _ task: TaskID, _ index: Int = 0, state: ArchiveRecord.State = .archived, prompt: String? = "a fox", created: Date? = noon
) throws -> ArchiveRecord {
    let request = prompt.map { RecordedRequest(prompt: $0, size: "16:9", resolution: "1K", recordedAt: noon) }
    var record = ArchiveRecord(
        id: OutputID(task: task, index: index), state: state, reason: state == .unavailable ? "gone" : nil, source: "test",
        discoveredAt: noon, createdAt: created, deadline: created?.plus(86400), endedAt: noon.plus(60), attempts: 2,
        request: request,
        taskJSON: .object(["id": .string(task.text), "cost": .number(0.5)]))
    guard state == .archived else { return record }
    record.original = BlobReference(
        digest: try #require(Digest(String(repeating: "ab", count: 32))), bytes: 1234, mediaType: "image/png")
    record.picture = ImageFacts(
        format: "png", width: 1672, height: 941, bitDepth: 8, colourType: "rgb", hasAlpha: false, interlaced: false,
        animated: false)
    let contract = SizeContract.gptImage2
    record.judgement = contract.judge(
        delivered: PixelSize(width: 1672, height: 941), request: request?.sizeRequest(in: contract))
    record.thumbHash = "LAgODIJf"
    record.perceptualHash = "cb36b2344dcb4b25"
    for role in Derivative.Role.allCases {
        let digest = try #require(Digest(String(repeating: role == .thumbnail ? "cd" : "ef", count: 32)))
        record.derivatives.append(
            Derivative(
                role: role, blob: BlobReference(digest: digest, bytes: 99, mediaType: "image/jpeg"), width: 512, height: 288,
                recipe: .object(["version": .integer(1)])))
    }
    return record
}

extension Catalog {
    /// Leases the first that are due, as a worker without a plan of its own would.
    func leaseOutputs(limit: Int, now: Date, until: Date) async throws -> [OutputLease] {
        try await leaseOutputs(try await queuedOutputs(limit: limit, now: now).map(\.id), now: now, until: until)
    }

    /// Registers a task and takes it to the point where its outputs wait.
    func resolve(_ id: TaskID, outputs: Int = 1, deadline: Date? = noon.plus(86400), request: RecordedRequest? = nil) async throws
    {
        _ = try await register([TaskRegistration(id: id, source: "test", request: request, createdAt: noon)], now: noon)
        for lease in try await leaseTasks(limit: 50, now: noon, until: noon.plus(60)) {
            let links = (0..<outputs).map { "https://files.example/\(lease.id.text)/\($0).png?sig=s3cret" }
            try await finish(
                lease,
                .resolved(
                    results: .links(links), createdAt: noon, deadline: deadline, model: "m", reason: nil,
                    json: .object(["id": .string(id.text)])),
                now: noon)
        }
    }
}
