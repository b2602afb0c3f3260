import ArchiveModel
import ArchiveStore
import Archiver
import ArgumentParser
import Catalog
import Foundation

struct GiveUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "give-up",
        abstract: "End the waiting results of tasks now, before their window closes.",
        discussion: """
            The best delivery so far of each waiting result becomes the original, even if it is not a whole picture. Without \
            a delivery, the result is listed as lost. The audit claims no refund for this result. 'fixative retry' tries the \
            result again.
            """)

    @Argument(help: "Task IDs.")
    var taskIDs: [String]

    @OptionGroup var common: CommonOptions

    func validate() throws {
        for text in taskIDs where TaskID(text) == nil { throw ValidationError("'\(text.prefix(80))' is not a task ID") }
    }

    func run() async throws {
        let settings = try await Settings.load(common)
        let archive = try Archive(settings, creating: false)
        let filer = RecordFiler(blobs: archive.blobs, records: archive.records, catalog: archive.catalog, clock: archive.clock)
        var isIncomplete = false
        for id in taskIDs.compactMap({ TaskID($0) }) {
            if try await !giveUp(id, archive, filer) { isIncomplete = true }
        }
        if isIncomplete { throw ExitCode.foundWrong }
    }

    /// - Returns: Whether no part of the task is still waiting.
    private func giveUp(_ id: TaskID, _ archive: Archive, _ filer: RecordFiler) async throws -> Bool {
        guard let task = try await archive.catalog.task(id) else {
            Terminal.complain("fixative: the archive has no task \(id)")
            return false
        }
        let now = archive.clock.now
        let leases = try await archive.catalog.leaseForEnding(id, now: now, until: now.addingTimeInterval(30))
        for lease in leases.outputs {
            let last = try await archive.catalog.entries(EntryQuery(task: id)).first { $0.id == lease.id }?.reason
            let reason = "ended by a person" + (last.map { "; last: \($0)" } ?? "")
            let record = try await filer.end(lease, reason: reason, cause: .person)
            let end = record.state == .archived ? "its best delivery is kept as the original" : "nothing was delivered"
            Terminal.write("ended  \(lease.id): \(end)\n")
        }
        if let lease = leases.task {
            let reason = "ended by a person" + (task.reason.map { "; last: \($0)" } ?? "")
            try await filer.end(
                lease, .unavailable, reason: reason, cause: .person, createdAt: lease.createdAt, json: nil)
            Terminal.write("ended  \(id): its results are unknown\n")
        }
        let held = try await archive.catalog.entries(EntryQuery(task: id)).count { $0.state == .leased }
        if held > 0 || (task.state == .leased && leases.task == nil) {
            let what = held > 0 ? Rendering.count(held, "result") + " of the task \(id)" : "the task \(id)"
            Terminal.complain("fixative: a worker is fetching \(what) now; run this command again in a few minutes")
            return false
        }
        if leases.task == nil, leases.outputs.isEmpty { Terminal.log("the task \(id) has no waiting results") }
        return true
    }
}
