package import CoreMetrics

/// Counters and timers for archiving and for the service. Copies share the same instruments.
package struct ArchiveMetrics: Sendable {
    /// Records nothing.
    package static let none = ArchiveMetrics(NOOPMetricsHandler.instance)

    package enum Stage: String, CaseIterable, Sendable { case resolve, download, inspect, file }
    package enum Ending: String, CaseIterable, Sendable { case match, mismatch, unavailable }
    package enum Store: String, CaseIterable, Sendable { case blobs, catalog }
    package enum Tried: String, CaseIterable, Sendable { case output, task, call }
    package enum SweepOutcome: String, CaseIterable, Sendable { case good, failed }
    package enum HookOutcome: String, CaseIterable, Sendable {
        case taken, refused, malformed, failed
        case tooLarge = "too_large"
    }

    package enum NoticeOutcome: String, CaseIterable, Sendable {
        case delivered, failed, dropped
        case givenUp = "given_up"
    }

    private let factory: any MetricsFactory
    private let stages: [Stage: CoreMetrics.Timer]
    private let endings: [Ending: Counter]
    private let stores: [Store: Counter]
    private let sweeps: [SweepOutcome: Counter]
    private let hooks: [HookOutcome: Counter]
    private let notices: [NoticeOutcome: Counter]
    private let waitingNotices: Meter
    private let discovered: Counter
    private let bytes: Counter
    private let sizes: Recorder
    private let lastGoodSweep: Meter

    /// - Parameter factory: Returns the same instrument for the same name and labels.
    package init(_ factory: any MetricsFactory) {
        self.factory = factory
        stages = Self.each(Stage.self) {
            CoreMetrics.Timer(label: MetricFamily.stages.name, dimensions: [("stage", $0)], factory: factory)
        }
        // Create all labels now, so that a first failure appears as a step from 0.
        endings = Self.each(Ending.self) { Counter(.ended, [("outcome", $0)], factory) }
        stores = Self.each(Store.self) { Counter(.storeErrors, [("store", $0)], factory) }
        sweeps = Self.each(SweepOutcome.self) { Counter(.sweeps, [("outcome", $0)], factory) }
        hooks = Self.each(HookOutcome.self) { Counter(.hooks, [("outcome", $0)], factory) }
        notices = Self.each(NoticeOutcome.self) { Counter(.notices, [("outcome", $0)], factory) }
        waitingNotices = Meter(.noticesWaiting, [], factory)
        discovered = Counter(.discovered, [], factory)
        bytes = Counter(.downloadedBytes, [], factory)
        sizes = Recorder(label: MetricFamily.delivery.name, aggregate: true, factory: factory)
        lastGoodSweep = Meter(.lastGoodSweep, [], factory)
    }

    private static func each<Key: RawRepresentable<String> & CaseIterable & Hashable, Made>(
        _ keys: Key.Type, _ make: (String) -> Made
    ) -> [Key: Made] {
        Dictionary(keys.allCases.map { ($0, make($0.rawValue)) }) { first, _ in first }
    }

    // MARK: Pipeline

    /// Measures the duration of a stage; stages that throw are not recorded.
    package func measure<Value>(_ stage: Stage, _ body: () async throws -> Value) async rethrows -> Value {
        let start = ContinuousClock.now
        let value = try await body()
        stages[stage]?.recordNanoseconds(Self.nanoseconds(.now - start))
        return value
    }

    package func discovered(_ tasks: Int) { discovered.increment(by: tasks) }

    /// - Parameter size: In bytes.
    package func downloaded(_ size: Int) {
        bytes.increment(by: size)
        sizes.record(size)
    }

    package func ended(_ ending: Ending) { endings[ending]?.increment() }

    package func taskEnded(_ state: String) { Counter(.endedTasks, [("state", state)], factory).increment() }

    /// - Parameter cause: One of a small, fixed set.
    package func retried(_ tried: Tried, cause: String) {
        Counter(.retries, [("of", tried.rawValue), ("cause", cause)], factory).increment()
    }

    package func storeFailed(_ store: Store) { stores[store]?.increment() }

    /// - Parameter time: Unix time in seconds.
    package func swept(_ outcome: SweepOutcome, at time: Double) {
        sweeps[outcome]?.increment()
        if outcome == .good { lastGoodSweep.set(time) }
    }

    // MARK: Service

    package func noticed(_ outcome: NoticeOutcome, _ count: Int = 1) { notices[outcome]?.increment(by: count) }

    package func noticesWaiting(_ count: Int) { waitingNotices.set(count) }

    package func hook(_ outcome: HookOutcome) { hooks[outcome]?.increment() }

    /// - Parameters:
    ///   - route: The pattern of the path, not the path itself.
    ///   - status: The status class, such as `2xx`.
    package func answered(method: String, route: String, status: String, after duration: Duration) {
        let labels = [("method", method), ("route", route), ("status", status)]
        Counter(.requests, labels, factory).increment()
        CoreMetrics.Timer(label: MetricFamily.requestTime.name, dimensions: [("route", route)], factory: factory)
            .recordNanoseconds(Self.nanoseconds(duration))
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

extension Counter {
    package convenience init(_ family: MetricFamily, _ labels: [(String, String)], _ factory: any MetricsFactory) {
        self.init(label: family.name, dimensions: labels, factory: factory)
    }
}

extension Meter {
    package convenience init(_ family: MetricFamily, _ labels: [(String, String)], _ factory: any MetricsFactory) {
        self.init(label: family.name, dimensions: labels, factory: factory)
    }
}
