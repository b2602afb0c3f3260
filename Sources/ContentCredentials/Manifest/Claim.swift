/// The claim of a manifest, of version 1 (`c2pa.claim`) or 2 (`c2pa.claim.v2`) (specification, 10.2).
struct Claim: Sendable {
    let version: Int
    /// The encoded claim: the payload of the signature.
    let content: Range<Int>
    let signature: String
    /// Version 1 has only these.
    let created: [HashedURI]
    let gathered: [HashedURI]
    let redacted: [String]
    let algorithm: String?
    let generator: CBORValue?
    let generatorText: String?
    let title: String?

    init(_ value: CBORValue, version: Int, content: Range<Int>) throws(MalformedData) {
        guard value.entries != nil else { throw MalformedData("the claim is no map") }
        self.version = version
        self.content = content
        guard let signature = value["signature"]?.untaggedText else { throw MalformedData("the claim names no signature") }
        self.signature = signature
        guard value["instanceID"]?.untaggedText != nil else { throw MalformedData("the claim has no instanceID") }
        if version == 1 {
            guard value["claim_generator"]?.text != nil, value["dc:format"]?.text != nil else {
                throw MalformedData("the claim has no claim_generator or no dc:format")
            }
            created = try Self.references(value["assertions"], named: "assertions")
            gathered = []
            generator = value["claim_generator_info"]?.array?.first ?? value["claim_generator_info"]
        } else {
            created = try Self.references(value["created_assertions"], named: "created_assertions")
            gathered =
                try value["gathered_assertions"].map { value throws(MalformedData) in
                    try Self.references(value, named: "gathered_assertions")
                } ?? []
            generator = value["claim_generator_info"]
            guard generator?["name"]?.text != nil else { throw MalformedData("claim_generator_info has no name") }
        }
        redacted = try Self.texts(value["redacted_assertions"])
        guard redacted.count <= CredentialLimits().redactions else {
            throw MalformedData("the claim redacts too many assertions")
        }
        if let named = value["alg"] {
            guard let name = named.text else { throw MalformedData("alg is no text") }
            algorithm = name
        } else {
            algorithm = nil
        }
        generatorText = value["claim_generator"]?.text
        title = value["dc:title"]?.text
    }

    private static func references(_ value: CBORValue?, named name: String) throws(MalformedData) -> [HashedURI] {
        guard let items = value?.array, !items.isEmpty || name == "gathered_assertions" else {
            throw MalformedData("\(name) is no list")
        }
        var references: [HashedURI] = []
        for item in items {
            guard let reference = HashedURI(item) else { throw MalformedData("\(name) has an entry without url") }
            references.append(reference)
        }
        return references
    }

    private static func texts(_ value: CBORValue?) throws(MalformedData) -> [String] {
        guard let value else { return [] }
        guard let items = value.array else { throw MalformedData("redacted_assertions is no list") }
        var texts: [String] = []
        for item in items {
            guard let text = item.untaggedText else { throw MalformedData("redacted_assertions has an entry that is no text") }
            texts.append(text)
        }
        return texts
    }
}

/// A reference to a box with the hash of its content (specification, 8.4.2.1).
struct HashedURI: Sendable, Hashable {
    var url: String
    var hash: ArraySlice<UInt8>?
    var algorithm: String?

    init?(_ value: CBORValue?) {
        guard let value, let url = value["url"]?.untaggedText else { return nil }
        self.url = url
        hash = value["hash"]?.bytes
        algorithm = value["alg"]?.text
    }
}

extension ClaimFacts {
    init(_ claim: Claim, label: String, limits: CredentialLimits) {
        let shown = { (text: String?) in text.map { String($0.prefix(limits.textCharacters)) } }
        self.init(
            label: label, version: claim.version, generatorName: shown(claim.generator?["name"]?.text ?? claim.generatorText),
            generatorVersion: shown(claim.generator?["version"]?.text), specVersion: shown(claim.generator?["specVersion"]?.text),
            title: shown(claim.title))
    }
}
