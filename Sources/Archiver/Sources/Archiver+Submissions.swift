package import ArchiveModel
import BlobStore
package import Catalog
import Foundation
package import GenerationAPI
package import Secrets

extension Archiver {
    /// Records a request before it is sent.
    /// - Parameter key: Its idempotency key.
    package func begin(_ request: RecordedRequest, key: String) async throws {
        try await catalog.recordSubmission(key: key, request: request.fitting(), now: clock.now)
    }

    /// Deletes the record of a request that the upstream refused.
    package func drop(key: String) async throws { try await catalog.dropSubmission(key: key) }

    /// Registers the task that a request has created. When this returns, the request is recorded and the task is queued.
    /// - Parameter caller: The key that can read the task; `nil` for the service's own key.
    package func complete(
        _ task: TaskSnapshot, of request: RecordedRequest, key: String, source: String, caller: APIKey? = nil
    ) async throws {
        // A repeated idempotency key returns the task of the first request, even if the new request differs.
        let request = try await catalog.submission(key: key, of: task.id) ?? request.fitting()
        let createdAt = task.createdAt ?? clock.now
        // Records of outputs get the request below, and may refer to the record of the task for the API's later answer.
        let filed = try await catalog.entries(EntryQuery(states: [.archived, .unavailable], task: task.id, limit: 1))
        if filed.isEmpty, try await catalog.task(task.id)?.request == nil {
            let redact = Redactor(secrets: client.secrets + [caller?.unsafeSecret].compactMap { $0 })
            try await records.write(
                TaskRecord(
                    task: task.id, state: .waiting, source: source, discoveredAt: clock.now, createdAt: createdAt,
                    request: request, taskJSON: redact(task.json).fitting(ArchiveRecord.largestAnswer)))
        }
        let registration = TaskRegistration(id: task.id, source: source, request: request, createdAt: createdAt)
        _ = try await registerNew([registration])
        // If the task is read before this key is stored, that read gets a 404 and is retried.
        if let caller { try await catalog.keep(try readers.seal(caller, for: [task.id]), account: readers.account(of: caller)) }
        try await catalog.completeSubmission(key: key, task: task.id)
    }

    /// Registers tasks that a caller has read with this key; `nil` for the service's own key. Known tasks keep the key they were
    /// registered with.
    package func register(_ tasks: [TaskRegistration], caller: APIKey?) async throws {
        guard let caller else {
            _ = try await registerNew(tasks)
            return
        }
        // The catalog writes a long list in parts. If one fails, no task of an earlier part may be without its key.
        for start in stride(from: 0, to: tasks.count, by: Self.callerBatch) {
            let new = try await registerNew(Array(tasks[start..<min(start + Self.callerBatch, tasks.count)]))
            guard !new.isEmpty else { continue }
            try await catalog.keep(try readers.seal(caller, for: new), account: readers.account(of: caller))
        }
    }

    /// Tasks of a caller that are registered together with their key.
    private static let callerBatch = 500
}
