import CoreMetrics
import Foundation
import Telemetry
import Testing

/// The text by hand, from prometheus.io/docs/instrumenting/exposition_formats and /docs/concepts/data_model.
@Suite struct PrometheusRegistryTests {
    @Test func theTextFollowsThePrometheusFormat() throws {
        let registry = PrometheusRegistry([
            MetricFamily("fixative_odd_total", "What \\ is \n \"odd\"."),
            MetricFamily("sizes_bytes", "Two.", buckets: [1, 4096]),
        ])
        let odd = [("path", "C:\\new \"folder\"\nünter"), ("9th", "1"), ("le", "0.5")]
        Counter(label: "fixative.odd", dimensions: odd, factory: registry).increment(by: 2)
        Counter(label: "fixative-odd_total", dimensions: odd.reversed(), factory: registry).increment()
        FloatingPointCounter(label: "fixative.odd", dimensions: [("path", "")], factory: registry).increment(by: 0.5)
        let lag = CoreMetrics.Timer(label: "lag", dimensions: [("stage", "a b"), ("le", "x")], factory: registry)
        // On its bound, on another, above all.
        for nanoseconds: Int64 in [5_000_000, 250_000_000, 700_000_000_000] { lag.recordNanoseconds(nanoseconds) }
        Gauge(label: "queue depth", factory: registry).record(Double.infinity)
        let sizes = Recorder(label: "sizes_bytes", dimensions: [], aggregate: true, factory: registry)
        sizes.record(4096)
        sizes.record(8_000_000_000_000)
        let fixture = try #require(Bundle.module.url(forResource: "hostile", withExtension: "prom", subdirectory: "Fixtures"))
        #expect(try registry.text() == String(contentsOf: fixture, encoding: .utf8))
    }

    @Test func numbersAreWrittenAsPrometheusFloats() {
        let registry = PrometheusRegistry()
        let values: [(Double, String)] = [
            (0, "0"), (-3, "-3"), (0.1, "0.1"), (1e-7, "1e-07"), (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
            (.nan, "NaN"), (1_795_348_800.5, "1795348800.5"),
        ]
        let meter = Meter(label: "value", factory: registry)
        for (value, text) in values {
            meter.set(value)
            #expect(registry.text() == "# TYPE value gauge\nvalue \(text)\n")
        }
    }

    @Test func valuesBeyondTheLabelLimitAreCountedTogether() {
        let registry = PrometheusRegistry()
        for number in 0..<250 {
            Counter(label: "asked", dimensions: [("who", "\(number)"), ("how", "get")], factory: registry).increment()
            Counter(label: "asked", dimensions: [("who", "0"), ("how", "get")], factory: registry).increment()
        }
        let lines = registry.text().split(separator: "\n")
        #expect(lines.count == 1 + 200 + 1)
        #expect(lines.contains(#"asked_total{how="other",who="other"} 50"#))
        #expect(lines.contains(#"asked_total{how="get",who="0"} 251"#))
        #expect(lines.contains(#"asked_total{how="get",who="199"} 1"#))
        #expect(!lines.contains { $0.contains(#"who="200""#) })
    }

    @Test func aDestroyedMetricIsNoLongerShown() {
        let registry = PrometheusRegistry()
        let one = Meter(label: "one", dimensions: [("a", "1")], factory: registry)
        Meter(label: "one", dimensions: [("a", "2")], factory: registry).set(2)
        one.destroy()
        #expect(registry.text() == "# TYPE one gauge\none{a=\"2\"} 2\n")
    }

    @Test func aMetricNameKeepsItsFirstKind() {
        let registry = PrometheusRegistry()
        Meter(label: "lag_seconds", factory: registry).set(1)
        CoreMetrics.Timer(label: "lag", factory: registry).recordNanoseconds(Int64(1))
        #expect(registry.text() == "# TYPE lag_seconds gauge\nlag_seconds 1\n")
    }

    @Test func noCountIsLostWhenManyTasksCount() async {
        let registry = PrometheusRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for number in 0..<5000 {
                        Counter(label: "n", dimensions: [("a", "\(number % 3)")], factory: registry).increment()
                        CoreMetrics.Timer(label: "t", factory: registry).recordNanoseconds(Int64(1_000_000_000))
                    }
                }
            }
        }
        let lines = registry.text().split(separator: "\n")
        #expect(lines.contains(#"n_total{a="0"} 13336"#))  // 1667 of 5000, eight times
        #expect(lines.contains("t_seconds_count 40000") && lines.contains("t_seconds_sum 40000"))
    }

    @Test func everyMetricHasATypeAndAHelpText() {
        let registry = PrometheusRegistry(MetricFamily.all)
        let metrics = ArchiveMetrics(registry)
        metrics.answered(method: "GET", route: "/a", status: "2xx", after: .milliseconds(3))
        metrics.retried(.output, cause: "timeout")
        metrics.taskEnded("failed")
        let process = ProcessGauges(registry, version: "1.2", startedAt: Date(timeIntervalSince1970: 1_795_348_800))
        process.refresh()
        let lines = registry.text().split(separator: "\n")
        let types = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
        let helps = lines.filter { $0.hasPrefix("# HELP ") }.map { $0.split(separator: " ")[2] }
        #expect(types.count > 15 && types == helps && Set(types).count == types.count)
        #expect(lines.contains("process_start_time_seconds 1795348800"))
        #expect(lines.contains(#"fixative_build_info{version="1.2"} 1"#))
        #expect(lines.contains(#"fixative_ended_outputs_total{outcome="mismatch"} 0"#), "0 before the first one")
        let memory = lines.first { $0.hasPrefix("process_resident_memory_bytes ") }?.split(separator: " ").last.flatMap {
            Int($0)
        }
        #expect((memory ?? 0) > 1 << 20)
    }
}
