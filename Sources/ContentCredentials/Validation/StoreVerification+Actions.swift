// The actions of a manifest (specification 2.4, 15.10.3.2.3).

extension StoreVerification {
    mutating func checkActions(_ read: ReadManifest, _ claim: Claim) {
        let created = firstActions(claim.created, in: read)
        let gathered = firstActions(claim.gathered, in: read)
        var beginnings = 0
        for assertion in read.assertions(of: AssertionType.actions)
        where assertion.box != nil && assertion.problem == nil && !isRedacted(assertion) {
            guard let actions = Actions(assertion.content, limits: limits) else {
                log.add(.actionMalformed, at: assertion.place, "the assertion has no list of named actions")
                continue
            }
            let isFirst = assertion.place == created || assertion.place == gathered
            if actions.items.contains(where: { Actions.beginnings.contains(Actions.name($0)) }) { beginnings += 1 }
            for (index, action) in actions.items.enumerated() {
                if Actions.beginnings.contains(Actions.name(action)), !isFirst || index > 0 {
                    log.add(.actionMalformed, at: assertion.place, "\(Actions.name(action)) is not the first action")
                }
                if read.manifest.kind == .update, !Actions.updates.contains(Actions.name(action)) {
                    log.add(
                        .updateInvalid, at: read.manifest.claimAddress, "an update manifest has an action that changes content")
                }
                check(action, at: assertion.place, in: read, claim)
            }
        }
        // Claims of version 1 come from times when neither action was required.
        let isRequired = read.manifest.kind == .standard && claim.version > 1
        if beginnings > 1 || isRequired && beginnings == 0 {
            log.add(
                .actionMalformed, at: read.manifest.claimAddress,
                "\(beginnings) actions assertions hold c2pa.created or c2pa.opened")
        }
    }

    private func firstActions(_ references: [HashedURI], in read: ReadManifest) -> String? {
        for reference in references {
            guard let address = JumbfURI(reference.url, in: read.manifest.label), let label = address.path.last else { continue }
            if AssertionType.actions.contains(AssertionType.of(label)) { return address.text }
        }
        return nil
    }

    private mutating func check(_ action: CBORValue, at place: String, in read: ReadManifest, _ claim: Claim) {
        let name = Actions.name(action)
        checkIngredients(of: action, name: name, at: place, in: read)
        switch name {
        case "c2pa.created" where claim.version > 1:
            if action["digitalSourceType"]?.untaggedText == nil {
                log.add(.actionMalformed, at: place, "c2pa.created has no digitalSourceType")
            }
        case "c2pa.translated":
            let parameters = action["parameters"]
            if parameters?["sourceLanguage"]?.text == nil || parameters?["targetLanguage"]?.text == nil {
                log.add(.actionMalformed, at: place, "c2pa.translated does not name its languages")
            }
        case "c2pa.redacted":
            let address = action["parameters"]?["redacted"]?.untaggedText.flatMap { JumbfURI($0, in: read.manifest.label) }
            guard let address, redactions.contains(address) || store.box(at: address) != nil else {
                log.add(.actionRedactionMismatch, at: place, "the redacted assertion is not named or not there")
                break
            }
        case "c2pa.watermarked", "c2pa.watermarked.bound":
            if read.assertions(of: ["c2pa.soft-binding"]).isEmpty { log.add(.actionSoftBindingMissing, at: place) }
        default: break
        }
        guard let related = action["parameters"]?["relatedAssertions"] else { return }
        let excluded = AssertionType.actions.union(AssertionType.ingredients)
        let areRight = related.array?.allSatisfy { item in
            guard let reference = HashedURI(item), let found = assertion(at: reference.url, in: read) else { return false }
            return !excluded.contains(found.type)
        }
        if related.array?.isEmpty ?? true || areRight != true {
            log.add(.actionMalformed, at: place, "relatedAssertions has a wrong entry")
        }
    }

    private mutating func checkIngredients(of action: CBORValue, name: String, at place: String, in read: ReadManifest) {
        let references = Actions.ingredients(action)
        let needed: String
        if let relationship = Actions.relationships[name] {
            needed = relationship
            guard let references, !references.isEmpty, name != "c2pa.opened" || references.count == 1 else {
                return log.add(.actionIngredientMismatch, at: place, "\(name) names no fitting ingredient")
            }
        } else if name == "c2pa.transcoded" || name == "c2pa.repackaged" {
            needed = "parentOf"
        } else {
            return
        }
        for reference in references ?? [] where mayFollow(at: place) {
            let address = reference.flatMap { JumbfURI($0.url, in: read.manifest.label) }
            let isElsewhere = name == "c2pa.removed"
            guard let address, (address.manifest != read.manifest.label) == isElsewhere,
                let owner = isElsewhere ? self.read(address.manifest) : read,
                let found = assertion(at: address.text, in: owner), AssertionType.ingredients.contains(found.type),
                found.content?["relationship"]?.text == needed
            else { return log.add(.actionIngredientMismatch, at: place, "\(name) names no ingredient that is \(needed)") }
        }
    }

    /// The declared assertion of this manifest that the reference leads to.
    func assertion(at url: String, in read: ReadManifest) -> Assertion? {
        guard let address = JumbfURI(url, in: read.manifest.label) else { return nil }
        return read.assertion(at: address)
    }
}
