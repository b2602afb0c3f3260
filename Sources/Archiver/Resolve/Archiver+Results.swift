import ArchiveModel
import Catalog
import Foundation
import GenerationAPI
import Networking

/// Entering the results of a task into the queue.
extension Archiver {
    /// How often a task is read whose status is unknown: more results may follow, or it may have ended.
    private static let readingsOfUnknownStatus = 5

    /// Enters the results that an answer names.
    func enterResults(
        of snapshot: TaskSnapshot, _ lease: TaskLease, _ redact: Redactor, secrets: [String], _ createdAt: Date?,
        _ json: JSONValue
    ) async throws {
        let keyGuard = KeyGuard(secrets + client.secrets)
        let known = try await catalog.resultLinks(of: lease.id)
        let named = keyGuard(numbered(snapshot.results, known: known)).map { result in
            var result = result
            result.problem = result.problem.map { redact($0) }
            return result
        }
        let deadline = createdAt?.addingTimeInterval(UpstreamRules.linkLifetime)
        let model = snapshot.model.map { redact($0) }
        let mayFollow = snapshot.isUnfinished || (snapshot.isOfUnknownStatus && lease.readings < Self.readingsOfUnknownStatus)
        if mayFollow, mayGoOn(lease, createdAt) {
            let early = EarlyResults(results: added(named, to: known), deadline: deadline, model: model, json: json)
            if try await write(lease, .unfinished(dueAt: nextReading(lease), createdAt: createdAt, early: early)) {
                if !early.results.isEmpty { report(.resolved(lease.id, outputs: early.results.count)) }
                try await recordProblems(early.results, lease, createdAt, json)
            }
            return
        }
        let taken = taken(of: named, known: known, lease, createdAt)
        let hasFailed = snapshot.status == .failed || snapshot.status == .cancelled
        let outcome = TaskOutcome.resolved(
            results: taken.results, createdAt: createdAt, deadline: deadline, model: model,
            reason: taken.reason ?? (hasFailed ? snapshot.failure.map { redact($0) } : nil), json: json,
            rest: taken.rest)
        if try await write(lease, outcome) {
            report(.resolved(lease.id, outputs: taken.results.count))
            if let rest = taken.rest {
                tell(of: lease, rest)
            } else if let reason = taken.reason {
                report(.warning("the window of task \(lease.id) has closed; some of its results were not archived: \(reason)"))
            }
            try await recordProblems(taken.results, lease, createdAt, json)
        }
    }

    /// The secrets in the links of an answer: anyone who has them can fetch the results.
    func signatures(of snapshot: TaskSnapshot) -> [String] {
        snapshot.links.map(\.unsafeText).filter { !InlineData.isDataURI($0) }.flatMap { HopSecrets.secrets(in: $0) }
    }

    /// The results that an unfinished task has delivered since its last read. Known ones go on undisturbed.
    private func added(_ named: [NamedResult], to known: [Int: ResultLink]) -> [NamedResult] {
        Array(named.filter { known[$0.index] == nil }.prefix(max(0, options.mostResults - known.count)))
    }

    /// The results of one read that are added to the queue.
    private struct TakenResults {
        var results: [NamedResult]
        /// Why some results were left out.
        var reason: String?
        /// When to read the task again for the remaining results; `nil` if its window has closed.
        var rest: Postponement?
    }

    /// - Parameter known: Results already in the catalog. If there are too many, only unknown results are added; known ones
    ///   continue and are not restarted by each read.
    private func taken(of named: [NamedResult], known: [Int: ResultLink], _ lease: TaskLease, _ createdAt: Date?) -> TakenResults
    {
        let most = options.mostResults
        guard named.count > most else { return TakenResults(results: named) }
        let reason =
            "the upstream's answer lists \(named.count) results; the limit is \(most) (--max-results, FIXATIVE_MAX_RESULTS)"
        var lease = lease
        lease.createdAt = createdAt
        return TakenResults(
            results: named.prefix(most).filter { known[$0.index] == nil }, reason: reason,
            rest: postponement(lease, Failure(reason, kind: "too_many_results", cause: .ours)).postponement)
    }
}
