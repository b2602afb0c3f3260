/// The content of an ingredient assertion, of versions 1 to 3 (specification 2.4, 18.16).
struct Ingredient: Sendable {
    static let relationships: Set<String> = ["parentOf", "componentOf", "inputTo"]

    let relationship: String?
    let manifest: HashedURI?
    let signature: HashedURI?
    let facts: IngredientFacts
    /// The statuses that the claim generator found in the ingredient's manifest, which lie in `validationResults` or `validationStatus`.
    let recorded: CBORValue?
    /// Why the assertion is malformed (specification 2.4, 15.11.3.2 and 15.11.3.3).
    let problem: String?

    init(_ assertion: Assertion, in label: String, limits: CredentialLimits) {
        let content = assertion.content
        let isThird = assertion.type == "c2pa.ingredient.v3"
        let named = content?[isThird ? "activeManifest" : "c2pa_manifest"]
        let manifest = HashedURI(named)
        relationship = content?["relationship"]?.text
        self.manifest = manifest
        signature = HashedURI(content?["claimSignature"])
        recorded = content?["validationResults"] ?? content?["validationStatus"]
        let shown = { (text: String?) in text.map { String($0.prefix(limits.textCharacters)) } }
        facts = IngredientFacts(
            title: shown(content?["dc:title"]?.text), format: shown(content?["dc:format"]?.text),
            relationship: shown(relationship),
            manifest: manifest.flatMap { shown(JumbfURI($0.url, in: label)?.manifest) })
        let isKnown = relationship.map(Self.relationships.contains) ?? false
        problem =
            if content?.entries == nil {
                "the assertion is no map"
            } else if !isKnown {
                "the relationship is none of \(Self.relationships.sorted().joined(separator: ", "))"
            } else if named != nil, manifest == nil {
                "the reference to the manifest has no url"
            } else if isThird, named != nil, content?["digitalSourceType"] != nil {
                "it has both activeManifest and digitalSourceType"
            } else if isThird, named != nil, content?["validationResults"] == nil {
                "it has activeManifest without validationResults"
            } else {
                nil
            }
    }
}
