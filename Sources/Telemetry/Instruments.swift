import CoreMetrics
import NIOConcurrencyHelpers

/// The type of a metric family in Prometheus terms.
enum InstrumentKind: String { case counter, gauge, histogram }

/// One time series: a metric family with one set of labels.
protocol Instrument: AnyObject, Sendable {
    func write(_ name: String, _ labels: LabelSet, to text: inout PrometheusText)
}

/// A sum that only increases.
final class CounterInstrument: Instrument, CounterHandler, FloatingPointCounterHandler {
    private let sum = NIOLockedValueBox(0.0)

    func increment(by amount: Int64) { increment(by: Double(amount)) }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        sum.withLockedValue { $0 += amount }
    }

    func reset() { sum.withLockedValue { $0 = 0 } }

    func write(_ name: String, _ labels: LabelSet, to text: inout PrometheusText) {
        text.add(name, labels, sum.withLockedValue { $0 })
    }
}

/// A value that can increase and decrease.
final class GaugeInstrument: Instrument, MeterHandler, RecorderHandler {
    private let value = NIOLockedValueBox(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLockedValue { $0 = value } }
    func increment(by amount: Double) { value.withLockedValue { $0 += amount } }
    func decrement(by amount: Double) { value.withLockedValue { $0 -= amount } }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func write(_ name: String, _ labels: LabelSet, to text: inout PrometheusText) {
        text.add(name, labels, value.withLockedValue { $0 })
    }
}

/// Counts values in buckets with fixed upper bounds.
final class HistogramInstrument: Instrument, TimerHandler, RecorderHandler {
    private struct State {
        /// One count per bound, and one for values above all bounds.
        var counts: [Int]
        var sum = 0.0
    }

    /// Ascending, inclusive upper bounds.
    private let bounds: [Double]
    private let state: NIOLockedValueBox<State>

    init(_ bounds: [Double]) {
        self.bounds = bounds
        state = NIOLockedValueBox(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLockedValue {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    func write(_ name: String, _ labels: LabelSet, to text: inout PrometheusText) {
        let state = state.withLockedValue { $0 }
        var count = 0
        for (bound, own) in zip(bounds + [.infinity], state.counts) {
            count += own
            text.add(name + "_bucket", labels.with(bound: bound), Double(count))
        }
        text.add(name + "_sum", labels, state.sum)
        text.add(name + "_count", labels, Double(count))
    }
}
