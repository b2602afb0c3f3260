package import CoreMetrics
import NIOConcurrencyHelpers

/// Holds all instruments, and renders them in Prometheus text format.
///
/// A counter is shown as a `counter`, a meter or gauge as a `gauge`, a timer or aggregating recorder as a `histogram` with fixed
/// buckets. Labels of swift-metrics become valid Prometheus names: characters other than letters, digits and `_` become `_`, a
/// counter ends in `_total`, a timer in `_seconds`. The same name and labels always return the same instrument.
///
/// The first instrument of a name determines its type. An instrument of another type under the same name works, but is not shown.
package final class PrometheusRegistry: MetricsFactory {
    /// The content type of ``text()``.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"
    /// Maximum number of label sets per family. Further ones are counted in one series with all labels set to `other`. This
    /// prevents labels that clients can influence from filling the memory, here or in the monitoring system.
    package static let mostSeries = 200

    private let described: [String: MetricFamily]
    private let families = NIOLockedValueBox<[String: Family]>([:])

    private struct Family {
        var kind: InstrumentKind
        var series: [LabelSet: any Instrument] = [:]
    }

    /// - Parameter described: Families with a known description and buckets. Other families are shown without a description.
    package init(_ described: [MetricFamily] = []) {
        self.described = Dictionary(described.map { ($0.name, $0) }) { first, _ in first }
    }

    /// All families in text format 0.0.4, sorted by name and labels.
    package func text() -> String {
        let families = families.withLockedValue { $0 }.sorted { $0.key < $1.key }
        var text = PrometheusText()
        for (name, family) in families where !family.series.isEmpty {
            text.begin(name, family.kind, help: described[name]?.help)
            for (labels, instrument) in family.series.sorted(by: { $0.key < $1.key }) {
                instrument.write(name, labels, to: &text)
            }
        }
        return text.lines
    }

    /// - Parameter make: Called if the instrument does not exist yet.
    private func instrument<Made: Instrument>(
        _ name: String, _ kind: InstrumentKind, _ dimensions: [(String, String)], make: () -> Made
    ) -> Made {
        let labels = LabelSet(dimensions, isHistogram: kind == .histogram)
        return families.withLockedValue { families in
            var family = families[name] ?? Family(kind: kind)
            guard family.kind == kind else { return make() }
            if let known = family.series[labels] as? Made { return known }
            let slot = family.series.count < Self.mostSeries ? labels : labels.other
            if let known = family.series[slot] as? Made { return known }
            let made = make()
            family.series[slot] = made
            families[name] = family
            return made
        }
    }

    private func remove(_ instrument: AnyObject) {
        families.withLockedValue { families in
            for (name, family) in families {
                guard let labels = family.series.first(where: { $0.value === instrument })?.key else { continue }
                families[name]?.series[labels] = nil
            }
        }
    }

    private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterInstrument {
        instrument(MetricName.text(label, ending: "_total"), .counter, dimensions) { CounterInstrument() }
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeInstrument {
        instrument(MetricName.text(label), .gauge, dimensions) { GaugeInstrument() }
    }

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramInstrument {
        instrument(name, .histogram, dimensions) {
            let own = described[name]?.buckets ?? []
            return HistogramInstrument(own.isEmpty ? MetricFamily.usualBuckets(of: name) : own)
        }
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler { counter(label, dimensions) }

    package func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { gauge(label, dimensions) }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate { return histogram(MetricName.text(label), dimensions) }
        return gauge(label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(MetricName.text(label, ending: "_seconds"), dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }
}
