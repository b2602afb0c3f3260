import ArchiveModel
import Audit
import Catalog
import Foundation

/// Implements `audit --provenance`.
struct ProvenanceAudit {
    private let catalog: any CatalogReader
    private let query: EntryQuery
    private let now: Date
    private let format: AuditFormat
    private let sink: OutputFile

    init(_ reader: AuditReader, _ format: AuditFormat, _ sink: OutputFile) {
        catalog = reader.catalog
        query = reader.filter.outputs([.archived], now: reader.now)
        now = reader.now
        (self.format, self.sink) = (format, sink)
    }

    private struct JSONOutput: Encodable {
        var outputs: Int
        var findings: [ProvenanceFindings.Finding]
    }

    /// - Returns: Whether nothing is wrong. The coming end of a certificate is not wrong.
    func run() async throws -> Bool {
        var findings = ProvenanceFindings(now: now)
        try await catalog.forEachCredentialPage(query) { rows in
            for row in rows { findings.add(row) }
        }
        let sorted = findings.sorted
        if format == .json {
            sink.write(try Rendering.json(JSONOutput(outputs: findings.pictures, findings: sorted)))
        } else {
            write(sorted, of: findings.pictures)
        }
        return sorted.allSatisfy { $0.kind == .turnsInvalid }
    }

    private func write(_ findings: [ProvenanceFindings.Finding], of pictures: Int) {
        var table = Table(columns: [.init("FINDING"), .init("TASK"), .init("INDEX", .right), .init("DETAIL")])
        table.rows = findings.map { [$0.kind.rawValue, $0.taskId.text, "\($0.index)", $0.detail] }
        guard format == .table else { return sink.write(table.csv) }
        let count = "\(Rendering.count(pictures, "picture")) compared, \(Rendering.count(findings.count, "finding"))\n"
        sink.write(findings.isEmpty ? count : table.text + "\n" + count)
    }
}
