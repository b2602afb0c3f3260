import ArchiveModel
import Foundation
import Provenance

/// Whether the embedded trust lists are past the update that their publisher has announced.
struct TrustListAge {
    let isOld: Bool
    let detail: String

    init(_ lists: [EmbeddedList], now: Date) {
        let old = lists.filter { ($0.nextUpdate ?? .distantFuture) < now }
        isOld = !old.isEmpty
        let shown = isOld ? old : lists
        let words = shown.map { list in
            let (issued, next) = (list.issued.map(Self.day) ?? "-", list.nextUpdate.map(Self.day) ?? "-")
            return "\(list.name) of \(issued), next update \(next)"
        }
        let advice = "; it is due: install a newer version, or give a newer list with --trust-list and --tsa-list"
        detail = words.joined(separator: "; ") + (isOld ? advice : "")
    }

    private static func day(_ date: Date) -> String { String(date.iso8601.prefix(10)) }
}
