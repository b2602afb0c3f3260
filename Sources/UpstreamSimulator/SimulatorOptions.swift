package import ArchiveModel

/// How far a simulated service strays from its documentation.
package enum FaultProfile: String, Sendable, CaseIterable {
    /// Every delivery has the table's pixels, and every answer the documented form.
    case none
    /// Pictures are delivered as measured on the real service: mostly off the table, some transposed, some in another format.
    case real
    /// As `real`, and the network, the storage and the account have a bad day as well.
    case hostile
}

/// What a simulated service is, decided before it starts.
package struct SimulatorOptions: Sendable {
    /// The address to listen on. The simulator has no transport security, so anything but loopback is for a test network only.
    package var host = "127.0.0.1"
    /// The port to listen on; 0 takes a free one.
    package var port = 0
    /// A folder whose pictures are served through byte for byte, in the order of their names; `nil` delivers made ones.
    ///
    /// Files that are no PNG, JPEG or WebP by their first bytes, hidden files and sub-folders are passed over.
    package var images: String?
    package var faults = FaultProfile.none
    /// Task ids, requests, pictures and faults follow from this number alone, never from the time of day.
    package var seed: UInt64 = 1
    /// What decides the age of tasks and links, and every delay.
    package var clock: any WallClock = SystemClock()
    /// How long a created task takes until it is finished. Populated tasks are finished at once.
    package var generationTime: Duration = .seconds(4)
    /// How long a result link works, counted from the completion of its task.
    package var linkLifetime: Duration = .seconds(24 * 3600)
    /// How many tasks a minute the account completes by itself, as if others used the same key; 0 for a quiet account.
    package var completionsPerMinute: Double = 0
    package var keys = KeyRule()
    /// Whether a callback may go to plain HTTP and to loopback or another internal address, which the real service refuses.
    package var allowInternalCallbacks = false
    /// What the account can spend on created tasks, in credits.
    package var openingCredits: Double = 100_000

    package init() {}
}

/// Which API keys a simulated service takes.
///
/// By default any key but those that start with one of three words, so that a client's reactions can be tried by hand:
/// `bad…` is unknown (401), `broke…` has no credits left (402), and `forbidden…` may not use the API (403).
package struct KeyRule: Sendable {
    /// The keys that are known; `nil` for any.
    package var accepted: Set<String>?
    package var unknownPrefix = "bad"
    package var brokePrefix = "broke"
    package var forbiddenPrefix = "forbidden"

    package init(accepted: Set<String>? = nil) { self.accepted = accepted }

    /// - Returns: Why a request that carries `key` is turned away; `nil` when it is let in.
    func refusal(of key: String?) -> APIError? {
        guard let key, !key.isEmpty else {
            return .authentication("no API key was sent; send it as 'Authorization: Bearer <key>'")
        }
        if key.hasPrefix(brokePrefix) { return .insufficientQuota("the account has no credits left") }
        if key.hasPrefix(forbiddenPrefix) { return .permission("this key may not use the API") }
        if key.hasPrefix(unknownPrefix) || accepted?.contains(key) == false { return .authentication("the API key is not valid") }
        return nil
    }
}
