package import ArchiveModel
package import Foundation

/// The outputs to fetch, and the right to fetch them.
package protocol OutputQueue: Sendable {
    /// Up to `limit` due outputs, without leasing them. Outputs without a deadline come first, then those before their deadline,
    /// then those past it; each group by deadline. If more are due, up to `limit` further outputs are added so that every account
    /// gets a share.
    func queuedOutputs(limit: Int, now: Date) async throws -> [QueuedOutput]

    /// Leases those of `ids` that are due and not held by another worker, in the given order.
    func leaseOutputs(_ ids: [OutputID], now: Date, until: Date) async throws -> [OutputLease]

    /// Extends leases that are still held.
    /// - Returns: The leases that another worker has taken over.
    func extend(_ leases: [OutputLease], until: Date) async throws -> [OutputLease]

    /// The request of a task, as far as it is known.
    func request(of task: TaskID) async throws -> RecordedRequest?

    /// When a lease expires; `nil` when another worker has taken it over.
    func expiry(of lease: OutputLease) async throws -> Date?

    /// Ends an output's lease and stores the outcome.
    /// - Throws: ``CatalogError`` with code `leaseLost` when another worker has taken over the lease; nothing is written then.
    func finish(_ lease: OutputLease, _ outcome: OutputOutcome, now: Date) async throws

    /// The links of a task's results by index. While a result is pending this is the full link, which is a secret. Afterwards it
    /// is the URL without the query, or the digest of inline data.
    func resultLinks(of task: TaskID) async throws -> [Int: ResultLink]

    /// Updates the row of an ended output after its record was rewritten.
    func update(_ record: ArchiveRecord) async throws
}
