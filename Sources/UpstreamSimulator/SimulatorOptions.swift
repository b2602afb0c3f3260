package import ArchiveModel

/// How much the simulated service deviates from its documentation.
package enum FaultProfile: String, Sendable, CaseIterable {
    /// Every delivery has the documented size, and every answer the documented form.
    case none
    /// Pictures as measured on the real service: mostly not in the documented sizes, some transposed, some in another format.
    case real
    /// As `real`, plus faults of the network, the storage and the account.
    case hostile
}

/// How the simulated service charges.
package enum BillingProfile: String, Sendable, CaseIterable {
    /// Every completed call costs the price of its request, and other calls are free.
    case real
    /// Some calls cost the price of another class, nothing, or an unexplained amount; some failed calls are charged; and some
    /// answers state the charge in another field, twice, or not at all.
    case wrong
}

/// The configuration of a simulated service.
package struct SimulatorOptions: Sendable {
    /// The address to listen on. The simulator has no TLS, so use anything but loopback in test networks only.
    package var host = "127.0.0.1"
    /// The port to listen on; 0 selects a free one.
    package var port = 0
    /// A folder whose pictures are delivered byte for byte, sorted by name; `nil` delivers generated ones.
    ///
    /// Hidden files, subfolders, and files that do not start like a PNG, JPEG or WebP are skipped.
    package var images: String?
    package var faults = FaultProfile.none
    package var billing = BillingProfile.real
    /// Determines task IDs, requests, pictures and faults. They do not depend on the time of day.
    package var seed: UInt64 = 1
    /// The clock for the age of tasks and links, and for every delay.
    package var clock: any WallClock = SystemClock()
    /// Time until a created task is finished. Populated tasks are finished from the start.
    package var generationTime: Duration = .seconds(4)
    /// The lifetime of a result link, counted from the completion of its task.
    package var linkLifetime: Duration = .seconds(24 * 3600)
    /// Tasks per minute that the account completes by itself, as if other clients used the same key; 0 for none.
    package var completionsPerMinute: Double = 0
    package var keys = KeyRule()
    /// Whether callbacks may go to plain HTTP and to internal addresses such as loopback, which the real service refuses.
    package var allowInternalCallbacks = false
    /// Credits that the account can spend on created tasks.
    package var openingCredits: Double = 100_000

    package init() {}
}

/// The API keys that a simulated service accepts.
///
/// By default all keys are accepted, except those with three prefixes, for trying out a client's reactions: `bad…` is unknown
/// (401), `broke…` has no credits left (402), and `forbidden…` may not use the API (403).
package struct KeyRule: Sendable {
    /// The known keys; `nil` accepts any.
    package var accepted: Set<String>?
    package var unknownPrefix = "bad"
    package var brokePrefix = "broke"
    package var forbiddenPrefix = "forbidden"

    package init(accepted: Set<String>? = nil) { self.accepted = accepted }

    /// - Returns: Why a request with `key` is refused; `nil` if it is accepted.
    func refusal(of key: String?) -> SimulatedAPIError? {
        guard let key, !key.isEmpty else {
            return .authentication("no API key was sent; send it as 'Authorization: Bearer <key>'")
        }
        if key.hasPrefix(brokePrefix) { return .insufficientQuota("the account has no credits left") }
        if key.hasPrefix(forbiddenPrefix) { return .permission("this key has no permission to use the API") }
        if key.hasPrefix(unknownPrefix) || accepted?.contains(key) == false { return .authentication("the API key is not valid") }
        return nil
    }
}
