package import Foundation
package import SizeContract

/// One output as an audit reads it: what was asked, what came and what was charged for it. Fewer facts than an ``OutputEntry``, and
/// quicker to have.
package struct AuditEntry: Sendable, Hashable {
    package var id: OutputID
    package var state: OutputState
    /// Why it is unavailable.
    package var reason: String?
    /// The cause of a missing or damaged picture; `nil` for a whole picture, and where no cause is on record. Records of release 0.1.0
    /// have no cause: `unknown` stands for it where the output ended before its deadline.
    package var cause: FailureCause?
    package var createdAt: Date?
    package var request: RecordedRequest?
    package var judgement: Judgement?
    package var original: OutputEntry.Original?
    /// Of the thumbnail, when one was made.
    package var thumbnail: Digest?
    /// 16 hexadecimal digits.
    package var perceptualHash: String?
    /// What stands behind the last dot of the link's path, in lower case.
    package var linkEnding: String?
    /// As the storage host said.
    package var contentType: String?
    /// What the upstream says that the task's call was charged, in credits, as it wrote the number.
    package var credits: String?
    /// How many results the task has: a call is charged once, however many they are.
    package var siblings = 1

    package init(id: OutputID, state: OutputState) {
        self.id = id
        self.state = state
    }
}

/// A task without a picture, as an audit reads it.
package struct AuditTask: Sendable, Hashable {
    package var id: TaskID
    /// `failed`, `cancelled` or `unavailable`.
    package var state: TaskState
    package var reason: String?
    package var createdAt: Date?
    package var request: RecordedRequest?
    /// What the upstream says that the call was charged, in credits, as it wrote the number.
    package var credits: String?

    package init(id: TaskID, state: TaskState) {
        self.id = id
        self.state = state
    }
}
