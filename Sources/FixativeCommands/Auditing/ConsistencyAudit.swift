import ArchiveModel
import Audit
import Catalog
import Foundation

/// Implements `audit --consistency`.
struct ConsistencyAudit {
    private let reader: AuditReader
    private let near: Int?
    private let format: AuditFormat
    private let sink: OutputFile

    init(_ reader: AuditReader, _ near: Int?, _ format: AuditFormat, _ sink: OutputFile) {
        self.reader = reader
        self.near = near
        self.format = format
        self.sink = sink
    }

    private struct JSONOutput: Encodable {
        var outputs: Int
        var findings: [ConsistencyCheck.Finding]
    }

    /// - Returns: Whether there are no contradictions; near duplicates do not count as one.
    func run() async throws -> Bool {
        var check = ConsistencyCheck(near: near)
        var outputs = 0
        try await reader.forEachPage([.archived], [.pictures, .delivery]) { page in
            outputs += page.count
            for (entry, _) in page { check.add(entry) }
        }
        let findings = check.finish()
        try write(JSONOutput(outputs: outputs, findings: findings))
        return findings.allSatisfy { $0.kind == .nearDuplicates }
    }

    private func write(_ result: JSONOutput) throws {
        if format == .json { return sink.write(try Rendering.json(result)) }
        var table = Table(columns: [
            .init("FINDING"), .init("TASK"), .init("INDEX", .right), .init("PICTURES", .right), .init("DETAIL"),
        ])
        for finding in result.findings {
            // CSV has one row per picture, the table one row per finding.
            for output in format == .csv ? finding.outputs : Array(finding.outputs.prefix(1)) {
                let others = format == .csv || finding.kind == .differingPixels ? "" : Self.others(finding)
                table.rows.append([
                    finding.kind.rawValue, output.taskId.text, "\(output.index)", "\(finding.outputs.count)",
                    finding.detail + others,
                ])
            }
        }
        guard format == .table else { return sink.write(table.csv) }
        let count =
            "\(Rendering.count(result.outputs, "picture")) compared, \(Rendering.count(result.findings.count, "finding"))\n"
        sink.write(result.findings.isEmpty ? count : table.text + "\n" + count)
    }

    /// The other pictures of a finding, at most three by name.
    private static func others(_ finding: ConsistencyCheck.Finding) -> String {
        let names = finding.outputs.dropFirst().map { "\($0.taskId) #\($0.index)" }
        guard !names.isEmpty else { return "" }
        return ": also " + names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }
}
