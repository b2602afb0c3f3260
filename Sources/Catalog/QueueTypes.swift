package import ArchiveModel
package import Foundation

/// A task to archive, as named by a source.
package struct TaskRegistration: Sendable, Hashable {
    package var id: TaskID
    /// The source that named it, such as `sweep` or `manifest`.
    package var source: String
    package var request: RecordedRequest?
    package var createdAt: Date?
    /// Whether a user named this task explicitly. Parts of it that were given up are then retried.
    package var reopens: Bool
    /// Whether the source has just learned that the task ended. The task is then due at once.
    package var hasEnded: Bool
    /// Whether the upstream has just named the task. It is then retried if it was given up because the upstream did not know it.
    package var isAlive: Bool
    /// The task's state in the answer that named it; `nil` when the answer gave none.
    package var upstreamState: UpstreamState?

    /// The part of a task's state that can contradict an earlier answer.
    package enum UpstreamState: Sendable, Hashable {
        /// It is in progress, completed, or has results.
        case lives
        case hasFailed
    }

    package init(
        id: TaskID, source: String, request: RecordedRequest? = nil, createdAt: Date? = nil, reopens: Bool = false,
        hasEnded: Bool = false, isAlive: Bool = false, upstreamState: UpstreamState? = nil
    ) {
        self.id = id
        self.source = source
        self.request = request
        self.createdAt = createdAt
        self.reopens = reopens
        self.hasEnded = hasEnded
        self.isAlive = isAlive
        self.upstreamState = upstreamState
    }
}

/// The changes made by a registration.
package struct RegistrationSummary: Sendable, Hashable {
    package var new: [TaskID] = []
    /// Tasks whose archived outputs were judged when less of the request was known. They must be judged again.
    package var newlyRequested: [TaskID] = []
}

/// A request without an answer: the upstream may or may not have made a task of it.
package struct OpenSubmission: Sendable, Hashable {
    /// The idempotency key. With it the request can be sent again without creating a second task.
    package var key: String
    package var request: RecordedRequest
    package var recordedAt: Date

    package init(key: String, request: RecordedRequest, recordedAt: Date) {
        self.key = key
        self.request = request
        self.recordedAt = recordedAt
    }
}

/// The exclusive right to read one task until the lease expires.
package struct TaskLease: Sendable, Hashable {
    package var id: TaskID
    package var token: Int64
    package var source: String
    package var request: RecordedRequest?
    package var createdAt: Date?
    package var discoveredAt: Date
    /// Failed reads so far.
    package var attempts: Int
    /// How many times in a row the upstream has said that it does not know the task.
    package var misses: Int
    /// How often the task was found unfinished.
    package var readings: Int
    package var history = FailureHistory()
    /// Whether the upstream reported the task as failed and later as alive. A failure is then final only after the window has
    /// closed.
    package var isContradicted = false
    /// The number of the caller's account that owns the task; 0 for this archive's own account.
    package var account: Int64 = 0
}

/// The failures of one task or output so far: the input of the retry rule.
package struct FailureHistory: Sendable, Hashable {
    /// The time of the first failure since the last success.
    package var failingSince: Date?
    /// The cause of the last failure before the deadline.
    package var causeInWindow: FailureCause?
    /// How often the vendor has refused a freshly read link after the deadline, and since when.
    package var refusals = 0
    package var refusedSince: Date?
    /// Whether a notification about the failure was sent.
    package var isTold = false
    /// How many times in a row the process died while it was working on this entry.
    package var deaths = 0

    package init() {}
}

/// A failed attempt that will be retried.
package struct Postponement: Sendable {
    package var dueAt: Date
    /// The error message for users, without a link's query.
    package var error: String
    /// The kind of failure, such as `gone` or `status 503`.
    package var kind: String
    package var cause: FailureCause
    /// Stored with the entry. The catalog sets `isTold`.
    package var history: FailureHistory
    /// The earliest time of the next attempt, even after a restart, because the host or the API asked for it.
    package var notBefore: Date?
    /// The end of the window of an output by a later answer of the API; `nil` to keep the known one.
    package var deadline: Date?
    /// A freshly read link, which replaces the old one.
    package var link: ResultLink?
    /// Delivered bytes that were not a complete picture.
    package var candidate: DeliveryCandidate?
    /// Whether to send a notification about the failure now. This happens once.
    package var isToBeTold: Bool
    /// Whether the upstream said that it does not know the task.
    package var isMiss = false

    package init(
        dueAt: Date, error: String, kind: String, cause: FailureCause, history: FailureHistory, notBefore: Date? = nil,
        link: ResultLink? = nil, candidate: DeliveryCandidate? = nil, deadline: Date? = nil, isToBeTold: Bool = false,
        isMiss: Bool = false
    ) {
        self.dueAt = dueAt
        self.error = error
        self.kind = kind
        self.cause = cause
        self.history = history
        self.notBefore = notBefore
        self.link = link
        self.candidate = candidate
        self.deadline = deadline
        self.isToBeTold = isToBeTold
        self.isMiss = isMiss
    }
}

/// One result of a task, as the upstream names it.
package struct NamedResult: Sendable, Hashable {
    /// The result's index within its task, from 0; it never changes.
    package var index: Int
    /// `nil` for a result without a link.
    package var link: ResultLink?
    /// The link without secrets, which identifies the same result in a later read. `nil` when there is none.
    package var name: String?
    /// Why there is no link.
    package var problem: String?

    package init(index: Int, link: ResultLink?, name: String? = nil, problem: String? = nil) {
        self.index = index
        self.link = link
        self.name = name
        self.problem = problem
    }
}

/// The new results of a task that is still in progress.
package struct EarlyResults: Sendable {
    package var results: [NamedResult]
    package var deadline: Date?
    package var model: String?
    /// The answer without link queries.
    package var json: JSONValue

    package init(results: [NamedResult], deadline: Date?, model: String?, json: JSONValue) {
        self.results = results
        self.deadline = deadline
        self.model = model
        self.json = json
    }
}

/// The outcome of reading a task.
package enum TaskOutcome: Sendable {
    /// The results are known. `reason` is the upstream's message for a partly failed task, or why some results are not taken.
    /// `json` is the answer without link queries. If `rest` is set, the answer names more results, and the task is read again for
    /// them.
    case resolved(
        results: [NamedResult], createdAt: Date?, deadline: Date?, model: String?, reason: String?, json: JSONValue,
        rest: Postponement? = nil)
    /// The task is still in progress. `early` is what it has delivered so far.
    case unfinished(dueAt: Date, createdAt: Date?, early: EarlyResults? = nil)
    /// There will be no result. `state` is `failed`, `cancelled` or `unavailable`.
    case ended(TaskState, reason: String, cause: FailureCause?, createdAt: Date?, json: JSONValue?)
    /// The read failed, or the task is completed but names no result.
    case postponed(Postponement)
    /// Not attempted; another worker may take it at once.
    case released
    /// There will be no results beyond those already recorded, which stay unchanged.
    case kept
}

/// A pending output, reduced to what scheduling needs.
package struct QueuedOutput: Sendable, Hashable {
    package var id: OutputID
    package var deadline: Date?
    package var request: RecordedRequest?
    /// How many times in a row the process died while it was working on this output. Such an output is processed alone.
    package var deaths: Int
    /// The number of the caller's account that owns the task; 0 for this archive's own account.
    package var account: Int64

    package init(id: OutputID, deadline: Date?, request: RecordedRequest?, deaths: Int = 0, account: Int64 = 0) {
        self.id = id
        self.deadline = deadline
        self.request = request
        self.deaths = deaths
        self.account = account
    }
}

/// Outputs and tasks that may be lost soon.
package struct AtRisk: Sendable, Hashable {
    package var outputs: [OutputEntry] = []
    package var tasks: [TaskEntry] = []
    /// At most ``most``.
    package var outputCount = 0
    /// At most ``most``.
    package var taskCount = 0

    /// The counting limit for each kind. It keeps `status` fast; an exact higher number would not help the user.
    package static let most = 100_000

    package var isEmpty: Bool { outputCount + taskCount == 0 }
}

/// The exclusive right to fetch and archive one output until the lease expires.
package struct OutputLease: Sendable, Hashable {
    package var id: OutputID
    package var token: Int64
    /// Empty if the stored link can't be decrypted.
    package var link: ResultLink
    package var deadline: Date?
    package var createdAt: Date?
    package var discoveredAt: Date
    package var source: String
    package var request: RecordedRequest?
    package var model: String?
    package var taskJSON: JSONValue?
    /// Failed attempts so far.
    package var attempts: Int
    /// The kind of the last failure.
    package var failure: String?
    package var history: FailureHistory
    /// Earlier deliveries that were not a complete picture; the newest last.
    package var candidates: [DeliveryCandidate]
    /// The number of the caller's account that owns the task; 0 for this archive's own account.
    package var account: Int64 = 0
}

/// The outcome of an attempt.
package enum OutputOutcome: Sendable {
    /// Archived or given up, as the record says.
    case ended(ArchiveRecord)
    /// The attempt failed and will be retried.
    case postponed(Postponement)
    /// Not attempted because the host requested a pause. This does not count as a failure.
    case paused(dueAt: Date, reason: String)
    /// Not attempted; another worker may take it at once.
    case released
}
