import Foundation

/// The certificate side of one COSE signature: algorithm, key, profile, path, time stamp, revocation.
struct SignatureJudge {
    struct Input {
        /// The COSE algorithm number: -7 ES256, -35 ES384, -36 ES512, -37 PS256, -38 PS384, -39 PS512, -8 EdDSA.
        var algorithm: Int64
        /// `x5chain`, the leaf first, in DER.
        var chain: [[UInt8]]
        /// The encoded `Sig_structure`.
        var toBeSigned: [UInt8]
        var signature: [UInt8]
        /// Each RFC 3161 token of `sigTst` or `sigTst2` with the bytes that it must stamp.
        var timeStamps: [(token: [UInt8], payload: [UInt8])]
        /// The same from time-stamp assertions of later manifests: tried in order when the header has no stamp that holds (15.8.1.2).
        var laterTimeStamps: [(token: [UInt8], payload: [UInt8])] = []
        /// The stapled OCSP responses (`rVals`), in DER.
        var revocations: [[UInt8]]
        /// The JUMBF address of the signature's box, for the status codes.
        var box: String
        /// Whether this is the active manifest; those of ingredients are judged the same way.
        var trust: TrustPolicy
        var now: Date
    }

    struct Output {
        /// Whether the signature over the claim is right and the certificate may sign (everything a state of Valid needs).
        var isValid: Bool
        /// Whether the path ends at an anchor of the list of signers.
        var isTrusted: Bool
        var codes: [CredentialStatus]
        var signer: SignerFacts?
        var timeStamp: TimeStampFacts?
        var revocation: RevocationFacts?
        var turnsInvalidAt: Date?
        var isValidByVendorTime: Bool
    }

    static let chainLimit = 10
    static let chainByteLimit = 131_072

    /// Hostile bytes are a result, never an error.
    func judge(_ input: Input) -> Output {
        let stamp = TimeStampJudge(trust: input.trust, box: input.box, signature: input.signature)
            .judge(input.timeStamps, later: input.laterTimeStamps)
        guard let first = input.chain.first, input.chain.count <= SignatureJudge.chainLimit,
            input.chain.reduce(0, { $0 + $1.count }) <= SignatureJudge.chainByteLimit,
            let leaf = try? input.trust.links.certificate(first)
        else { return unreadable(input, stamp) }
        var work = Work(input: input, leaf: leaf, stamp: stamp)
        return work.run()
    }

    private func unreadable(_ input: Input, _ stamp: TimeStampJudge.Verdict) -> Output {
        let status = CredentialStatus(
            code: "signingCredential.invalid", kind: .failure, box: input.box,
            why: "The signer's certificate can't be read, or the chain is too long.")
        return Output(
            isValid: false, isTrusted: false, codes: stamp.codes + [status], timeStamp: stamp.facts, isValidByVendorTime: false)
    }
}

/// One judgement in progress.
private struct Work {
    let input: SignatureJudge.Input
    let leaf: X509Certificate
    let stamp: TimeStampJudge.Verdict
    let pool: [X509Certificate]
    let isInPrivateStore: Bool
    /// Whether each certificate of the chain is signed by the next one, as RFC 9360 wants it.
    let isChainOrdered: Bool
    var codes: [CredentialStatus]

    init(input: SignatureJudge.Input, leaf: X509Certificate, stamp: TimeStampJudge.Verdict) {
        self.input = input
        self.leaf = leaf
        self.stamp = stamp
        pool = input.chain.dropFirst().compactMap { try? input.trust.links.certificate($0) }
        isInPrivateStore = input.trust.allowed.contains(leaf.der)
        let chain = [leaf] + pool
        isChainOrdered =
            chain.count == input.chain.count
            && zip(chain, pool).allSatisfy { $0.issuer.matches($1.subject) && input.trust.links.isSigned($0, by: $1) }
        codes = stamp.codes
    }

    /// The attested time of a trusted stamp, or else the present (15.8.2).
    var time: Date { stamp.trustedTime ?? input.now }

    mutating func run() -> SignatureJudge.Output {
        let mayBeUsed = checkProfile()
        let path = path(at: time)
        let revocation = RevocationJudge(
            input: input, leaf: leaf, path: path, pool: pool, attested: stamp.trustedTime
        ).judge()
        let isAnchored = (path?.isValid(at: time) ?? false) && !revocation.isAuthorityRevoked
        let isTrusted = mayBeUsed && (isInPrivateStore || isAnchored)
        if mayBeUsed || leaf.extensions.isAuthority == true { reportTrust(isTrusted, path: path) }
        let isSigned = checkSignature()
        let isInside = checkTime(path, isSigned: isSigned)
        let isRevoked = revocation.isRevoked
        codes += revocation.codes
        return SignatureJudge.Output(
            isValid: mayBeUsed && isSigned && isInside && !isRevoked, isTrusted: isTrusted, codes: codes,
            signer: facts, timeStamp: stamp.facts, revocation: revocation.facts,
            turnsInvalidAt: isSigned && stamp.trustedTime == nil ? end(of: path) : nil,
            isValidByVendorTime: mayBeUsed && isSigned && !isRevoked && isValidByVendorTime)
    }

    private mutating func report(_ code: String, _ kind: CredentialStatus.Kind, _ why: String?) {
        codes.append(CredentialStatus(code: code, kind: kind, box: input.box, why: why))
    }

    private mutating func checkProfile() -> Bool {
        let usages = Set(input.trust.usages.compactMap { OID(dotted: $0) })
        if let problem = CertificateProfile.signerProblem(leaf, isInPrivateStore: isInPrivateStore, usages: usages) {
            report("signingCredential.invalid", .failure, problem)
            return false
        }
        return true
    }

    private func path(at time: Date) -> CertificatePath? {
        guard isChainOrdered else { return nil }
        var builder = CertificatePathBuilder(
            pool: pool, anchors: input.trust.signers.anchors, links: input.trust.links, time: time)
        return builder.path(from: leaf)
    }

    private mutating func reportTrust(_ isTrusted: Bool, path: CertificatePath?) {
        if isTrusted {
            report("signingCredential.trusted", .success, isInPrivateStore ? "private credential store" : path?.anchor.name)
        } else if let path {
            report("signingCredential.untrusted", .failure, "The path to \(path.anchor.name) does not hold.")
        } else {
            report(
                "signingCredential.untrusted", .failure,
                isChainOrdered
                    ? "No path leads to an anchor of the list of signers."
                    : "The certificates of the chain are not signed by each other in their order.")
        }
    }

    private mutating func checkSignature() -> Bool {
        guard let scheme = SignatureScheme(cose: input.algorithm) else {
            report("algorithm.unsupported", .failure, "COSE algorithm \(input.algorithm)")
            return false
        }
        guard let key = leaf.key, key.suits(scheme) else {
            report("claimSignature.mismatch", .failure, "The certificate's key does not suit the algorithm.")
            return false
        }
        guard key.verifies(input.signature, over: input.toBeSigned, by: scheme) else {
            report("claimSignature.mismatch", .failure, nil)
            return false
        }
        report("claimSignature.validated", .success, nil)
        return true
    }

    /// The leaf and, where a path is known, its authorities must be valid.
    private mutating func checkTime(_ path: CertificatePath?, isSigned: Bool) -> Bool {
        let isInside = leaf.isValid(at: time) && (isInPrivateStore || (path?.isValid(at: time) ?? true))
        if isInside {
            if isSigned { report("claimSignature.insideValidity", .success, nil) }
        } else {
            report(
                "claimSignature.outsideValidity", .failure,
                stamp.trustedTime == nil
                    ? "Without a trusted time stamp the present time counts."
                    : "The attested time is outside the validity of the certificates.")
        }
        return isInside
    }

    private func end(of path: CertificatePath?) -> Date {
        isInPrivateStore ? leaf.notAfter : min(leaf.notAfter, path?.notAfter ?? leaf.notAfter)
    }

    private var isValidByVendorTime: Bool {
        guard let time = stamp.vendorTime, leaf.isValid(at: time) else { return false }
        return isInPrivateStore || (path(at: time)?.isValid(at: time) ?? false)
    }

    private var facts: SignerFacts {
        SignerFacts(
            name: leaf.subject.commonName, organization: leaf.subject.organization,
            issuer: leaf.issuer.commonName ?? leaf.issuer.organization, serial: leaf.serialText,
            algorithm: SignatureScheme.coseName(input.algorithm), notBefore: leaf.notBefore, notAfter: leaf.notAfter,
            product: leaf.extensions.product, assuranceLevel: leaf.extensions.assuranceLevel)
    }
}
