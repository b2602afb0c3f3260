import ArchiveModel
package import Catalog
import Foundation
package import GenerationAPI

/// Who reads which task: the service with its own key, or with the key of the caller who had the task made through the gateway.
package struct TaskReaders: Sendable {
    private let own: GenerationClient
    private let catalog: any Catalog
    private let vault: KeyVault?

    /// - Parameter vault: Opens callers' keys; without one, all tasks are read with the own key.
    package init(own: GenerationClient, catalog: any Catalog, vault: KeyVault? = nil) {
        self.own = own
        self.catalog = catalog
        self.vault = vault
    }

    /// A caller's key as it may be kept; nothing without a vault.
    func seal(_ caller: APIKey, for tasks: [TaskID]) throws -> [TaskID: Data] {
        guard let vault else { return [:] }
        return Dictionary(try tasks.map { ($0, try vault.seal(caller, for: $0)) }) { $1 }
    }

    /// The number that stands for a caller's account; 0 without a vault.
    func account(of caller: APIKey) -> Int64 { vault?.account(of: caller) ?? 0 }

    /// Tasks that one key reads.
    struct Reading: Sendable {
        var client: GenerationClient
        var tasks: [TaskID]
        /// Whether the key is a caller's: when the API refuses that one, only these tasks wait.
        var isCallers: Bool
        /// Whether these are tasks of a caller whose key can't be opened: that the own key does not know them proves nothing.
        var isKeyLost = false
    }

    func readings(of tasks: [TaskID]) async throws -> [Reading] {
        let sealed = vault == nil ? [:] : try await catalog.sealedKeys(of: tasks)
        guard !sealed.isEmpty else { return [Reading(client: own, tasks: tasks, isCallers: false)] }
        var ours = Reading(client: own, tasks: [], isCallers: false)
        var lost = Reading(client: own, tasks: [], isCallers: true, isKeyLost: true)
        var callers: [String: Reading] = [:]
        for task in tasks {
            guard let box = sealed[task] else {
                ours.tasks.append(task)
                continue
            }
            guard let key = vault?.open(box, for: task) else {
                lost.tasks.append(task)
                continue
            }
            callers[key.textToRedact, default: Reading(client: own.with(key), tasks: [], isCallers: true)].tasks.append(task)
        }
        return [ours, lost].filter { !$0.tasks.isEmpty } + callers.values
    }
}

extension TaskSnapshot {
    /// Whether the task lives or has failed; `nil` for an error that may pass.
    var standing: TaskRegistration.Standing? {
        switch stage {
        case .delivered, .completed, .unfinished: .lives
        case .failed, .cancelled: .hasFailed
        case .unclear: nil
        }
    }
}
