package import ArchiveModel
package import Foundation
import Synchronization

/// Remembers which trust lists were stored in an archive, so that each record need not store them again.
package final class TrustListKeeper: Sendable {
    private let lists: TrustLists
    private let stored = Mutex<[Digest: Date]>([:])

    /// Seconds after which a list is stored again. A collection of garbage spares what was stored in the last hour, and it may run
    /// before the record that names the list is written.
    private static let validity: TimeInterval = 1200

    package init(_ settings: TrustSettings) { lists = TrustLists(settings) }

    /// Stores the lists of a verdict that were not stored lately. Call it before the record is written.
    ///
    /// - Parameter put: Stores one list as a blob.
    package func keep(
        _ verdict: CredentialFacts.Verdict?, now: Date, _ put: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        guard let digests = verdict?.trust?.digests else { return }
        let due = stored.withLock { stored in
            digests.filter { abs(now.timeIntervalSince(stored[$0] ?? .distantPast)) > Self.validity }
        }
        guard !due.isEmpty else { return }
        for file in lists.files {
            let digest = Digest(of: file)
            guard due.contains(digest) else { continue }
            try await put(file)
            stored.withLock { $0[digest] = now }
        }
    }
}
