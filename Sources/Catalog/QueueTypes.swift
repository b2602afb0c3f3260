package import ArchiveModel
package import Foundation

/// A task to archive, as a source names it.
package struct TaskRegistration: Sendable, Hashable {
    package var id: TaskID
    /// Where it came from, such as `sweep` or `manifest`.
    package var source: String
    package var request: RecordedRequest?
    package var createdAt: Date?
    /// Whether somebody named this task by hand: then what was given up of it is tried again.
    package var reopens: Bool
    /// Whether the source has just heard that the task ended: then it is read at once, and not when its turn comes.
    package var hasEnded: Bool
    /// Whether the upstream has just named the task: then what was given up because the upstream did not know it is tried again.
    package var isAlive: Bool
    /// The task's state in the answer that named it; `nil` when the answer gave none.
    package var standing: Standing?

    /// A task's state, as far as it can contradict an earlier answer.
    package enum Standing: Sendable, Hashable {
        /// It is under way, completed, or has results.
        case lives
        case hasFailed
    }

    package init(
        id: TaskID, source: String, request: RecordedRequest? = nil, createdAt: Date? = nil, reopens: Bool = false,
        hasEnded: Bool = false, isAlive: Bool = false, standing: Standing? = nil
    ) {
        self.id = id
        self.source = source
        self.request = request
        self.createdAt = createdAt
        self.reopens = reopens
        self.hasEnded = hasEnded
        self.isAlive = isAlive
        self.standing = standing
    }
}

/// What registering has changed.
package struct RegistrationSummary: Sendable, Hashable {
    package var new: [TaskID] = []
    /// Tasks with outputs that were judged by less than is known of the request now: they want judging again.
    package var newlyRequested: [TaskID] = []
}

/// A request whose answer never came: the upstream may or may not have made a task of it.
package struct OpenSubmission: Sendable, Hashable {
    /// The idempotency key under which it may be sent again without being made twice.
    package var key: String
    package var request: RecordedRequest
    package var recordedAt: Date

    package init(key: String, request: RecordedRequest, recordedAt: Date) {
        self.key = key
        self.request = request
        self.recordedAt = recordedAt
    }
}

/// The right to read one task.
package struct TaskLease: Sendable, Hashable {
    package var id: TaskID
    package var token: Int64
    package var source: String
    package var request: RecordedRequest?
    package var createdAt: Date?
    package var discoveredAt: Date
    /// Readings that failed so far.
    package var attempts: Int
    /// How often in a row the upstream has said that it does not know the task.
    package var misses: Int
    /// How often the task was found unfinished.
    package var readings: Int
    package var history = FailureHistory()
    /// Whether the upstream called the task failed, and alive later. Then a failure is final only when the window has closed.
    package var isContradicted = false
}

/// What is known of the failures of one task or output: the input of the retry rule.
package struct FailureHistory: Sendable, Hashable {
    /// The time of the first failure since the last success.
    package var failingSince: Date?
    /// The cause of the last failure before the deadline.
    package var causeInWindow: FailureCause?
    /// How often the vendor has refused a freshly read link after the deadline, and since when.
    package var refusals = 0
    package var refusedSince: Date?
    /// Whether the failure was told by notification.
    package var isTold = false
    /// How often in a row the process died while this was in hand.
    package var deaths = 0

    package init() {}
}

/// A failed try that is followed by another one.
package struct Postponement: Sendable {
    package var dueAt: Date
    /// What went wrong, for people; without a link's query.
    package var error: String
    /// The kind of failure, such as `gone` or `status 503`.
    package var kind: String
    package var cause: FailureCause
    /// Kept with the entry; `isTold` is set by the catalog.
    package var history: FailureHistory
    /// No try before this time, also at a start: the host or the API asked for it.
    package var notBefore: Date?
    /// A freshly read link, which replaces the old one.
    package var link: String?
    /// Bytes that were not a whole picture.
    package var candidate: DeliveryCandidate?
    /// Whether the failure is to be told now, once.
    package var isToBeTold: Bool
    /// Whether the upstream said that it does not know the task.
    package var isMiss = false

    package init(
        dueAt: Date, error: String, kind: String, cause: FailureCause, history: FailureHistory, notBefore: Date? = nil,
        link: String? = nil, candidate: DeliveryCandidate? = nil, isToBeTold: Bool = false, isMiss: Bool = false
    ) {
        self.dueAt = dueAt
        self.error = error
        self.kind = kind
        self.cause = cause
        self.history = history
        self.notBefore = notBefore
        self.link = link
        self.candidate = candidate
        self.isToBeTold = isToBeTold
        self.isMiss = isMiss
    }
}

/// One result of a task, as the upstream names it.
package struct NamedResult: Sendable, Hashable {
    /// The result's number in its task, from 0; it never changes.
    package var index: Int
    /// With its query: a secret. `nil` for a result that is no link.
    package var link: String?
    /// What the link names, without secrets; it finds the same result in a later reading. `nil` when nothing does.
    package var name: String?
    /// Why there is no link.
    package var problem: String?

    package init(index: Int, link: String?, name: String? = nil, problem: String? = nil) {
        self.index = index
        self.link = link
        self.name = name
        self.problem = problem
    }
}

/// What became of a reading.
package enum TaskOutcome: Sendable {
    /// The results are known. `reason` is what the upstream says of a task that failed in part, or why not all results are taken;
    /// `json` is its answer without link queries. With `rest`, the answer names more results, and the task is read again for them.
    case resolved(
        results: [NamedResult], createdAt: Date?, deadline: Date?, model: String?, reason: String?, json: JSONValue,
        rest: Postponement? = nil)
    /// The upstream is still at it.
    case unfinished(dueAt: Date, createdAt: Date?)
    /// There will be no result. `state` is `failed`, `cancelled` or `unavailable`.
    case ended(TaskState, reason: String, cause: FailureCause?, createdAt: Date?, json: JSONValue?)
    /// The reading failed, or the task is called completed and names no result.
    case postponed(Postponement)
    /// Not tried after all: another worker may take it at once.
    case released
    /// There will be no other result than those that are on record already: these stay as they are.
    case kept
}

/// An output that waits to be fetched, as far as a plan needs to know it.
package struct QueuedOutput: Sendable, Hashable {
    package var id: OutputID
    package var deadline: Date?
    package var request: RecordedRequest?
    /// How often in a row the process died while this was in hand; such an output is tried alone.
    package var deaths: Int
    /// Whose task it is: a number that stands for a caller's account; 0 for the own one.
    package var account: Int64

    package init(id: OutputID, deadline: Date?, request: RecordedRequest?, deaths: Int = 0, account: Int64 = 0) {
        self.id = id
        self.deadline = deadline
        self.request = request
        self.deaths = deaths
        self.account = account
    }
}

/// What may be lost soon.
package struct AtRisk: Sendable, Hashable {
    package var outputs: [OutputEntry] = []
    package var tasks: [TaskEntry] = []
    /// At most ``most``.
    package var outputCount = 0
    /// At most ``most``.
    package var taskCount = 0

    /// How far each kind is counted: who has more at risk gains nothing by their number, and `status` answers at once.
    package static let most = 100_000

    package var isEmpty: Bool { outputCount + taskCount == 0 }
}

/// The right to fetch and file one output.
package struct OutputLease: Sendable, Hashable {
    package var id: OutputID
    package var token: Int64
    /// With its query: never to be shown or written elsewhere.
    package var link: String
    package var deadline: Date?
    package var createdAt: Date?
    package var discoveredAt: Date
    package var source: String
    package var request: RecordedRequest?
    package var model: String?
    package var taskJSON: JSONValue?
    /// Tries that failed so far.
    package var attempts: Int
    /// The kind of the last failure.
    package var failure: String?
    package var history: FailureHistory
    /// Earlier deliveries that were not a whole picture; the newest last.
    package var candidates: [DeliveryCandidate]
    /// Whose task it is: a number that stands for a caller's account; 0 for the own one.
    package var account: Int64 = 0
}

/// What became of a try.
package enum OutputOutcome: Sendable {
    /// Filed, or given up: as its record says.
    case ended(ArchiveRecord)
    /// The try failed; another one follows.
    case postponed(Postponement)
    /// Not tried, since its host has asked for a pause: that counts as no failure.
    case paused(dueAt: Date, reason: String)
    /// Not tried after all: another worker may take it at once.
    case released
}
