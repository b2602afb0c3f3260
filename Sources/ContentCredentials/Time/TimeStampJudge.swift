import Foundation

/// Judges the time stamps of one signature (specification, 15.8).
///
/// A time stamp that does not hold is ignored: it yields informational codes, and the present time counts.
struct TimeStampJudge {
    let trust: TrustPolicy
    let box: String
    /// The signature that stamps of version 2 are over.
    let signature: [UInt8]

    struct Verdict {
        var codes: [CredentialStatus] = []
        var facts: TimeStampFacts?
        /// The attested time, when the authority is on the list.
        var trustedTime: Date?
        /// The attested time, when the authority is the vendor's own or on the list.
        var vendorTime: Date?
    }

    typealias Stamp = (token: [UInt8], payload: [UInt8])

    static let laterLimit = 4

    /// The stamp of the header, or the first of the later ones that is trusted. The codes of all that were tried are kept.
    func judge(_ stamps: [Stamp], later: [Stamp]) -> Verdict {
        var verdict = judge(stamps)
        for stamp in later.prefix(TimeStampJudge.laterLimit) where verdict.trustedTime == nil {
            let next = judge(stamp)
            let codes = verdict.codes + next.codes
            if next.trustedTime != nil || verdict.facts == nil { verdict = next }
            verdict.codes = codes
        }
        return verdict
    }

    private func judge(_ stamps: [Stamp]) -> Verdict {
        guard let stamp = stamps.first else { return Verdict() }
        guard stamps.count == 1 else { return refused("timeStamp.malformed", "There is more than one time stamp.") }
        return judge(stamp)
    }

    private func judge(_ stamp: Stamp) -> Verdict {
        // `sigTst2` holds the token alone. `sigTst`, whose payload is the claim, holds a response (15.8.1.1).
        let isOverSignature = stamp.payload.suffix(signature.count) == signature[...]
        do {
            let token = try TimeStampToken(stamp.token, allowsResponse: !isOverSignature)
            return judge(token, payload: stamp.payload)
        } catch {
            return refused("timeStamp.malformed", error.why)
        }
    }

    private func judge(_ token: TimeStampToken, payload: [UInt8]) -> Verdict {
        let data = token.signedData
        guard data.digest != nil, data.scheme != nil else {
            return refused("timeStamp.untrusted", "The token is signed with an algorithm that is not allowed.")
        }
        let certificates = data.certificates.compactMap { try? trust.links.certificate($0) }
        guard let signer = certificates.first(where: { data.isSigner($0) && data.names($0) }) else {
            return refused("timeStamp.untrusted", "The token lacks its signer's certificate.")
        }
        guard data.isSigned(by: signer) else {
            return refused("timeStamp.mismatch", "The token's signature is wrong.")
        }
        guard token.imprintDigest != nil else {
            return refused("timeStamp.untrusted", "The token's digest is not allowed.")
        }
        guard token.isOf(payload) else {
            return refused("timeStamp.mismatch", "The token is of other bytes.")
        }
        if let problem = CertificateProfile.timeAuthorityProblem(signer) {
            return refused("timeStamp.untrusted", problem)
        }
        return judge(token, by: signer, certificates)
    }

    /// The token is right in itself; the question is who made it.
    private func judge(_ token: TimeStampToken, by signer: X509Certificate, _ certificates: [X509Certificate]) -> Verdict {
        let time = token.time.date
        guard signer.isValid(at: time) else {
            return refused("timeStamp.outsideValidity", "The time is outside the validity of the authority's certificate.")
        }
        func path(to list: TrustList) -> CertificatePath? {
            var builder = CertificatePathBuilder(pool: certificates, anchors: list.anchors, links: trust.links, time: time)
            return builder.path(from: signer)
        }
        let official = path(to: trust.timeAuthorities)
        if let official, !official.isValid(at: time) {
            return refused("timeStamp.outsideValidity", "The time is outside the validity of the authority's chain.")
        }
        let vendors = path(to: trust.vendorTimeAuthorities)
        let isVendors = vendors?.isValid(at: time) ?? false
        var verdict = Verdict()
        verdict.facts = TimeStampFacts(
            time: time, text: token.time.text, authority: signer.subject.commonName ?? signer.subject.organization,
            isTrusted: official != nil, isVendors: isVendors, token: token.der)
        verdict.trustedTime = official == nil ? nil : time
        verdict.vendorTime = official != nil || isVendors ? time : nil
        let name = signer.shownName
        verdict.codes = [CredentialStatus(code: "timeStamp.validated", kind: .success, box: box, why: name)]
        verdict.codes.append(
            official != nil
                ? CredentialStatus(code: "timeStamp.trusted", kind: .success, box: box, why: name)
                : CredentialStatus(code: "timeStamp.untrusted", kind: .informational, box: box, why: name))
        return verdict
    }

    private func refused(_ code: String, _ why: String) -> Verdict {
        Verdict(codes: [CredentialStatus(code: code, kind: .informational, box: box, why: why)])
    }
}
