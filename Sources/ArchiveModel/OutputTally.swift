package import SizeContract

/// The number of outputs that agree in the fields listed here.
package struct OutputTally: Sendable, Hashable {
    package var state: OutputState
    package var verdict: Verdict?
    package var billedTier: Tier?
    package var deliveredTier: Tier?
    package var model: String?
    package var outputs: Int
    /// The total size of the originals.
    package var bytes: Int64
    /// The sum of billed minus delivered price, in base prices, over the outputs for which both are known.
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
