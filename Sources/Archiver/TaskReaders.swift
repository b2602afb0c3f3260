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

    /// Tasks that one key reads.
    struct Reading: Sendable {
        var client: GenerationClient
        var tasks: [TaskID]
        /// Whether the key is a caller's: when the API refuses that one, only these tasks wait.
        var isCallers: Bool
    }

    func readings(of tasks: [TaskID]) async throws -> [Reading] {
        let sealed = vault == nil ? [:] : try await catalog.sealedKeys(of: tasks)
        guard !sealed.isEmpty else { return [Reading(client: own, tasks: tasks, isCallers: false)] }
        var ours: [TaskID] = []
        var callers: [String: Reading] = [:]
        for task in tasks {
            guard let key = sealed[task].flatMap({ vault?.open($0, for: task) }) else {
                ours.append(task)
                continue
            }
            callers[key.textToRedact, default: Reading(client: own.with(key), tasks: [], isCallers: true)].tasks.append(task)
        }
        return (ours.isEmpty ? [] : [Reading(client: own, tasks: ours, isCallers: false)]) + callers.values
    }
}
