import ArchiveModel
import BlobStore
import Catalog
import Foundation
import HTTPTypes
import Hummingbird

/// Whether the process lives, and whether it can do its work.
struct HealthRoutes {
    let catalog: any Catalog
    let blobs: any BlobStore
    let clock: any WallClock
    let riskTime: TimeInterval
    /// Why a source delivers nothing any more; `nil` while all do.
    let stoppedSource: @Sendable () -> String?

    func add(to router: Router<some RequestContext>) {
        router.get("healthz") { _, _ in try Answer.json(["status": "ok"]) }
        router.get("readyz") { _, _ in try await readiness() }
    }

    private struct Readiness: Encodable {
        var isReady: Bool { problems.isEmpty }
        /// What keeps it from its work, or soon loses something.
        var problems: [String] = []
        var waiting = 0
        var nearestDeadline: Date?

        private enum CodingKeys: String, CodingKey { case status, problems, waiting, nearestDeadline }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(isReady ? "ready" : "not ready", forKey: .status)
            try container.encode(problems, forKey: .problems)
            try container.encode(waiting, forKey: .waiting)
            try container.encodeIfPresent(nearestDeadline, forKey: .nearestDeadline)
        }
    }

    private func readiness() async throws -> Response {
        var readiness = Readiness()
        do {
            let ingest = try await blobs.beginIngest()
            await ingest.discard()
        } catch { readiness.problems.append("the store can't be written: \(error)") }
        do {
            let now = clock.now
            let status = try await catalog.status(now: now)
            readiness.waiting = (status.outputs[.waiting] ?? 0) + (status.outputs[.leased] ?? 0)
            readiness.nearestDeadline = status.nearestDeadline
            let risk = try await catalog.atRisk(
                deadlineBefore: now.addingTimeInterval(riskTime),
                createdBefore: now.addingTimeInterval(riskTime - 24 * 3600), limit: 0)
            if !risk.isEmpty { readiness.problems.append("\(risk.outputCount + risk.taskCount) outputs or tasks are at risk") }
        } catch { readiness.problems.append("the catalog does not answer: \(error)") }
        if let reason = stoppedSource() { readiness.problems.append("a source has stopped: \(reason)") }
        return try Answer.json(readiness, status: readiness.isReady ? .ok : .serviceUnavailable)
    }
}
