/// The most that a manifest store may ask of the verifier. A store above a limit is refused, never read in part.
package struct CredentialLimits: Sendable {
    package var storeBytes = 16 << 20
    package var boxDepth = 32
    package var boxes = 20_000
    package var manifests = 256
    /// Signatures that are judged: the active one and those of ingredients.
    package var signatures = 64
    package var assertions = 2_000
    package var actions = 2_000
    package var redactions = 2_000
    /// References to boxes that are followed.
    package var references = 2_000
    /// The bytes of all assertions in JSON.
    package var jsonBytes = 1 << 20
    package var cborDepth = 64
    package var cborItems = 200_000
    package var exclusions = 64
    package var ingredientDepth = 32
    package var labelBytes = 256
    package var textCharacters = 256
    /// How often each byte of the store may be hashed, on average.
    package var hashRounds = 4
    /// Statuses after this number are dropped; the state still counts them.
    package var statuses = 10_000

    package init() {}
}

/// Data that does not follow its format. The reason is one sentence for the report.
struct MalformedData: Error {
    var reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
