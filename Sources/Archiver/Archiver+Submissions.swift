package import ArchiveModel
import BlobStore
package import Catalog
import Foundation
package import GenerationAPI

extension Archiver {
    /// Puts a request on record before it is sent.
    /// - Parameter key: Its idempotency key.
    package func begin(_ request: RecordedRequest, key: String) async throws {
        try await catalog.recordSubmission(key: key, request: request, now: clock.now)
    }

    /// Forgets a request that the upstream has refused.
    package func drop(key: String) async throws { try await catalog.dropSubmission(key: key) }

    /// Takes up the task that a request has become. When this returns, the request is on record and the task in the queue.
    /// - Parameter caller: The key that reads the task; `nil` for the own one.
    package func complete(
        _ task: TaskSnapshot, of request: RecordedRequest, key: String, source: String, caller: APIKey? = nil
    ) async throws {
        // Who sends a key again gets the task of the first request, whatever he asks for now.
        let request = try await catalog.submission(key: key) ?? request
        let createdAt = task.createdAt ?? clock.now
        if try await catalog.task(task.id)?.request == nil {
            let redact = Redactor(secrets: client.secrets + [caller?.textToRedact].compactMap { $0 })
            try await records.write(
                TaskRecord(
                    task: task.id, state: .waiting, source: source, discoveredAt: clock.now, createdAt: createdAt,
                    request: request, taskJSON: redact(task.json).fitting(ArchiveRecord.largestAnswer)))
        }
        let registration = TaskRegistration(id: task.id, source: source, request: request, createdAt: createdAt)
        _ = try await enter([registration])
        // A task that is read before its key is here is merely missed once.
        if let caller { try await catalog.keep(try readers.seal(caller, for: [task.id]), account: readers.account(of: caller)) }
        try await catalog.completeSubmission(key: key, task: task.id)
    }

    /// Enters tasks that somebody has read with this key; `nil` for the own one. Those that were known keep the key they came with.
    package func register(_ tasks: [TaskRegistration], caller: APIKey?) async throws {
        let new = try await enter(tasks)
        guard let caller, !new.isEmpty else { return }
        try await catalog.keep(try readers.seal(caller, for: new), account: readers.account(of: caller))
    }
}
