import Foundation
import Testing
@testable import UpstreamSimulator
import ArchiveModel
@Test(.enabled(if: ProcessInfo.processInfo.environment["SCRATCH"] != nil)) func scratch() async throws {
    var o = SimulatorOptions()
    o.port = 8799; o.faults = FaultProfile(rawValue: ProcessInfo.processInfo.environment["SCRATCH"] ?? "none") ?? .none; o.seed = 7
    o.completionsPerMinute = 6
    try await withLiveSimulator(o) { s, base in
        let tasks = try await s.populate(tasks: 200)
        for t in tasks.prefix(5) { print(try t.manifestLine.text(), t.fate, t.outputs) }
        try await Task.sleep(for: .seconds(100))
        print("violations", s.violations)
    }
}
