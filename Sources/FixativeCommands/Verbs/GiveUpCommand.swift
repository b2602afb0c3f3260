import ArchiveModel
import Archiver
import ArchiveStore
import ArgumentParser
import Catalog
import Foundation

struct GiveUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "give-up",
        abstract: "End what still waits of tasks, by your word instead of by the close of its window.",
        discussion: """
            Of each result that waits, the best delivery so far becomes the original, even if it is not a whole picture; without \
            one it is listed as lost. The audit claims nothing for it. 'fixative retry' takes it up again.
            """)

    @Argument(help: "Task ids.")
    var taskIDs: [String]

    @OptionGroup var common: CommonOptions

    func validate() throws {
        for text in taskIDs where TaskID(text) == nil { throw ValidationError("'\(text.prefix(80))' is not a task id") }
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
            Terminal.complain("fixative: the archive does not know the task \(id)")
            return false
        }
        let now = archive.clock.now
        let leases = try await archive.catalog.leaseForEnding(id, now: now, until: now.addingTimeInterval(30))
        for lease in leases.outputs {
            let last = try await archive.catalog.entries(EntryQuery(task: id)).first { $0.id == lease.id }?.reason
            let reason = "ended by a person" + (last.map { "; last: \($0)" } ?? "")
            let record = try await filer.end(lease, reason: reason, cause: .person)
            let end = record.state == .archived ? "its best delivery is kept as the original" : "nothing of it was delivered"
            Terminal.write("ended  \(lease.id): \(end)\n")
        }
        if let lease = leases.task {
            let reason = "ended by a person" + (task.reason.map { "; last: \($0)" } ?? "")
            try await filer.end(
                lease, .unavailable, reason: reason, cause: .person, createdAt: lease.createdAt, json: nil)
            Terminal.write("ended  \(id): none of its results is known\n")
        }
        if leases.task == nil, leases.outputs.isEmpty {
            Terminal.log("nothing of \(id) waits" + (task.state == .leased ? "; a worker has it in hand, try again soon" : ""))
        }
        return task.state != .leased
    }
}
