import ArchiveModel
package import Catalog
package import Foundation

extension [NamedResult] {
    /// Links in their order, numbered from 0.
    package static func links(_ links: [String]) -> [NamedResult] {
        links.enumerated().map { NamedResult(index: $0.offset, link: ResultLink($0.element)) }
    }
}

extension Postponement {
    /// A failure without a history.
    package static func failure(dueAt: Date, error: String = "503", kind: String = "server", isMiss: Bool = false) -> Postponement
    {
        Postponement(dueAt: dueAt, error: error, kind: kind, cause: .vendor, history: FailureHistory(), isMiss: isMiss)
    }
}
