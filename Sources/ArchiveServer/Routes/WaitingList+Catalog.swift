import ArchiveModel
import Archiver
package import Catalog
package import Foundation
package import Gallery

extension WaitingList {
    /// The part of an archive that a gallery shows.
    package struct Part: Sendable {
        /// Words that must occur in the prompt, each as a word or the start of one.
        package var words: String?
        /// Only outputs and tasks created since then.
        package var since: Date?

        package init(words: String?, since: Date?) {
            self.words = words
            self.since = since
        }

        fileprivate var isAll: Bool { words == nil && since == nil }

        fileprivate func holds(_ prompt: String?, created: Date?) -> Bool {
            if let since, (created ?? since) < since { return false }
            let known = Self.split(prompt ?? "")
            return Self.split(words ?? "").allSatisfy { word in known.contains { $0.hasPrefix(word) } }
        }

        private static func split(_ text: String) -> [Substring] {
            text.lowercased().split { !$0.isLetter && !$0.isNumber }
        }
    }

    /// The waiting items in a catalog at `now`.
    /// - Parameters:
    ///   - riskTime: Seconds before the end of its window from which an item is at risk.
    ///   - part: For a part of the archive, only failing and at-risk items are counted, since the catalog counts the others only
    ///     for the whole archive.
    /// - Returns: `nil` if nothing waits.
    package static func find(
        in catalog: any CatalogReader, now: Date, riskTime: TimeInterval, part: Part = Part(words: nil, since: nil)
    ) async throws -> WaitingList? {
        let limit = part.isAll ? mostListed : .max
        let risk = try await AtRisk.find(in: catalog, now: now, time: riskTime, limit: limit)
        let failing = try await catalog.failing(limit: limit)
        let outputs = distinct(risk.outputs + failing.outputs, by: \.id).filter {
            part.holds($0.request?.prompt, created: $0.createdAt)
        }
        let tasks = distinct(risk.tasks + failing.tasks, by: \.id).filter {
            part.holds($0.request?.prompt, created: $0.createdAt ?? $0.discoveredAt)
        }
        let entries = outputs.map { Entry($0, now: now) } + tasks.map { Entry($0, now: now) }
        guard part.isAll else {
            let causes = Dictionary(entries.compactMap { entry in entry.cause.map { ($0, 1) } }, uniquingKeysWith: +)
            let atRisk = entries.count { $0.windowEnds < now.addingTimeInterval(riskTime) }
            return WaitingList(
                asOf: now, count: entries.count, failing: causes, atRisk: atRisk, entries: entries, total: entries.count)
        }
        let status = try await catalog.status(now: now)
        let waitingOutputs = [OutputState.waiting, .leased, .held].reduce(0) { $0 + (status.outputs[$1] ?? 0) }
        let waitingTasks = [TaskState.waiting, .leased, .held].reduce(0) { $0 + (status.tasks[$1] ?? 0) }
        // Items beyond the limit may be in both lists, so their exact number is unknown; use the largest known count.
        let all = max(entries.count, failing.count, risk.outputCount + risk.taskCount)
        return WaitingList(
            asOf: now, count: max(waitingOutputs + waitingTasks, all),
            failing: failing.outputCounts.merging(failing.taskCounts, uniquingKeysWith: +),
            atRisk: risk.outputCount + risk.taskCount, held: status.tasks[.held] ?? 0, holdReason: status.holdReason,
            entries: entries, total: all)
    }

    private static func distinct<Element, ID: Hashable>(_ elements: [Element], by id: (Element) -> ID) -> [Element] {
        var seen: Set<ID> = []
        return elements.filter { seen.insert(id($0)).inserted }
    }
}

extension WaitingList.Entry {
    fileprivate init(_ entry: OutputEntry, now: Date) {
        self.init(
            task: entry.id.task, index: entry.id.index, prompt: entry.request?.prompt,
            reason: entry.failing?.reason(last: entry.reason, at: now) ?? entry.reason ?? "not tried yet",
            cause: entry.failing?.cause, tries: entry.failing?.tries ?? entry.attempts, nextTry: entry.failing?.nextTry,
            windowEnds: AtRisk.deadline(of: entry, now: now))
    }

    fileprivate init(_ entry: TaskEntry, now: Date) {
        self.init(
            task: entry.id, index: nil, prompt: entry.request?.prompt,
            reason: entry.failing?.reason(last: entry.reason, at: now) ?? entry.reason ?? "not tried yet",
            cause: entry.failing?.cause, tries: entry.failing?.tries ?? 0, nextTry: entry.failing?.nextTry,
            windowEnds: AtRisk.deadline(of: entry))
    }
}
