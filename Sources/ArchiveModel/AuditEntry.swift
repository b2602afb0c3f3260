package import Foundation
package import SizeContract

/// One output as an audit reads it: the request, the delivery and the charge. It has fewer fields than an ``OutputEntry`` and is
/// faster to load.
package struct AuditEntry: Sendable, Hashable {
    package var id: OutputID
    package var state: OutputState
    /// Why the output is unavailable.
    package var reason: String?
    /// The cause of a missing or damaged picture; `nil` for a complete picture, and if no cause is recorded. Records of release
    /// 0.1.0 have no cause: `unknown` is used if such an output ended before its deadline.
    package var cause: FailureCause?
    package var createdAt: Date?
    package var request: RecordedRequest?
    package var judgement: Judgement?
    package var original: OutputEntry.Original?
    /// The thumbnail, if one was made.
    package var thumbnail: Digest?
    /// 16 hexadecimal digits.
    package var perceptualHash: String?
    /// The file extension in the link's path, in lower case, without the dot.
    package var linkEnding: String?
    /// As stated by the storage host.
    package var contentType: String?
    /// The charge for the task's call in credits, in the upstream's own notation.
    package var credits: String?
    /// The number of results of the task. A call is charged once, whatever the number of its results.
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
    /// The charge for the call in credits, in the upstream's own notation.
    package var credits: String?

    package init(id: TaskID, state: TaskState) {
        self.id = id
        self.state = state
    }
}
