// The assertions of a manifest (specification 2.4, 15.10).

extension StoreVerification {
    mutating func checkAssertions(_ read: ReadManifest, _ claim: Claim) {
        for assertion in read.assertions { check(assertion, of: read, claim) }
        checkUndeclared(read)
        for text in claim.redacted
        where JumbfURI(text, in: read.manifest.label)?.manifest ?? read.manifest.label == read.manifest.label {
            log.add(.assertionSelfRedacted, at: read.manifest.claimAddress, "the claim redacts an assertion of its own manifest")
        }
        if let reference = HashedURI(claim.generator?["icon"]) {
            checkReference(reference, algorithm: claim.algorithm, in: read, at: read.manifest.claimAddress)
        }
        checkType(read)
        checkActions(read, claim)
        for assertion in read.assertions {
            guard let content = assertion.content, !isRedacted(assertion) else { continue }
            checkContent(assertion, content, of: read)
            checkReferences(in: content, algorithm: claim.algorithm, of: read, at: assertion.place, depth: 0)
        }
    }

    func isRedacted(_ assertion: Assertion) -> Bool {
        assertion.address.map(redactions.contains) ?? false
    }

    private mutating func check(_ assertion: Assertion, of read: ReadManifest, _ claim: Claim) {
        let place = assertion.place
        if isRedacted(assertion) {
            if AssertionType.actions.contains(assertion.type) { log.add(.actionRedacted, at: place) }
            if AssertionType.hardBindings.contains(assertion.type) { log.add(.hardBindingRedacted, at: place) }
            if let box = assertion.box, !store.isBlank(box) { log.add(.assertionNotRedacted, at: place) }
            return
        }
        guard assertion.reference.url.hasPrefix("self#jumbf="),
            assertion.address?.manifest ?? read.manifest.label == read.manifest.label
        else {
            return log.add(.assertionOutsideManifest, at: read.manifest.claimAddress, "an assertion lies outside the manifest")
        }
        guard let box = assertion.box else {
            return log.add(.assertionMissing, at: place, "the assertion is not in the assertion store")
        }
        guard
            compare(
                box, with: assertion.reference, algorithm: claim.algorithm, at: place, match: .hashedURIMatch,
                mismatch: .hashedURIMismatch)
        else { return }
        if let problem = assertion.problem { log.add(.cborInvalid, at: place, problem) }
        if AssertionType.ingredients.contains(assertion.type), !box.isSuperbox("cbor") {
            log.add(.ingredientMalformed, at: place, "the assertion is no CBOR")
        }
        if box.isSuperbox("json") {
            guard let json = box.onlyContent("json"), isJSON(json.payload) else {
                return log.add(.jsonInvalid, at: place, "the assertion is no JSON, or too long")
            }
        }
    }

    private mutating func checkUndeclared(_ read: ReadManifest) {
        let declared = Set(read.assertions.compactMap { $0.box?.range })
        for child in read.manifest.assertionStore?.children ?? [] where !declared.contains(child.range) && !child.isKind("free") {
            let place = read.manifest.address("c2pa.assertions", child.label ?? "")
            log.add(.assertionUndeclared, at: place, "the claim does not declare this assertion")
        }
    }

    /// The assertions that the kind of manifest demands or forbids (specification 2.4, 15.10.1).
    private mutating func checkType(_ read: ReadManifest) {
        let place = read.manifest.claimAddress
        let bindings = Set(read.hardBindings.map(\.place))
        let hasCreated = read.claim?.version == 1 || read.hardBindings.contains(where: \.isCreated)
        if read.manifest.kind == .standard {
            if bindings.isEmpty || !hasCreated { log.add(.hardBindingsMissing, at: place, "the signer declares no hard binding") }
            if bindings.count > 1 { log.add(.multipleHardBindings, at: read.manifest.address("c2pa.assertions")) }
            if Set(read.parents.map(\.place)).count > 1 { log.add(.multipleParents, at: place) }
            return
        }
        if read.ingredients.count != 1 || read.parents.count != 1 {
            log.add(.updateWrongParents, at: place, "an update manifest has exactly one ingredient, its parent")
        }
        let forbidden = read.assertions.contains { $0.type == "c2pa.hash.multi-asset" || AssertionType.isThumbnail($0.type) }
        if !bindings.isEmpty || forbidden {
            log.add(.updateInvalid, at: place, "an update manifest has an assertion about content")
        }
    }

    private mutating func checkContent(_ assertion: Assertion, _ content: CBORValue, of read: ReadManifest) {
        let place = assertion.place
        switch assertion.type {
        case "c2pa.cloud-data":
            guard let label = content["label"]?.text, content["size"] != nil, content["location"] != nil else {
                return log.add(.cloudDataMalformed, at: place, "label, size or location is missing")
            }
            let type = AssertionType.of(label)
            if AssertionType.embeddedOnly.contains(type) {
                log.add(.cloudDataHardBinding, at: place)
                log.add(.cloudDataMalformed, at: place, "this type may not lie outside")
            }
            if read.manifest.kind == .update, AssertionType.actions.contains(type) { log.add(.cloudDataActions, at: place) }
        case "c2pa.external-reference":
            let location = content["location"]
            if assertion.isCreated, read.claim?.version != 1 { log.add(.externalReferenceCreated, at: place) }
            guard location?["url"] != nil, (location?["alg"] == nil) == (location?["hash"] == nil) else {
                return log.add(.externalReferenceMalformed, at: place, "the location has no url, or only one of alg and hash")
            }
            if let label = content["label"]?.text, AssertionType.embeddedOnly.contains(AssertionType.of(label)) {
                log.add(.externalReferenceMalformed, at: place, "this type may not lie outside")
            }
        case "c2pa.time-stamp":
            if content.entries?.isEmpty ?? true {
                log.add(.timeStampMalformed, at: place, "the assertion is no map with entries")
            }
        case _ where AssertionType.ingredients.contains(assertion.type):
            if let problem = Ingredient(assertion, in: read.manifest.label, limits: limits).problem {
                log.add(.ingredientMalformed, at: place, problem)
            }
        default: break
        }
    }

    // MARK: References

    /// Fields of standard assertions that refer to boxes. `activeManifest`, `c2pa_manifest` and `claimSignature` have their own rules; the
    /// content of `metadata` is never checked (specification 2.4, 15.10.3.1).
    private static let referenceFields: Set<String> = [
        "icon", "ingredient", "ingredients", "thumbnail", "data", "relatedAssertions", "hashAssertion",
        "embeddedOriginalPreservationImage",
    ]

    private mutating func checkReferences(
        in value: CBORValue, algorithm: String?, of read: ReadManifest, at place: String, depth: Int
    ) {
        if let items = value.array {
            for item in items { checkReferences(in: item, algorithm: algorithm, of: read, at: place, depth: depth) }
        }
        // The nearest enclosing structure names the algorithm (specification, 15.4.1).
        let nearest = value["alg"]?.text ?? algorithm
        for entry in value.entries ?? [] {
            guard let name = entry.key.text, name != "metadata", name != "validationResults" else { continue }
            if Self.referenceFields.contains(name) {
                for item in entry.value.array ?? [entry.value] {
                    guard let reference = HashedURI(item), reference.url.hasPrefix("self#jumbf=") else { continue }
                    checkReference(reference, algorithm: nearest, in: read, at: place)
                }
            }
            checkReferences(in: entry.value, algorithm: nearest, of: read, at: place, depth: depth + 1)
        }
    }

    private mutating func checkReference(_ reference: HashedURI, algorithm: String?, in read: ReadManifest, at place: String) {
        guard mayFollow(at: place) else { return }
        guard let address = JumbfURI(reference.url, in: read.manifest.label) else {
            if reference.url.hasPrefix("self#jumbf=") { log.add(.referenceMissing, at: place, "a reference is malformed") }
            return
        }
        if redactions.contains(address) { return }
        guard let box = store.box(at: address) else {
            return log.add(.referenceMissing, at: place, "a reference leads to no box")
        }
        _ = compare(box, with: reference, algorithm: algorithm, at: place, match: nil, mismatch: .referenceMismatch)
    }
}
