import ArchiveModel
import Catalog
import Foundation
import GenerationAPI

/// A task belongs to the caller that reads it first through the gateway. The key of this caller may be revoked later, or the caller
/// may only have known the ID. So tasks that a caller's key can't read are read with the service's own key.
extension Archiver {
    /// Reads a task with the key of its batch, or else with the service's own.
    func read(_ id: TaskID, _ batch: TaskReaders.KeyedBatch) async throws -> TaskSnapshot {
        do {
            let snapshot = try await batch.client.task(id)
            if batch.isKeyLost { try await catalog.forgetSealedKeys(of: [id], now: clock.now) }
            return snapshot
        } catch let error as APIError where batch.isCallers && !batch.isKeyLost && error.refusesKey {
            guard let snapshot = try await readWithOwnKey([id])[id] else { throw error }
            return snapshot
        }
    }

    /// Reads tasks with the service's own key, after a caller's key was refused, and forgets the caller's key for those that it
    /// can read. The others are absent.
    ///
    /// Makes one batch call, and single ones for what it does not answer. All calls have a budget: they count against the limits of
    /// the own key.
    func readWithOwnKey(_ tasks: [TaskID]) async throws -> [TaskID: TaskSnapshot] {
        guard !tasks.isEmpty, readers.ownTries.take(now: clock.now) else { return [:] }
        var found: [TaskID: TaskSnapshot] = [:]
        do {
            let batch = try await readers.ownForCallers.tasks(tasks)
            found = batch.tasks
            if batch.hasGaps {
                let missing = tasks.filter { found[$0] == nil }
                found.merge(try await readOneByOne(missing.shuffled())) { _, single in single }
            }
        } catch let error as APIError {
            // Not for a reason that concerns every call. Any other may lie in one of the tasks.
            guard ![.unauthorized, .noQuota, .rateLimited].contains(error.code) else { return [:] }
            found = try await readOneByOne(tasks.shuffled())
        }
        found = found.filter { tasks.contains($0.key) }
        guard !found.isEmpty else { return [:] }
        readers.ownTries.giveBack()
        try await catalog.forgetSealedKeys(of: Array(found.keys), now: clock.now)
        return found
    }

    private func readOneByOne(_ tasks: [TaskID]) async throws -> [TaskID: TaskSnapshot] {
        var found: [TaskID: TaskSnapshot] = [:]
        for id in tasks {
            guard readers.ownTries.take(now: clock.now) else { break }
            do {
                found[id] = try await readers.ownForCallers.task(id)
                readers.ownTries.giveBack()
            } catch let error as APIError {
                if error.isTransient || error.code == .unauthorized { break }
            }
        }
        return found
    }
}
