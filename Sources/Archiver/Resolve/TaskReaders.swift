import ArchiveModel
package import Catalog
import Foundation
package import GenerationAPI
package import Secrets

/// Selects the key for reading each task: the service's own key, or the key of the caller that created the task through the
/// gateway.
package struct TaskReaders: Sendable {
    private let own: GenerationClient
    private let catalog: any SealedKeys
    private let vault: KeyVault?
    /// The service's own key for tasks of callers: one attempt at each call, without a long wait.
    let ownForCallers: GenerationClient
    /// Calls with the own key that find no task of a caller.
    let ownTries = SharedCallBudget(perMinute: 6)

    /// - Parameter vault: Decrypts callers' keys; without one, all tasks are read with the service's own key.
    package init(own: GenerationClient, catalog: any SealedKeys, vault: KeyVault? = nil) {
        self.own = own
        self.catalog = catalog
        self.vault = vault
        ownForCallers = Self.impatient(own)
    }

    /// A caller's key that the API limits must not hold up the readings of others, so its calls are not repeated and hardly wait.
    private static func impatient(_ client: GenerationClient) -> GenerationClient {
        client.with(attempts: 1).with(longestWait: 2)
    }

    /// Encrypts a caller's key for storage; empty without a vault.
    func seal(_ caller: APIKey, for tasks: [TaskID]) throws -> [TaskID: Data] {
        guard let vault else { return [:] }
        return Dictionary(try tasks.map { ($0, try vault.seal(caller, for: $0)) }) { $1 }
    }

    /// The number that identifies a caller's account; 0 without a vault.
    func account(of caller: APIKey) -> Int64 { vault?.account(of: caller) ?? 0 }

    /// Tasks that are read with the same key.
    struct KeyedBatch: Sendable {
        var client: GenerationClient
        var tasks: [TaskID]
        /// Whether the key belongs to a caller. If the API refuses it, only these tasks wait.
        var isCallers: Bool
        /// Whether the tasks belong to a caller whose key can't be decrypted. If the service's own key does not find them, this
        /// proves nothing.
        var isKeyLost = false
    }

    func batches(of tasks: [TaskID]) async throws -> [KeyedBatch] {
        let sealed = vault == nil ? [:] : try await catalog.sealedKeys(of: tasks)
        guard !sealed.isEmpty else { return [KeyedBatch(client: own, tasks: tasks, isCallers: false)] }
        var ours = KeyedBatch(client: own, tasks: [], isCallers: false)
        var lost = KeyedBatch(client: ownForCallers, tasks: [], isCallers: true, isKeyLost: true)
        var callers: [String: KeyedBatch] = [:]
        for task in tasks {
            guard let box = sealed[task] else {
                ours.tasks.append(task)
                continue
            }
            guard let key = vault?.open(box, for: task) else {
                lost.tasks.append(task)
                continue
            }
            let new = KeyedBatch(client: Self.impatient(own.with(key)), tasks: [], isCallers: true)
            callers[key.unsafeSecret, default: new].tasks.append(task)
        }
        return [ours, lost].filter { !$0.tasks.isEmpty } + callers.values
    }
}

extension TaskSnapshot {
    /// Whether the task is alive or has failed; `nil` for an error that may be transient.
    var upstreamState: TaskRegistration.UpstreamState? {
        switch stage {
        case .delivered, .completed, .unfinished: .lives
        case .failed, .cancelled: .hasFailed
        case .unclear: nil
        }
    }
}
