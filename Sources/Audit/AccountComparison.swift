package import ArchiveModel
package import Foundation

/// Compares the account's task list with the archive: whether every task is archived, and what the account no longer lists.
package struct AccountComparison: Sendable, Encodable {
    /// A completed task with a picture that is not in the archive.
    package struct Missing: Sendable, Encodable, Hashable {
        package var taskId: TaskID
        package var createdAt: Date?
        /// The state of the task, as a message.
        package var reason: String
    }

    /// A picture that is permanently unavailable.
    package struct Lost: Sendable, Encodable, Hashable {
        package var taskId: TaskID
        package var index: Int
        package var reason: String
    }

    /// An archived picture that the account no longer lists.
    package struct Unlisted: Sendable, Encodable, Hashable {
        package var taskId: TaskID
        package var index: Int
    }

    package var since: Date?
    /// Tasks that the account lists.
    package var listed = 0
    package var completed = 0
    /// Listed tasks without a picture: failed ones, and those still in progress.
    package var failed = 0
    package var underWay = 0
    /// Completed tasks whose pictures are all archived.
    package var archived = 0
    /// The pictures of the fully archived tasks.
    package var pictures = 0
    package var missing: [Missing] = []
    package var lost: [Lost] = []
    package var unlisted: [Unlisted] = []
    /// Entries of the account's list that name no task.
    package var unreadable = 0
    /// Whether two consecutive passes over the account's list agreed. If not, `listed` is a lower bound.
    package var isStable = true

    /// Whether every completed task is fully archived.
    package var isComplete: Bool { missing.isEmpty && lost.isEmpty && unreadable == 0 && isStable }

    /// The outputs of the archive, by task.
    private var held: [TaskID: [Held]] = [:]
    private struct Held {
        var index: Int
        var state: OutputState
        var reason: String?
    }

    package init(since: Date?) { self.since = since }

    /// Adds an output of the archive, in any state.
    package mutating func hold(_ entry: AuditEntry) {
        held[entry.id.task, default: []].append(Held(index: entry.id.index, state: entry.state, reason: entry.reason))
    }

    /// Adds a task that the account lists.
    ///
    /// - Parameters:
    ///   - isCompleted: Whether it produced pictures; `nil` while it is in progress.
    ///   - standing: Returns why the archive does not have all outputs; `nil` when all are known.
    package mutating func list(
        _ id: TaskID, isCompleted: Bool?, createdAt: Date?, standing: () async throws -> String?
    ) async throws {
        listed += 1
        guard let isCompleted else {
            underWay += 1
            return
        }
        guard isCompleted else {
            failed += 1
            return
        }
        completed += 1
        let outputs = held[id] ?? []
        if let reason = try await standing() ?? (outputs.isEmpty ? "it has no picture in the archive" : nil) {
            missing.append(Missing(taskId: id, createdAt: createdAt, reason: reason))
            return
        }
        for output in outputs where output.state == .unavailable {
            lost.append(Lost(taskId: id, index: output.index, reason: output.reason ?? "unknown"))
        }
        let waiting = outputs.filter { [.waiting, .leased, .held].contains($0.state) }
        if !waiting.isEmpty {
            let words = waiting.first?.reason.map { ": \($0)" } ?? ""
            missing.append(
                Missing(
                    taskId: id, createdAt: createdAt,
                    reason: "\(waiting.count) of \(outputs.count) still wait in the queue\(words)"))
        } else if outputs.allSatisfy({ $0.state == .archived }) {
            archived += 1
            pictures += outputs.count
        }
    }

    /// Finds archived outputs that the account no longer lists.
    package mutating func finish(listed: Set<TaskID>) {
        for (id, outputs) in held where !listed.contains(id) {
            for output in outputs where output.state == .archived { unlisted.append(Unlisted(taskId: id, index: output.index)) }
            for output in outputs where output.state == .unavailable {
                lost.append(Lost(taskId: id, index: output.index, reason: output.reason ?? "unknown"))
            }
        }
        held = [:]
        missing.sort { $0.taskId.text < $1.taskId.text }
        lost.sort { ($0.taskId.text, $0.index) < ($1.taskId.text, $1.index) }
        unlisted.sort { ($0.taskId.text, $0.index) < ($1.taskId.text, $1.index) }
    }

    private enum CodingKeys: String, CodingKey {
        case since, listed, completed, failed, underWay, archived, pictures, missing, lost, unlisted, unreadable, isStable
    }
}
