package import SizeContract

/// How many outputs are alike in what is counted of them.
package struct OutputTally: Sendable, Hashable {
    package var state: OutputState
    package var verdict: Verdict?
    package var billedTier: Tier?
    package var deliveredTier: Tier?
    package var model: String?
    package var outputs: Int
    /// Of the originals together.
    package var bytes: Int64
    /// What was billed above what was delivered, in base prices, over all of them where both are known.
    package var overpaid: PriceMultiplier

    package init(
        state: OutputState, verdict: Verdict? = nil, billedTier: Tier? = nil, deliveredTier: Tier? = nil, model: String? = nil,
        outputs: Int, bytes: Int64 = 0, overpaid: PriceMultiplier = .zero
    ) {
        self.state = state
        self.verdict = verdict
        self.billedTier = billedTier
        self.deliveredTier = deliveredTier
        self.model = model
        self.outputs = outputs
        self.bytes = bytes
        self.overpaid = overpaid
    }
}
