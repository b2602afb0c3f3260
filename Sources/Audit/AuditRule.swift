package import SizeContract

/// The rule that decides whether an audit fails.
package struct AuditRule: Sendable, Hashable {
    /// How closely a delivery must match its request.
    package enum Tolerance: String, Sendable, CaseIterable {
        case exact
        /// Other pixel sizes pass if ratio and tier match the requested and billed ones.
        case ratio
    }

    package var verdicts: Set<Verdict>
    package var findings: Set<PriceFinding>
    package var failsWhenLost: Bool

    package init(verdicts: Set<Verdict>, findings: Set<PriceFinding> = [], failsWhenLost: Bool) {
        self.verdicts = verdicts
        self.findings = findings
        self.failsWhenLost = failsWhenLost
    }

    /// Fails for every mismatch verdict and for every loss.
    package init(_ tolerance: Tolerance = .exact) {
        let passing: Set<Verdict> = tolerance == .ratio ? [.resized] : []
        findings = []
        verdicts = Set(Verdict.allCases.filter { !$0.isClean }).subtracting(passing)
        failsWhenLost = true
    }
}
