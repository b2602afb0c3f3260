import ArchiveModel
import BlobStore
import Catalog
import Foundation
import HTTPTypes
import Hummingbird

/// Whether the process lives, and whether it can do its work.
struct HealthRoutes {
    let catalog: any Catalog
    let clock: any WallClock
    let riskTime: TimeInterval
    let access: AccessControl
    let health: SourceHealth
    private let storeProbe: WriteProbe
    private let catalogProbe: WriteProbe

    init(
        catalog: any Catalog, blobs: any BlobStore, clock: any WallClock, riskTime: TimeInterval, access: AccessControl,
        health: SourceHealth
    ) {
        self.catalog = catalog
        self.clock = clock
        self.riskTime = riskTime
        self.access = access
        self.health = health
        storeProbe = WriteProbe(clock: clock) { try await blobs.probe() }
        catalogProbe = WriteProbe(clock: clock) { try await catalog.probe() }
    }

    func add(to router: Router<some RequestContext>) {
        router.get("healthz") { _, _ in try Answer.json(["status": "ok"]) }
        router.get("readyz") { request, _ in
            var readiness = await readiness()
            // What is wrong may name paths and hosts: anybody learns that, readers learn what.
            if (try? access.require(.read, request)) == nil { readiness.hideDetails() }
            return try Answer.json(readiness, status: readiness.isReady ? .ok : .serviceUnavailable)
        }
    }

    private enum Check: String, Encodable { case ok, failing }

    private struct Readiness: Encodable {
        var status: String { isReady ? "ready" : "not ready" }
        var isReady: Bool { [store, catalog, sources, risk].allSatisfy { $0 == .ok } }
        var store = Check.ok
        var catalog = Check.ok
        var sources = Check.ok
        var risk = Check.ok
        /// What keeps it from its work, or soon loses something.
        var problems: [String]? = []
        var parts: [SourceHealth.Source]?
        var waiting: Int?
        var nearestDeadline: Date?

        mutating func hideDetails() { (problems, parts, waiting, nearestDeadline) = (nil, nil, nil, nil) }

        mutating func fail(_ check: WritableKeyPath<Self, Check>, _ problem: String) {
            self[keyPath: check] = .failing
            problems?.append(problem)
        }

        private enum CodingKeys: String, CodingKey { case status, checks, problems, parts, waiting, nearestDeadline }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(status, forKey: .status)
            try container.encode(
                ["store": store, "catalog": catalog, "sources": sources, "risk": risk], forKey: .checks)
            try container.encodeIfPresent(problems, forKey: .problems)
            try container.encodeIfPresent(parts, forKey: .parts)
            try container.encodeIfPresent(waiting, forKey: .waiting)
            try container.encodeIfPresent(nearestDeadline, forKey: .nearestDeadline)
        }
    }

    private func readiness() async -> Readiness {
        var readiness = Readiness()
        async let storeProblem = storeProbe.problem()
        async let catalogProblem = catalogProbe.problem()
        if let problem = await storeProblem { readiness.fail(\.store, "the store can't be written: \(problem)") }
        if let problem = await catalogProblem { readiness.fail(\.catalog, "the catalog can't be written: \(problem)") }
        do {
            let now = clock.now
            let status = try await catalog.status(now: now)
            readiness.waiting = (status.outputs[.waiting] ?? 0) + (status.outputs[.leased] ?? 0)
            readiness.nearestDeadline = status.nearestDeadline
            let risk = try await catalog.atRisk(
                deadlineBefore: now.addingTimeInterval(riskTime),
                createdBefore: now.addingTimeInterval(riskTime - 24 * 3600), limit: 0)
            if !risk.isEmpty { readiness.fail(\.risk, "\(risk.outputCount + risk.taskCount) outputs or tasks are at risk") }
        } catch { readiness.fail(\.catalog, "the catalog does not answer: \(error)") }
        readiness.parts = health.sources
        for part in health.sources where part.state == .restarting {
            readiness.fail(\.sources, "\(part.name) has stopped: \(part.reason ?? "no reason is known")")
        }
        for part in health.sources where part.state == .failing {
            readiness.fail(\.sources, part.reason ?? part.name)
        }
        return readiness
    }
}
