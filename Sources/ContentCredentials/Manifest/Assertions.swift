/// One assertion that a claim declares.
struct Assertion: Sendable {
    let reference: HashedURI
    /// `nil` for a reference that is no JUMBF address.
    let address: JumbfURI?
    /// The box; `nil` when the address does not lead to one in the manifest's assertion store.
    let box: JumbfBox?
    /// The content of a standard assertion in CBOR.
    let content: CBORValue?
    /// Why the content cannot be read.
    let problem: String?
    /// Whether the claim lists it as created: the signer vouches for it.
    let isCreated: Bool

    var label: String { address?.path.last ?? "" }
    var type: String { AssertionType.of(label) }
    var place: String { address?.text ?? reference.url }
}

enum AssertionType {
    static let actions: Set<String> = ["c2pa.actions", "c2pa.actions.v2"]
    static let ingredients: Set<String> = ["c2pa.ingredient", "c2pa.ingredient.v2", "c2pa.ingredient.v3"]
    static let hardBindings: Set<String> = [
        "c2pa.hash.data", "c2pa.hash.boxes", "c2pa.hash.collection.data", "c2pa.hash.bmff", "c2pa.hash.bmff.v2",
        "c2pa.hash.bmff.v3",
    ]
    /// Types that must not lie outside the manifest (specification 2.4, 15.10.3.2.1).
    static let embeddedOnly = actions.union(ingredients).union(hardBindings).union([
        "c2pa.action", "c2pa.cloud-data", "c2pa.external-reference", "c2pa.hash.multi-asset",
    ])

    /// The label without the number of its instance: `c2pa.ingredient.v3` for `c2pa.ingredient.v3__2` (specification, 6.4).
    static func of(_ label: String) -> String {
        let bytes = label.utf8
        guard let last = bytes.lastIndex(where: { !(0x30...0x39 ~= $0) }), bytes[last] == 0x5f, last > bytes.startIndex else {
            return label
        }
        let before = bytes.index(before: last)
        guard bytes[before] == 0x5f, bytes.index(after: last) < bytes.endIndex, before > bytes.startIndex else { return label }
        return String(label[..<before])
    }

    static func isThumbnail(_ type: String) -> Bool {
        type.hasPrefix("c2pa.thumbnail.")
    }

    /// Listed in the report and not judged.
    static func isUnjudged(_ type: String) -> Bool {
        ["c2pa.soft-binding", "c2pa.session-keys", "c2pa.hash.multi-asset", "c2pa.alternative-content-representation"].contains(
            type)
            || type.hasPrefix("cawg.")
    }
}

/// A manifest whose claim and declared assertions were read.
struct ReadManifest: Sendable {
    let manifest: Manifest
    let claim: Claim?
    /// Why there is no claim.
    let problem: CredentialStatus?
    let assertions: [Assertion]
    private let positions: [JumbfURI: Int]

    init(manifest: Manifest, claim: Claim?, problem: CredentialStatus?, assertions: [Assertion]) {
        (self.manifest, self.claim, self.problem, self.assertions) = (manifest, claim, problem, assertions)
        let addresses = assertions.enumerated().compactMap { position, assertion in assertion.address.map { ($0, position) } }
        positions = Dictionary(addresses) { first, _ in first }
    }

    /// The declared assertion with this address, where its box is there.
    func assertion(at address: JumbfURI) -> Assertion? {
        positions[address].map { assertions[$0] }.flatMap { $0.box == nil ? nil : $0 }
    }

    func assertions(of types: Set<String>) -> [Assertion] {
        assertions.filter { types.contains($0.type) }
    }

    var hardBindings: [Assertion] { assertions(of: AssertionType.hardBindings) }
    var ingredients: [Assertion] { assertions(of: AssertionType.ingredients) }

    /// The ingredient that an update manifest continues.
    var parents: [Assertion] {
        ingredients.filter { $0.content?["relationship"]?.text == "parentOf" }
    }
}

/// Reads manifests within the shared limits of their store.
struct ManifestReader {
    let store: ManifestStore
    let limits: CredentialLimits
    private var budget: Int
    private var assertionCount = 0

    init(_ store: ManifestStore, limits: CredentialLimits) {
        self.store = store
        self.limits = limits
        budget = limits.cborItems
    }

    mutating func cbor(in range: Range<Int>) throws(MalformedData) -> CBORValue {
        try CBORReader.read(store.bytes, in: range, depthLimit: limits.cborDepth, budget: &budget)
    }

    mutating func read(_ manifest: Manifest) -> ReadManifest {
        func failed(_ code: StatusCode, _ why: String) -> ReadManifest {
            let status = CredentialStatus(code: code.rawValue, kind: code.kind, box: manifest.claimAddress, why: why)
            return ReadManifest(manifest: manifest, claim: nil, problem: status, assertions: [])
        }
        let boxes = manifest.claimBoxes
        guard boxes.count < 2 else { return failed(.claimMultiple, "the manifest has \(boxes.count) claims") }
        guard let box = boxes.first, let version = ["c2pa.claim": 1, "c2pa.claim.v2": 2][box.label ?? ""],
            box.description?.isAddressed(as: box.label ?? "") == true
        else { return failed(.claimMissing, "the manifest has no claim") }
        guard let content = box.onlyContent("cbor") else { return failed(.claimCBORInvalid, "the claim is not one box of CBOR") }
        let value: CBORValue
        do throws(MalformedData) { value = try cbor(in: content.payload) } catch {
            return failed(.claimCBORInvalid, error.reason)
        }
        do throws(MalformedData) {
            let claim = try Claim(value, version: version, content: content.payload)
            assertionCount += claim.created.count + claim.gathered.count
            guard assertionCount <= limits.assertions else {
                throw MalformedData("the store has more than \(limits.assertions) assertions")
            }
            guard version == 1 || manifest.hasURN else { throw MalformedData("the manifest's label is no URN") }
            guard !manifest.hasNestedManifest else { throw MalformedData("a manifest lies within the manifest") }
            let assertions =
                claim.created.map { read($0, of: manifest, isCreated: true) }
                + claim.gathered.map { read($0, of: manifest, isCreated: false) }
            let addresses = assertions.compactMap(\.address)
            guard Set(addresses).count == addresses.count else { throw MalformedData("the claim lists an assertion twice") }
            return ReadManifest(manifest: manifest, claim: claim, problem: nil, assertions: assertions)
        } catch {
            return failed(.claimMalformed, error.reason)
        }
    }

    private mutating func read(_ reference: HashedURI, of manifest: Manifest, isCreated: Bool) -> Assertion {
        let address = JumbfURI(reference.url, in: manifest.label)
        var box: JumbfBox?
        if let address, address.manifest == manifest.label, address.path.count == 2, address.path[0] == "c2pa.assertions",
            store.manifest(manifest.label) != nil
        {
            box = manifest.assertionStore?.child(address.path[1])
        }
        var content: CBORValue?
        var problem: String?
        if let box, box.isSuperbox("cbor") {
            do throws(MalformedData) {
                guard let part = box.onlyContent("cbor") else { throw MalformedData("the assertion is not one box of CBOR") }
                content = try cbor(in: part.payload)
            } catch {
                problem = error.reason
            }
        }
        return Assertion(
            reference: reference, address: address, box: box, content: content, problem: problem, isCreated: isCreated)
    }
}

extension JumbfBox {
    /// The content box of this kind where it is the only one beside padding.
    func onlyContent(_ kind: StaticString) -> JumbfBox? {
        let contents = children.filter { !$0.isKind("free") }
        return contents.count == 1 && contents[0].isKind(kind) ? contents[0] : nil
    }
}
