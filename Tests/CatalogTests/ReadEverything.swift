import ArchiveModel
import Catalog
import Foundation
import TestSupport

/// Calls everything that reads or changes rows. A call may throw; it must not end the process.
struct ReadEverything {
    let path: String

    func run() async throws {
        let catalog = try SQLiteCatalog(path: path)
        await read(catalog)
        await readRecords(catalog)
        await work(catalog)
        await read(catalog)
        _ = SalvagedCatalog(of: path) { _ in true }
    }

    private func read(_ catalog: SQLiteCatalog) async {
        _ = try? await catalog.status(now: noon)
        _ = try? await catalog.atRisk(deadlineBefore: noon.plus(99_999), createdBefore: noon.plus(99_999), limit: 9)
        _ = try? await catalog.failing(limit: 9)
        _ = try? await catalog.entries(EntryQuery())
        _ = try? await catalog.entries(EntryQuery(text: "fox"))
        _ = try? await catalog.entries(EntryQuery(since: noon.plus(-1), before: noon.plus(1)))
        _ = try? await catalog.auditPage(EntryQuery(), [.charges, .pictures, .delivery], after: nil)
        _ = try? await catalog.auditTasks(EndedTaskQuery(), [.charges])
        _ = try? await catalog.chargeTallies()
        _ = try? await catalog.endedTasks(limit: 9)
        _ = try? await catalog.tallies(since: noon.plus(-1), before: nil)
        _ = try? await catalog.fingerprint()
        for task in tasks {
            _ = try? await catalog.task(task)
            _ = try? await catalog.request(of: task)
            _ = try? await catalog.resultLinks(of: task)
        }
        _ = try? await catalog.nextDue()
        _ = try? await catalog.queuedOutputs(limit: 9, now: noon)
        _ = try? await catalog.openSubmissions()
        _ = try? await catalog.newestListed(before: noon)
        _ = try? await catalog.sealedKeys(of: tasks)
        _ = try? await catalog.dueNotices(limit: 9, now: noon.plus(99_999))
        _ = try? await catalog.nextNoticeDue()
        _ = try? await catalog.waitingNotices()
        _ = try? await catalog.dueHints(limit: 9, now: noon.plus(99_999))
        _ = try? await catalog.nextHintDue()
    }

    private func readRecords(_ catalog: SQLiteCatalog) async {
        _ = try? await catalog.scrubs(prefix: "ab")
        _ = try? await catalog.candidateBlobs()
        _ = try? await catalog.damage(deep: true)
        for row in (try? await catalog.endedRows(after: nil, limit: 9)) ?? [] {
            let id = OutputID(task: row.task, index: row.index ?? 0)
            _ = try? await catalog.recordCopy(of: id)
            _ = try? await catalog.taskRecord(of: row.task)
            guard let record = try? await catalog.rowRecord(of: id) else { continue }
            _ = try? await catalog.compare([(.output(record), [])])
        }
    }

    private func work(_ catalog: SQLiteCatalog) async {
        let late = noon.plus(99_999)
        try? await catalog.takeUpWaiting(most: 9, now: noon)
        _ = try? await catalog.reopenEndedEarly(now: noon)
        _ = try? await catalog.takeDroppedNotices()
        for task in tasks { _ = try? await catalog.leaseForEnding(task, now: noon, until: noon.plus(60)) }
        for lease in (try? await catalog.leaseTasks(limit: 9, now: late, until: late.plus(60))) ?? [] {
            try? await catalog.finish(lease, .postponed(.failure(dueAt: late)), now: late)
        }
        for lease in (try? await catalog.leaseOutputs(limit: 9, now: late, until: late.plus(60))) ?? [] {
            try? await catalog.finish(lease, .postponed(.failure(dueAt: late)), now: late)
        }
        for hint in (try? await catalog.dueHints(limit: 9, now: late)) ?? [] {
            try? await catalog.postponeHints([hint.id: late], countsReading: true)
        }
        for notice in (try? await catalog.dueNotices(limit: 9, now: late)) ?? [] {
            try? await catalog.postponeNotice(notice.id, until: late)
        }
        _ = try? await catalog.retry(nil, now: late)
        _ = try? await catalog.register([TaskRegistration(id: tasks[0], source: "test", reopens: true)], now: late)
    }

    private var tasks: [TaskID] { ["t-done", "t-wait", "t-new"].compactMap { TaskID($0) } }
}
