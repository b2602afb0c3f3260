import ArchiveModel
import Archiver
import Catalog
import CoreMetrics
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SizeContract
import Telemetry

/// `GET /metrics` in Prometheus format: counters since the start, and gauges from the catalog.
struct MetricsRoutes: Sendable {
    private let registry: PrometheusRegistry
    private let catalog: any CatalogReader
    private let clock: any WallClock
    private let riskTime: @Sendable () -> TimeInterval
    private let gauges: CatalogGauges
    private let process: ProcessGauges

    init(
        registry: PrometheusRegistry, catalog: any CatalogReader, clock: any WallClock,
        riskTime: @escaping @Sendable () -> TimeInterval, version: String
    ) {
        self.registry = registry
        self.catalog = catalog
        self.clock = clock
        self.riskTime = riskTime
        gauges = CatalogGauges(registry)
        process = ProcessGauges(registry, version: version, startedAt: clock.now)
    }

    func add(to group: RouterGroup<ServerContext>) {
        group.get("metrics") { _, context in
            await look(context.logger)
            return Response(
                status: .ok, headers: [.contentType: PrometheusRegistry.contentType, .cacheControl: "no-store"],
                body: .init(byteBuffer: ByteBuffer(string: registry.text())))
        }
    }

    /// If the catalog does not respond, its gauges become NaN; the process metrics are still reported.
    private func look(_ logger: Logger) async {
        process.refresh()
        do {
            let now = clock.now
            let status = try await catalog.status(now: now)
            let risk = try await AtRisk.find(in: catalog, now: now, time: riskTime(), limit: 0)
            gauges.show(status, risk, try await catalog.failing(limit: 0), now: now)
        } catch {
            logger.warning("the catalog did not answer a scrape", metadata: ["error": "\(error)"])
            gauges.forget()
        }
    }
}

/// Gauges of the queue and the archive. The values come from the catalog, so they survive a restart.
private struct CatalogGauges: Sendable {
    private let tasks: [TaskState: Meter]
    private let outputs: [OutputState: Meter]
    private let verdicts: [Verdict: Meter]
    private let mismatched: Meter
    private let bytes: Meter
    private let deadline: Meter
    private let outputsAtRisk: Meter
    private let tasksAtRisk: Meter
    private let failingOutputs: [FailureCause: Meter]
    private let failingTasks: [FailureCause: Meter]
    private let isUp: Meter

    init(_ factory: any MetricsFactory) {
        tasks = Self.each(.tasks, label: "state", factory)
        outputs = Self.each(.outputs, label: "state", factory)
        verdicts = Self.each(.archived, label: "verdict", factory)
        mismatched = Meter(.mismatched, [], factory)
        bytes = Meter(.archivedBytes, [], factory)
        deadline = Meter(.nearestDeadline, [], factory)
        outputsAtRisk = Meter(.outputsAtRisk, [], factory)
        tasksAtRisk = Meter(.tasksAtRisk, [], factory)
        failingOutputs = Self.each(.failingOutputs, label: "cause", factory)
        failingTasks = Self.each(.failingTasks, label: "cause", factory)
        isUp = Meter(.catalogUp, [], factory)
    }

    private static func each<Key: RawRepresentable<String> & CaseIterable & Hashable>(
        _ family: MetricFamily, label: String, _ factory: any MetricsFactory
    ) -> [Key: Meter] {
        Dictionary(Key.allCases.map { ($0, Meter(family, [(label, $0.rawValue)], factory)) }) { first, _ in first }
    }

    func show(_ status: CatalogStatus, _ risk: AtRisk, _ failing: Failing, now: Date) {
        for (state, meter) in tasks { meter.set(status.tasks[state] ?? 0) }
        for (state, meter) in outputs { meter.set(status.outputs[state] ?? 0) }
        for (verdict, meter) in verdicts { meter.set(status.verdicts[verdict] ?? 0) }
        mismatched.set(status.verdicts.reduce(0) { $1.key.isClean ? $0 : $0 + $1.value })
        bytes.set(status.originalBytes)
        deadline.set(status.nearestDeadline.map { $0.timeIntervalSince(now) } ?? .infinity)
        outputsAtRisk.set(risk.outputCount)
        tasksAtRisk.set(risk.taskCount)
        for (cause, meter) in failingOutputs { meter.set(failing.outputCounts[cause] ?? 0) }
        for (cause, meter) in failingTasks { meter.set(failing.taskCounts[cause] ?? 0) }
        isUp.set(1)
    }

    /// Sets the gauges to NaN, since outdated values would hide the failure.
    func forget() {
        let all =
            Array(tasks.values) + Array(outputs.values) + Array(verdicts.values)
            + Array(failingOutputs.values) + Array(failingTasks.values)
        for meter in all + [mismatched, bytes, deadline, outputsAtRisk, tasksAtRisk] { meter.set(Double.nan) }
        isUp.set(0)
    }
}

/// Counts and times requests by route pattern; for the webhook, also counts the outcomes of callbacks.
struct RequestMetricsMiddleware<Context: RequestContext>: RouterMiddleware {
    let metrics: ArchiveMetrics

    func handle(_ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response) async throws
        -> Response
    {
        let start = ContinuousClock.now
        do {
            let response = try await next(request, context)
            let code = response.status.code
            record(request, context, status: "\(code / 100)xx", since: start)
            if context.endpointPath?.hasPrefix("/hooks/") == true { metrics.hook(Self.outcome(ofCallback: code)) }
            return response
        } catch {
            record(request, context, status: "none", since: start)
            throw error
        }
    }

    private func record(_ request: Request, _ context: Context, status: String, since start: ContinuousClock.Instant) {
        let method = Self.methods.contains(request.method) ? request.method.rawValue : "other"
        // For an unknown route, Hummingbird returns a word, not a path.
        let route = context.endpointPath.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "none"
        metrics.answered(method: method, route: route, status: status, after: .now - start)
    }

    /// Other method names are counted as "other", since clients can invent any number of them.
    private static var methods: Set<HTTPRequest.Method> { [.get, .head, .post, .put, .delete, .options, .patch] }

    private static func outcome(ofCallback status: Int) -> ArchiveMetrics.HookOutcome {
        switch status {
        case ..<300: .taken
        case 404: .refused
        case 413: .tooLarge
        case ..<500: .malformed
        default: .failed
        }
    }
}
