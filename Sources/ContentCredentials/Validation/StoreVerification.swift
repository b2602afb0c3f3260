import Foundation

/// The verification of one manifest store: what was read, what was found. The steps are in the extensions.
struct StoreVerification {
    /// A manifest that an ingredient assertion names (specification 2.4, 15.11.3.3).
    struct IngredientLink {
        var owner: ReadManifest
        /// The address of the ingredient assertion.
        var place: String
        var manifest: HashedURI
        var signature: HashedURI?
        var target: String
    }

    struct RecordedStatus: Hashable {
        var code: String
        var box: String
    }

    let store: ManifestStore
    let trust: TrustPolicy
    let limits: CredentialLimits
    let now: Date
    var reader: ManifestReader
    var log: StatusLog
    var ledger: HashLedger
    /// Assertions that any claim of the lineage redacts.
    var redactions: Set<JumbfURI> = []
    var lineage: [IngredientLink] = []
    /// Manifests whose signature and assertions were checked.
    var checked: Set<String> = []
    /// What the claim generators of the lineage recorded of their ingredients' manifests, by code and box.
    var recorded: Set<RecordedStatus> = []
    /// Whether a signer of the lineage is untrusted now without a record of it.
    var hasUntrustedIngredient = false
    private var references = 0
    private var jsonBytes = 0
    /// Whether the hard binding matches the file.
    var isBound = false
    private var known: [String: ReadManifest] = [:]

    init(_ store: ManifestStore, trust: TrustPolicy, limits: CredentialLimits, now: Date) {
        (self.store, self.trust, self.limits, self.now) = (store, trust, limits, now)
        reader = ManifestReader(store, limits: limits)
        log = StatusLog(limit: limits.statuses)
        ledger = HashLedger(budget: store.bytes.count.multipliedReportingOverflow(by: limits.hashRounds).partialValue)
    }

    mutating func read(_ manifest: Manifest) -> ReadManifest {
        if let read = known[manifest.label] { return read }
        let read = reader.read(manifest)
        known[manifest.label] = read
        return read
    }

    mutating func read(_ label: String) -> ReadManifest? {
        store.manifest(label).map { read($0) }
    }

    /// Whether the store may ask for one more box.
    mutating func mayFollow(at place: String) -> Bool {
        references += 1
        if references == limits.references + 1 {
            log.add(.generalError, at: place, "the store has more than \(limits.references) references")
        }
        return references <= limits.references
    }

    mutating func isJSON(_ range: Range<Int>) -> Bool {
        jsonBytes += range.count
        return jsonBytes <= limits.jsonBytes && JSONGrammar.accepts(store.bytes[range])
    }

    /// Compares a box with its hash and reports a failure with the codes of the place.
    mutating func compare(
        _ box: JumbfBox, with reference: HashedURI, algorithm: String?, at place: String, match: StatusCode?, mismatch: StatusCode
    ) -> Bool {
        switch ledger.compare(box, of: store, with: reference.hash, algorithm: reference.algorithm ?? algorithm) {
        case .match:
            if let match { log.add(match, at: place) }
            return true
        case .mismatch:
            log.add(mismatch, at: place, reference.hash == nil ? "the reference has no hash" : "the box has another hash")
        case .unsupported: log.add(.algorithmUnsupported, at: place, "the reference names no allowed hash algorithm")
        case .exhausted: log.add(.generalError, at: place, "the store asks for more hashing than its size allows")
        }
        return false
    }

    // MARK: Signature

    /// Checks the signature of a manifest (specification 2.4, 15.7 to 15.9).
    mutating func checkSignature(_ read: ReadManifest, _ claim: Claim) -> (output: SignatureJudge.Output, chain: [[UInt8]])? {
        let address = JumbfURI(claim.signature, in: read.manifest.label)
        let place = read.manifest.address("c2pa.signature")
        guard let address, address == JumbfURI(manifest: read.manifest.label, path: ["c2pa.signature"]),
            let box = store.box(at: address),
            box.isSuperbox("c2cs"), let content = box.onlyContent("cbor")
        else {
            log.add(.claimSignatureMissing, at: place, "the claim's signature is not in its manifest")
            return nil
        }
        let signature: COSESign1
        do throws(MalformedData) {
            let value = try reader.cbor(in: content.payload)
            signature = try COSESign1(value) { bytes throws(MalformedData) in
                var budget = limits.cborItems
                return try CBORReader.read(Array(bytes), in: 0..<bytes.count, depthLimit: limits.cborDepth, budget: &budget)
            }
        } catch {
            log.add(.claimSignatureMismatch, at: place, error.reason)
            return nil
        }
        if !signature.hasZeroPadding { log.add(.paddingNotZero, at: place, "the unsigned padding of the signature holds data") }
        guard let algorithm = signature.algorithm else {
            log.add(.algorithmUnsupported, at: place, "the protected headers name no algorithm")
            return nil
        }
        let chain: [[UInt8]]
        do throws(MalformedData) { chain = try signature.chain() } catch {
            log.add(.credentialInvalid, at: place, error.reason)
            return nil
        }
        return (judge(signature, of: read, claim, algorithm: algorithm, chain: chain, at: place), chain)
    }

    private mutating func judge(
        _ signature: COSESign1, of read: ReadManifest, _ claim: Claim, algorithm: Int64, chain: [[UInt8]], at place: String
    ) -> SignatureJudge.Output {
        let content = store.bytes[claim.content]
        let statuses = certificateStatuses()
        let input = SignatureJudge.Input(
            algorithm: algorithm, chain: chain, toBeSigned: signature.toBeSigned(claim: content),
            signature: Array(signature.signature),
            timeStamps: signature.timeStamps(claim: content), laterTimeStamps: timeStamps(for: read.manifest.label, signature),
            revocations: signature.revocations + statuses, box: place, trust: trust, now: now)
        let output = SignatureJudge().judge(input)
        for status in output.codes { log.add(status) }
        if !output.isValid, !log.hasFailure { log.add(.claimSignatureMismatch, at: place, "the signature is not valid") }
        return output
    }

    /// The OCSP responses of the certificate status assertions of all manifests that were read (specification, 18.19).
    private func certificateStatuses() -> [[UInt8]] {
        known.values.flatMap { $0.assertions(of: ["c2pa.certificate-status"]) }.flatMap { assertion -> [[UInt8]] in
            guard isIntact(assertion) else { return [] }
            return (assertion.content?["ocspVals"]?.array ?? []).compactMap {
                $0.bytes.map(Array.init) ?? $0.text.flatMap(Base64.decode)
            }
        }
    }

    /// The time stamps that other manifests hold for this one (specification, 15.8.1.2).
    private func timeStamps(for label: String, _ signature: COSESign1) -> [(token: [UInt8], payload: [UInt8])] {
        known.values.filter { $0.manifest.label != label }.flatMap { $0.assertions(of: ["c2pa.time-stamp"]) }.compactMap {
            assertion in
            guard isIntact(assertion), let token = assertion.content?[label]?.bytes else { return nil }
            return (Array(token), signature.countersignature)
        }
    }

    private func isIntact(_ assertion: Assertion) -> Bool {
        assertion.box != nil && assertion.problem == nil && !(assertion.address.map(redactions.contains) ?? false)
    }
}
