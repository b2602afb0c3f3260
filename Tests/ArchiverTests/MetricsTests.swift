import ArchiveModel
import Archiver
import Foundation
import SizeContract
import Telemetry
import Testing
import UpstreamSimulator

/// What is counted is what was told.
@Suite struct MetricsTests {
    @Test func theMetricsMatchTheReportedEvents() async throws {
        let archive = try TestArchive()
        let registry = PrometheusRegistry()
        try await withSimulator(.hostile, seed: 7, tasks: 40, clock: archive.clock) { _, url, tasks in
            let summary = try await archive.run(url, tasks: tasks.map(\.registration), metrics: ArchiveMetrics(registry))
            let lines = registry.text().split(separator: "\n")
            func sum(_ family: String, _ label: String = "") -> Int {
                lines.filter { $0.hasPrefix(family + "{") && $0.contains(label) }
                    .reduce(0) { $0 + (Int($1.split(separator: " ").last ?? "") ?? 0) }
            }
            let events = archive.events
            let clean = events.count {
                if case .archived(let entry) = $0 { entry.judgement?.verdict.isClean == true } else { false }
            }
            let postponed = events.count { if case .postponed = $0 { true } else { false } }
            #expect(clean > 0 && postponed > 0 && summary.unavailable > 0)
            #expect(sum("fixative_ended_outputs_total", #"outcome="match""#) == clean)
            #expect(sum("fixative_ended_outputs_total", #"outcome="mismatch""#) == summary.archived - clean)
            #expect(sum("fixative_ended_outputs_total", #"outcome="unavailable""#) == summary.unavailable)
            #expect(
                sum("fixative_retries_total", #"of="output""#) + sum("fixative_retries_total", #"of="task""#) == postponed)
            // On a busy machine a lease may pass on between record and row; then the next try finds it filed.
            let passedOn = events.count {
                if case .warning(let text) = $0 { text.contains("took over the lease") } else { false }
            }
            let filed = sum("fixative_stage_duration_seconds_count", #"stage="file""#)
            #expect(filed <= summary.archived + passedOn && filed >= summary.archived - passedOn)
            #expect(sum("fixative_stage_duration_seconds_count", #"stage="download""#) >= summary.archived)
            #expect(sum("fixative_store_errors_total") == 0)
            let causes = lines.filter { $0.hasPrefix("fixative_retries_total") }
            #expect(causes.count < 25 && causes.allSatisfy { $0.contains(/cause="[a-z_x0-9]+"/) }, "\(causes)")
        }
    }
}
