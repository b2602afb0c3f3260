package import Foundation
package import SizeContract

/// The fields in which the upstream states the charge for a call, in its own notation, in the order of trust.
package struct RecordedCharge: Sendable, Hashable {
    /// `usage.credits_used`
    package var creditsUsed: String?
    /// `usage.cost.credits`
    package var costCredits: String?
    /// `usage.cost.usd`
    package var costUSD: String?

    package init(creditsUsed: String? = nil, costCredits: String? = nil, costUSD: String? = nil) {
        self.creditsUsed = creditsUsed
        self.costCredits = costCredits
        self.costUSD = costUSD
    }
}

/// A number of calls with the same model, request and charge.
package struct ChargeTally: Sendable, Hashable {
    package var model: String?
    /// The size and resolution of the request; `nil` if none is recorded.
    package var request: RecordedRequest?
    package var charge: RecordedCharge
    package var calls: Int

    package init(model: String?, request: RecordedRequest?, charge: RecordedCharge, calls: Int) {
        self.model = model
        self.request = request
        self.charge = charge
        self.calls = calls
    }
}

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
    /// When the output was archived or given up.
    package var endedAt: Date?
    /// The model, from the request or from the upstream's answer.
    package var model: String?
    /// The number of the account that made the call; 0 for the archive's own account.
    package var account: Int64 = 0
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
    /// The charge for the task's call.
    package var charge = RecordedCharge()
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
    /// The cause, for a task that is unavailable.
    package var cause: FailureCause?
    /// Whether the upstream refused the call because of what was requested: its prompt or its parameters.
    package var isRefused = false
    package var createdAt: Date?
    package var model: String?
    /// The number of the account that made the call; 0 for the archive's own account.
    package var account: Int64 = 0
    package var request: RecordedRequest?
    /// The charge for the call.
    package var charge = RecordedCharge()

    package init(id: TaskID, state: TaskState) {
        self.id = id
        self.state = state
    }
}
