package import ArchiveModel
package import Foundation

/// Requests that were sent, or are about to be, until their tasks are known.
package protocol SubmissionLog: Sendable {
    /// Records a request before it is sent.
    func recordSubmission(key: String, request: RecordedRequest, now: Date) async throws

    /// The request recorded under a key; the first one if several used the same key.
    func submission(key: String, of task: TaskID?) async throws -> RecordedRequest?

    /// Records which task a request has become.
    func completeSubmission(key: String, task: TaskID) async throws

    /// Deletes requests recorded before `date` that have become tasks; the task rows hold the same facts.
    func forgetSubmissions(before date: Date) async throws

    /// Deletes a request that the upstream has refused.
    func dropSubmission(key: String) async throws

    /// Requests that have no answer yet. They may or may not have been sent.
    func openSubmissions() async throws -> [OpenSubmission]
}

extension SubmissionLog {
    package func submission(key: String) async throws -> RecordedRequest? { try await submission(key: key, of: nil) }
}

/// Encrypted keys of callers whose tasks belong to other accounts.
package protocol SealedKeys: Sendable {
    /// Stores sealed caller keys, which are needed to read tasks of other accounts. Unknown tasks are skipped.
    /// - Parameter account: The number of the caller's account; 0 for this archive's own account.
    func keep(_ sealedKeys: [TaskID: Data], account: Int64) async throws

    /// The stored sealed keys of these tasks.
    func sealedKeys(of tasks: [TaskID]) async throws -> [TaskID: Data]

    /// Deletes the sealed keys of tasks that this archive's own key can read. These tasks and their waiting outputs are due now;
    /// failures and pauses of the other key do not count for the tasks.
    func forgetSealedKeys(of tasks: [TaskID], now: Date) async throws

    /// Deletes the sealed keys of tasks discovered before `date`.
    func forgetSealedKeys(before date: Date) async throws
}

extension SealedKeys {
    package func keep(_ sealedKeys: [TaskID: Data]) async throws { try await keep(sealedKeys, account: 0) }
}
