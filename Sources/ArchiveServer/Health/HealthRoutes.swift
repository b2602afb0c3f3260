import ArchiveModel
import BlobStore
import Catalog
import Foundation
import HTTPTypes
import Hummingbird

/// Reports whether the process is alive, and whether it can do its work.
struct HealthRoutes {
    private let archive: Archive?
    private let clock: any WallClock
    private let options: ArchiveServer.Options
    private let health: SourceHealth

    private struct Archive {
        var catalog: any Catalog
        var storeProbe: WriteProbe
        var catalogProbe: WriteProbe
    }

    /// - Parameter archive: `nil` while it is not open.
    init(
        archive: (blobs: any BlobStore, catalog: any Catalog)?, clock: any WallClock, options: ArchiveServer.Options,
        health: SourceHealth
    ) {
        self.archive = archive.map { blobs, catalog in
            Archive(
                catalog: catalog, storeProbe: WriteProbe(clock: clock) { try await blobs.probe() },
                catalogProbe: WriteProbe(clock: clock) { try await catalog.probe() })
        }
        self.clock = clock
        self.options = options
        self.health = health
    }

    func add(to router: Router<ServerContext>) {
        router.get("healthz") { _, _ in try JSONResponse.json(["status": "ok"]) }
        router.get("readyz") { request, _ in
            var readiness = await readiness()
            // Problems may contain paths and hosts, so only readers see the details.
            if !options.access.mayRead(request) { readiness.hideDetails() }
            return try JSONResponse.json(readiness, status: readiness.isReady ? .ok : .serviceUnavailable)
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
        /// Reasons why the service is not ready, or may soon lose something.
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
        if let archive {
            await look(at: archive, &readiness)
        } else {
            readiness.fail(\.store, "the archive is not open yet")
            readiness.fail(\.catalog, "the archive is not open yet")
        }
        readiness.parts = health.sources
        for part in health.sources where part.state == .restarting {
            readiness.fail(\.sources, "\(part.name) has stopped: \(part.reason ?? "no reason is known")")
        }
        for part in health.sources where part.state == .failing {
            readiness.fail(\.sources, part.reason ?? part.name)
        }
        return readiness
    }

    private func look(at archive: Archive, _ readiness: inout Readiness) async {
        let catalog = archive.catalog
        let riskTime = options.riskTime()
        async let storeProblem = archive.storeProbe.problem()
        async let catalogProblem = archive.catalogProbe.problem()
        if let problem = await storeProblem { readiness.fail(\.store, "cannot write to the store: \(problem)") }
        if let problem = await catalogProblem { readiness.fail(\.catalog, "cannot write to the catalog: \(problem)") }
        do {
            let now = clock.now
            let status = try await catalog.status(now: now)
            readiness.waiting = (status.outputs[.waiting] ?? 0) + (status.outputs[.leased] ?? 0)
            readiness.nearestDeadline = status.nearestDeadline
            let risk = try await catalog.atRisk(
                deadlineBefore: now.addingTimeInterval(riskTime),
                createdBefore: now.addingTimeInterval(riskTime - UpstreamRules.linkLifetime), limit: 0)
            if !risk.isEmpty { readiness.fail(\.risk, "\(risk.outputCount + risk.taskCount) outputs or tasks are at risk") }
        } catch { readiness.fail(\.catalog, "the catalog does not answer: \(error)") }
    }
}
