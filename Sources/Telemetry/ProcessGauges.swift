package import CoreMetrics
package import Foundation

/// Gauges of the process's resource usage, under the standard names of Prometheus client libraries.
package struct ProcessGauges: Sendable {
    private let memory: Meter
    private let files: Meter

    package init(_ factory: any MetricsFactory, version: String, startedAt: Date) {
        Meter(.build, [("version", version)], factory).set(1)
        Meter(.startTime, [], factory).set(startedAt.timeIntervalSince1970)
        memory = Meter(.residentMemory, [], factory)
        files = Meter(.openFiles, [], factory)
        refresh()
    }

    /// Updates the gauges.
    package func refresh() {
        if let bytes = Self.residentBytes { memory.set(bytes) }
        if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { files.set(open) }
    }

    /// Parses `VmRSS:    123456 kB`, see proc(5).
    private static var residentBytes: Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") })
        else { return nil }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }
}
