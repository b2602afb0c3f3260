/// Who is trusted for what. The lists for signers and for time stamps are separate (specification, 14.4.2).
package struct TrustPolicy: Sendable {
    package var signers: TrustList
    package var timeAuthorities: TrustList
    /// Time-stamp authorities that vendors run for themselves. They make no state Trusted, they only date a signature.
    package var vendorTimeAuthorities: TrustList
    /// The extended key usages that a signer's certificate may have, in dotted form; it needs one of them.
    package var usages: [String]
    /// The private credential store: certificates that the user accepts as signers, in DER. Shipped empty (14.4.3).
    package var allowed: [[UInt8]]
    /// The signatures of chains that were verified under this policy.
    let links = VerifiedLinks()

    /// `emailProtection`, `documentSigning`, `timeStamping`, `OCSPSigning`, and C2PA's `claimSigning`.
    package static let defaultUsages = [
        "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9", "1.3.6.1.4.1.62558.2.1",
    ]

    package init(
        signers: TrustList, timeAuthorities: TrustList, vendorTimeAuthorities: TrustList = .empty,
        usages: [String] = TrustPolicy.defaultUsages, allowed: [[UInt8]] = []
    ) {
        self.signers = signers
        self.timeAuthorities = timeAuthorities
        self.vendorTimeAuthorities = vendorTimeAuthorities
        self.usages = usages
        self.allowed = allowed
    }

    /// The official lists and the vendor's anchor that the program carries.
    package static func embedded() -> TrustPolicy { built }

    private static let built: TrustPolicy = {
        do {
            return TrustPolicy(
                signers: try TrustList(lote: embeddedSigners), timeAuthorities: try TrustList(lote: embeddedTimeAuthorities),
                vendorTimeAuthorities: try TrustList(pem: embeddedVendorTimeAuthority))
        } catch {
            preconditionFailure("an embedded trust list can't be read: \(error)")
        }
    }()

    /// The bytes of the embedded lists, unchanged as published, so that they can be stored as evidence.
    package static var embeddedSigners: [UInt8] { PackageResources.C2PA_TRUST_LIST_json }
    package static var embeddedTimeAuthorities: [UInt8] { PackageResources.C2PA_TSA_TRUST_LIST_json }
    package static var embeddedVendorTimeAuthority: [UInt8] { PackageResources.openai_tsa_root_pem }
}
