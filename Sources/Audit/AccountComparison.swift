package import ArchiveModel
package import Foundation

/// The account's list of tasks against the archive: is everything archived, and what does the account no longer show?
package struct AccountComparison: Sendable, Encodable {
    /// A completed task of which a picture is not in the archive.
    package struct Missing: Sendable, Encodable, Hashable {
        package var taskId: TaskID
        package var createdAt: Date?
        /// Where it stands.
        package var reason: String
    }

    /// A picture that can't be had, or no longer.
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
    /// Tasks that the account lists and that made no picture, or not yet.
    package var failed = 0
    package var underWay = 0
    /// Completed tasks whose pictures are all archived.
    package var archived = 0
    /// Pictures of those.
    package var pictures = 0
    package var missing: [Missing] = []
    package var lost: [Lost] = []
    package var unlisted: [Unlisted] = []
    /// Rows of the account's list that name no task.
    package var unreadable = 0
    /// Whether the account's list stood still while it was read; if not, what is listed is a lower bound.
    package var isStable = true

    /// Whether every completed task is archived whole.
    package var isComplete: Bool { missing.isEmpty && lost.isEmpty && unreadable == 0 && isStable }

    /// What the archive holds, by task.
    private var held: [TaskID: [Held]] = [:]
    private struct Held {
        var index: Int
        var state: OutputState
        var reason: String?
    }

    package init(since: Date?) { self.since = since }

    /// Takes in an output of the archive, in whatever state.
    package mutating func hold(_ entry: AuditEntry) {
        held[entry.id.task, default: []].append(Held(index: entry.id.index, state: entry.state, reason: entry.reason))
    }

    /// Takes in a task that the account lists.
    ///
    /// - Parameters:
    ///   - isCompleted: Whether it made pictures; `nil` while it is under way.
    ///   - standing: Why the archive has not all of it; `nil` when all its outputs are known.
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

    /// Names what the account no longer lists.
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
