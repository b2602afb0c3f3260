package import ArchiveModel
package import Foundation
package import SizeContract

/// The index of tasks and outputs, and the work queue, as one engine keeps them. Every implementation guarantees the following;
/// one test suite checks each of them:
/// - a change is durable (it survives a power cut) once the call returns;
/// - a lease belongs to one worker at a time; a write under a lease that another worker has taken over is refused;
/// - an ended output or task (archived, unavailable) changes only through a call that names it.
///
/// A room asks for the smallest role that it needs.
package protocol Catalog: TaskQueue, OutputQueue, SubmissionLog, SealedKeys, Outbox, QueueControl, CatalogReader {}

/// Outputs and tasks that are waiting for a retry after a failure.
package struct Failing: Sendable, Hashable {
    /// The longest failing first.
    package var outputs: [OutputEntry] = []
    package var tasks: [TaskEntry] = []
    package var outputCounts: [FailureCause: Int] = [:]
    package var taskCounts: [FailureCause: Int] = [:]

    package var count: Int { outputCounts.values.reduce(0, +) + taskCounts.values.reduce(0, +) }
    package var isEmpty: Bool { count == 0 }
}

/// One row in a list of tasks.
package struct TaskEntry: Sendable, Hashable {
    package var id: TaskID
    package var state: TaskState
    package var reason: String?
    package var source: String
    package var createdAt: Date?
    package var discoveredAt: Date
    package var request: RecordedRequest?
    /// The party that caused the task to have no result; `nil` if the upstream itself ended it.
    package var cause: FailureCause?
    /// Set while the task is waiting for a retry after a failure.
    package var failing: FailingState?
}

/// The number of tasks, outputs and bytes, and the state of the queue.
package struct CatalogStatus: Sendable, Hashable {
    package var tasks: [TaskState: Int] = [:]
    package var outputs: [OutputState: Int] = [:]
    package var verdicts: [Verdict: Int] = [:]
    package var originalBytes: Int64 = 0
    /// The earliest deadline among pending outputs.
    package var nearestDeadline: Date?
    /// Why tasks are held; `nil` when none is.
    package var holdReason: String?
}

/// An error of the catalog.
package struct CatalogError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// The lease has expired and another worker has taken it over.
        case leaseLost
        /// The database can't be opened, read or written, for example because of a lock that is never released or a failing disk.
        case database
        /// The disk is full or read-only, or the file belongs to another user.
        case noRoom
        /// The file is not a database, or it is damaged.
        case damaged
        /// The database was made by a newer version of the program.
        case newerSchema
        /// There are records, and no catalog.
        case missing
    }

    package var code: Code
    package var subject: String
    package var detail: String

    package init(_ code: Code, _ subject: String, detail: String = "") {
        self.code = code
        self.subject = subject
        self.detail = detail
    }
}

extension CatalogError: CustomStringConvertible {
    package var description: String {
        switch code {
        case .leaseLost: "another worker took over the lease of \(subject), so this worker stopped its work on it"
        case .database, .noRoom:
            "the catalog \(subject) failed: \(detail). Check free space and permissions, then run the command again."
        case .damaged:
            "the catalog \(subject) is damaged: \(detail). 'fixative rebuild' rebuilds it from the records."
        case .newerSchema:
            "the catalog \(subject) was made by a newer Fixative: this version does not know \(detail). "
                + "Install that version or a later one. Nothing was changed."
        case .missing:
            "the archive \(subject) has records but no catalog. Run 'fixative rebuild' to make the catalog again"
        }
    }
}
