import Foundation
import NIOConcurrencyHelpers

/// Creates the links to tasks' results.
struct ResultLinks: Sendable {
    let account: Account
    let signer: LinkSigner
    let lifetime: TimeInterval
    /// `http://host:port`, known once the server listens.
    let base: NIOLockedValueBox<String>

    /// The links of `entry`, in the order of its results. Repeated reads return the same links, except for files whose first link
    /// was refused.
    func links(of entry: SimulatedEntry) async -> [String] {
        let address = base.withLockedValue { $0 }
        let expires = entry.finishes.addingTimeInterval(lifetime)
        var links: [String] = []
        for (index, delivery) in entry.deliveries.enumerated() {
            let file = Self.file(task: entry.id, index: index)
            let path = "/files/\(file).\(delivery.ending)"
            links.append(address + signer.link(path: path, expires: expires, number: await account.linkNumber(of: file)))
        }
        return links
    }

    /// The file's name for counting attempts and drawing faults.
    static func file(task: String, index: Int) -> String { "\(task)/\(index)" }
}
