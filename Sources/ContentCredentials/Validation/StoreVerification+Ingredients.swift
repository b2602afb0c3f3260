// The manifests of ingredients (specification 2.4, 15.11.3.3).

extension StoreVerification {
    /// Collects the ingredient manifests and redactions of the whole lineage, depth first.
    mutating func collectLineage(of read: ReadManifest, visited: inout Set<String>, depth: Int = 0) {
        guard visited.insert(read.manifest.label).inserted, let claim = read.claim else { return }
        guard depth < limits.ingredientDepth else {
            return log.add(
                .generalError, at: read.manifest.claimAddress, "ingredients nest deeper than \(limits.ingredientDepth)")
        }
        for text in claim.redacted {
            guard let address = JumbfURI(text, in: read.manifest.label), address.manifest != read.manifest.label else { continue }
            redactions.insert(address)
        }
        for assertion in read.ingredients {
            guard let box = assertion.box, !store.isBlank(box), isIntact(box, assertion, claim) else { continue }
            let ingredient = Ingredient(assertion, in: read.manifest.label, limits: limits)
            guard let manifest = ingredient.manifest else {
                if ingredient.relationship != "inputTo", depth == 0 { log.add(.ingredientUnknownProvenance, at: assertion.place) }
                continue
            }
            let target = JumbfURI(manifest.url, in: read.manifest.label)
            let label = target?.path.isEmpty == true ? target?.manifest ?? "" : ""
            record(ingredient.recorded, of: label, depth: 0)
            lineage.append(
                .init(owner: read, place: assertion.place, manifest: manifest, signature: ingredient.signature, target: label))
            if let next = self.read(label), next.manifest.kind != .compressed {
                collectLineage(of: next, visited: &visited, depth: depth + 1)
            }
        }
    }

    private mutating func isIntact(_ box: JumbfBox, _ assertion: Assertion, _ claim: Claim) -> Bool {
        let algorithm = assertion.reference.algorithm ?? claim.algorithm
        return ledger.compare(box, of: store, with: assertion.reference.hash, algorithm: algorithm) == .match
    }

    mutating func checkLineage() {
        let redacted = Set(redactions.map(\.manifest))
        for link in lineage {
            let algorithm = link.owner.claim?.algorithm
            guard let manifest = store.manifest(link.target) else {
                log.add(.ingredientManifestMissing, at: link.place, "the ingredient's manifest is not in the store")
                continue
            }
            if manifest.kind == .timeStamp { continue }
            if manifest.kind == .compressed {
                log.add(.compressedManifest, at: link.place, "the ingredient's manifest is compressed, not read")
            }
            if redacted.contains(link.target) {
                checkSignatureHash(link, algorithm: algorithm)
            } else {
                _ = compare(
                    manifest.box, with: link.manifest, algorithm: algorithm, at: link.place, match: .ingredientManifestValidated,
                    mismatch: .ingredientManifestMismatch)
            }
            if manifest.kind != .compressed { checkIngredient(read(manifest), isRedacted: redacted.contains(link.target)) }
        }
    }

    private mutating func record(_ value: CBORValue?, of label: String, depth: Int) {
        guard let value, depth < limits.cborDepth else { return }
        if let code = value["code"]?.text, let url = value["url"]?.untaggedText, let address = JumbfURI(url, in: label) {
            recorded.insert(RecordedStatus(code: code, box: address.text))
        }
        for child in value.array ?? value.entries?.map(\.value) ?? [] { record(child, of: label, depth: depth + 1) }
    }

    /// Checks an ingredient's manifest as a whole. Statuses that the claim generator recorded are known already and do not count again
    /// (specification 2.4, 15.11.3.3).
    ///
    /// The hash of the whole manifest already shows that the ingredient is as the claim generator found it. A certificate that has ended since
    /// then leaves the picture valid, but no longer trusted.
    private mutating func checkIngredient(_ read: ReadManifest, isRedacted: Bool) {
        let outer = log
        log = StatusLog(limit: limits.statuses)
        checkWhole(read)
        let found = log.statuses
        log = outer
        for status in found where !recorded.contains(RecordedStatus(code: status.code, box: status.box ?? "")) {
            let isOfTime = !isRedacted && status.code == "claimSignature.outsideValidity"
            if isOfTime || status.code == "signingCredential.untrusted" { hasUntrustedIngredient = true }
            log.add(status, counts: !isOfTime)
        }
    }

    /// A redacted manifest has another hash; its claim signature still holds (specification 2.4, 15.11.3.3.1).
    private mutating func checkSignatureHash(_ link: IngredientLink, algorithm: String?) {
        guard let reference = link.signature, let address = JumbfURI(reference.url, in: link.owner.manifest.label),
            address == JumbfURI(manifest: link.target, path: ["c2pa.signature"]), let box = store.box(at: address)
        else { return log.add(.ingredientSignatureMissing, at: link.place, "the ingredient names no claim signature") }
        _ = compare(
            box, with: reference, algorithm: algorithm, at: link.place, match: .ingredientSignatureValidated,
            mismatch: .ingredientSignatureMismatch)
    }

    /// Checks signature and assertions of a manifest that is not active, once.
    mutating func checkWhole(_ read: ReadManifest) {
        guard checked.insert(read.manifest.label).inserted else { return }
        guard checked.count <= limits.signatures else {
            return log.add(
                .generalError, at: read.manifest.claimAddress,
                "the store has more than \(limits.signatures) manifests of ingredients")
        }
        guard let claim = read.claim else {
            if let problem = read.problem { log.add(problem) }
            return
        }
        _ = checkSignature(read, claim)
        checkAssertions(read, claim)
    }

    /// The manifest whose hard binding counts: the active one, or the first standard one behind update manifests (specification 2.4, 15.12).
    ///
    /// Manifests behind an update are checked as a whole, because the picture's binding rests on them.
    mutating func bindingManifest(of active: ReadManifest) -> ReadManifest? {
        var current = active
        var visited: Set<String> = []
        while current.manifest.kind == .update {
            guard visited.insert(current.manifest.label).inserted, let parent = current.parents.first,
                let reference = Ingredient(parent, in: current.manifest.label, limits: limits).manifest,
                let address = JumbfURI(reference.url, in: current.manifest.label), let next = read(address.manifest)
            else { return nil }
            checkWhole(next)
            if log.statuses.contains(where: {
                $0.code == "signingCredential.untrusted" && $0.box == next.manifest.address("c2pa.signature")
            }) {
                hasUntrustedIngredient = true
            }
            current = next
        }
        return current.manifest.kind == .standard ? current : nil
    }
}
