import Crypto
import Testing

@testable import ContentCredentials

/// One rule of the specification broken in an otherwise right file.
struct BrokenRule: Sendable, CustomTestStringConvertible {
    var name: String
    var code: String
    var change: @Sendable (inout TestManifest) -> Void

    var testDescription: String { name }
}

@Suite struct ManifestRuleTests {
    static let rules: [BrokenRule] = [
        .init(name: "an assertion that no claim declares", code: "assertion.undeclared") {
            $0.undeclared = superbox("cbor", "com.example", box("cbor", [0xa0]))
        },
        .init(name: "a declared assertion that is not there", code: "assertion.missing") { $0.dropped = "c2pa.actions.v2" },
        .init(name: "two assertions with one label", code: "assertion.missing") {
            $0.undeclared = superbox("cbor", "c2pa.actions.v2", box("cbor", [0xa0]))
        },
        .init(name: "an assertion of another manifest", code: "assertion.outsideManifest") {
            $0.change = { claim in
                let link = map(["url": .text("self#jumbf=/c2pa/urn:c2pa:0/c2pa.assertions/a"), "hash": .bytes([0])])
                return claim.setting("gathered_assertions", .array([link]))
            }
        },
        .init(name: "an unknown hash algorithm", code: "algorithm.unsupported") {
            $0.change = { $0.setting("alg", .text("sha1")) }
        },
        .init(name: "no hash algorithm", code: "algorithm.unsupported") { $0.change = { $0.setting("alg", nil) } },
        .init(name: "no hard binding", code: "claim.hardBindings.missing") { $0.hasBinding = false },
        .init(name: "two hard bindings", code: "assertion.multipleHardBindings") {
            $0.assertions.append(("c2pa.hash.data__1", map(["hash": .bytes([]), "pad": .bytes([])])))
        },
        .init(name: "a binding without hash", code: "assertion.dataHash.mismatch") {
            $0.changeBinding = { $0.setting("hash", nil) }
        },
        .init(name: "a binding with a negative start", code: "assertion.dataHash.malformed") {
            $0.changeBinding = { $0.setting("exclusions", .array([map(["start": .negative(0), "length": .unsigned(1)])])) }
        },
        .init(name: "a binding without padding", code: "assertion.dataHash.malformed") {
            $0.changeBinding = { $0.setting("pad", nil) }
        },
        .init(name: "a key identifier that is a number", code: "claimSignature.mismatch") { $0.headers = [(4, .unsigned(1))] },
        .init(name: "a critical header that nobody knows", code: "claimSignature.mismatch") {
            $0.critical = .array([.text("new")])
        },
        .init(name: "certificates in both buckets", code: "signingCredential.invalid") {
            $0.headers = [(33, .bytes(TestSigner.shared.leaf[...]))]
        },
        .init(name: "a payload that is not nil", code: "claimSignature.mismatch") { $0.payload = .bytes([]) },
        .init(name: "an untagged signature", code: "claimSignature.mismatch") { $0.tag = 97 },
        .init(name: "no exclusion", code: "assertion.dataHash.mismatch") { $0.changeBinding = { $0.setting("exclusions", nil) } },
        .init(name: "no created and no opened", code: "assertion.action.malformed") {
            $0.assertions[0].content = map(["actions": .array([map(["action": .text("c2pa.edited")])])])
        },
        .init(name: "created as the second action", code: "assertion.action.malformed") {
            $0.assertions[0].content = map(["actions": .array([map(["action": .text("c2pa.edited")]), TestManifest.created])])
        },
        .init(name: "created twice", code: "assertion.action.malformed") {
            $0.assertions.append(("c2pa.actions.v2__1", map(["actions": .array([TestManifest.created])])))
        },
        .init(name: "an action without name", code: "assertion.action.malformed") {
            $0.assertions[0].content = map(["actions": .array([TestManifest.created, map(["a": .unsigned(1)])])])
        },
        .init(name: "placed without ingredient", code: "assertion.action.ingredientMismatch") {
            $0.assertions[0].content = map(["actions": .array([TestManifest.created, map(["action": .text("c2pa.placed")])])])
        },
        .init(name: "redacted without address", code: "assertion.action.redactionMismatch") {
            $0.assertions[0].content = map(["actions": .array([TestManifest.created, map(["action": .text("c2pa.redacted")])])])
        },
        .init(name: "a watermark without soft binding", code: "assertion.action.softBindingMissing") {
            $0.assertions[0].content = map([
                "actions": .array([TestManifest.created, map(["action": .text("c2pa.watermarked.bound")])])
            ])
        },
        .init(name: "an icon with another hash", code: "hashedURI.mismatch") {
            let icon = map(["url": .text("self#jumbf=c2pa.assertions/c2pa.actions.v2"), "hash": .bytes([0])])
            $0.change = { $0.setting("claim_generator_info", map(["name": .text("Test"), "icon": icon])) }
        },
        .init(name: "an icon that is not there", code: "hashedURI.missing") {
            let icon = map(["url": .text("self#jumbf=c2pa.assertions/c2pa.icon"), "hash": .bytes([0])])
            $0.change = { $0.setting("claim_generator_info", map(["name": .text("Test"), "icon": icon])) }
        },
        .init(name: "a generator without name", code: "claim.malformed") {
            $0.change = { $0.setting("claim_generator_info", map([:])) }
        },
        .init(name: "no instanceID", code: "claim.malformed") { $0.change = { $0.setting("instanceID", nil) } },
        .init(name: "no assertions", code: "claim.malformed") { $0.change = { $0.setting("created_assertions", nil) } },
        .init(name: "a duplicate key in the claim", code: "claim.cbor.invalid") {
            $0.change = { .map(($0.entries ?? []) + [CBOREntry(key: .text("alg"), value: .text("sha256"))]) }
        },
        .init(name: "a signature elsewhere", code: "claimSignature.missing") {
            $0.change = { $0.setting("signature", .text("self#jumbf=c2pa.assertions/c2pa.actions.v2")) }
        },
        .init(name: "a redaction of its own assertion", code: "assertion.selfRedacted") {
            $0.change = { $0.setting("redacted_assertions", .array([.text("self#jumbf=c2pa.assertions/c2pa.actions.v2")])) }
        },
        .init(name: "an ingredient without relationship", code: "assertion.ingredient.malformed") {
            $0.assertions.append(("c2pa.ingredient.v3", map(["dc:title": .text("a")])))
        },
        .init(name: "an ingredient whose manifest is not there", code: "ingredient.manifest.missing") {
            let manifest = map(["url": .text("self#jumbf=/c2pa/urn:c2pa:0"), "hash": .bytes([0])])
            let content = map(["relationship": .text("componentOf"), "activeManifest": manifest, "validationResults": map([:])])
            $0.assertions.append(("c2pa.ingredient.v3", content))
        },
        .init(name: "two parents", code: "manifest.multipleParents") {
            $0.assertions.append(("c2pa.ingredient.v3", map(["relationship": .text("parentOf")])))
            $0.assertions.append(("c2pa.ingredient.v3__1", map(["relationship": .text("parentOf")])))
        },
        .init(name: "a binding in a cloud data assertion", code: "assertion.cloud-data.hardBinding") {
            $0.assertions.append(
                ("c2pa.cloud-data", map(["label": .text("c2pa.hash.data"), "size": .unsigned(1), "location": map([:])])))
        },
        .init(name: "an empty time-stamp assertion", code: "assertion.timestamp.malformed") {
            $0.assertions.append(("c2pa.time-stamp", map([:])))
        },
    ]

    @Test(arguments: rules)
    func aBrokenRuleMakesTheFileInvalid(rule: BrokenRule) throws {
        var manifest = TestManifest()
        rule.change(&manifest)
        let report = try TestFile(manifest).report()
        #expect(report.state == .invalid && report.codes(.failure).contains(rule.code), "\(report.codes(.failure))")
    }

    @Test func theNearestAlgorithmCounts() throws {
        var manifest = TestManifest()
        manifest.change = { claim in
            let links = (claim["created_assertions"]?.array ?? []).map { $0.setting("alg", .text("sha256")) }
            return claim.setting("created_assertions", .array(links)).setting("alg", .text("sha512"))
        }
        #expect(try TestFile(manifest).report().state == .trusted)
    }

    @Test func softBindingsAndIdentitiesAreListed() throws {
        var manifest = TestManifest()
        manifest.assertions += [("c2pa.soft-binding", map(["alg": .text("x")])), ("cawg.identity", map(["pad1": .bytes([])]))]
        let report = try TestFile(manifest).report()
        #expect(report.state == .trusted && report.unjudged == ["c2pa.soft-binding", "cawg.identity"])
    }

    // MARK: Ingredients and updates

    static let parentLabel = "urn:c2pa:99999999-2222-4333-8444-555555555555"

    /// A file with a parent and a manifest that continues it. `change` sees the parent's bytes after the ingredient's hash was taken.
    static func continued(
        type: String, results: CBORValue = map([:]), actions: CBORValue? = nil, redacted: String? = nil,
        change: ([UInt8]) -> [UInt8] = { $0 }
    ) -> TestFile {
        TestFile { binding in
            var parent = TestManifest(label: parentLabel)
            parent.assertions.append(("com.example.note", map(["text": .text("secret")])))
            let bytes = parent.encoded(binding)
            var active = TestManifest(type: type, assertions: [], hasBinding: type == "c2ma")
            let address = "self#jumbf=/c2pa/\(parentLabel)"
            let signature = bytes.lastRange(of: Array("c2pa.signature".utf8)).map { Array(bytes[($0.lowerBound - 25)...]) } ?? []
            active.assertions.append(
                (
                    "c2pa.ingredient.v3",
                    map([
                        "relationship": .text("parentOf"), "validationResults": results,
                        "activeManifest": map([
                            "url": .text(address), "hash": .bytes(Array(SHA256.hash(data: bytes.dropFirst(8)))[...]),
                        ]),
                        "claimSignature": map([
                            "url": .text(address + "/c2pa.signature"), "hash": .bytes(Array(SHA256.hash(data: signature))[...]),
                        ]),
                    ])
                ))
            if let actions { active.assertions.append(("c2pa.actions.v2", actions)) }
            if type == "c2ma" {
                let box = superbox("cbor", "c2pa.ingredient.v3", box("cbor", encode(active.assertions[0].content)))
                let link = map([
                    "url": .text("self#jumbf=c2pa.assertions/c2pa.ingredient.v3"),
                    "hash": .bytes(Array(SHA256.hash(data: box.dropFirst(8)))[...]),
                ])
                let opened = map(["action": .text("c2pa.opened"), "parameters": map(["ingredients": .array([link])])])
                active.assertions.append(("c2pa.actions.v2", map(["actions": .array([opened])])))
            }
            if let redacted {
                active.change = { $0.setting("redacted_assertions", .array([.text(address + "/c2pa.assertions/" + redacted)])) }
            }
            return superbox("c2pa", "c2pa", change(bytes), active.encoded(binding))
        }
    }

    @Test(arguments: ["c2ma", "c2um"])
    func aFileWithAParentIsTrusted(type: String) throws {
        let report = try Self.continued(type: type).report()
        #expect(report.state == .trusted, "\(report.codes)")
        #expect(report.codes(.success).contains("ingredient.manifest.validated"))
        #expect(report.ingredients.first?.manifest == Self.parentLabel)
    }

    @Test(arguments: ["c2ma", "c2um"])
    func aChangedParentIsAMismatch(type: String) throws {
        let report = try Self.continued(type: type) { bytes in
            var bytes = bytes
            bytes[bytes.count - 300] ^= 1
            return bytes
        }.report()
        #expect(report.state == .invalid && report.codes(.failure).contains("ingredient.manifest.mismatch"))
    }

    @Test func anUpdateMayNotChangeContent() throws {
        let actions = map(["actions": .array([map(["action": .text("c2pa.resized")])])])
        #expect(try Self.continued(type: "c2um", actions: actions).report().codes(.failure) == ["manifest.update.invalid"])
        let published = map(["actions": .array([map(["action": .text("c2pa.published")])])])
        #expect(try Self.continued(type: "c2um", actions: published).report().state == .trusted)
    }

    /// Redaction leaves the box and blanks its content.
    static func blanked(_ bytes: [UInt8]) -> [UInt8] {
        let content = encode(map(["text": .text("secret")]))
        guard let range = bytes.lastRange(of: content) else { return bytes }
        var bytes = bytes
        bytes.replaceSubrange(range, with: [UInt8](repeating: 0, count: content.count))
        return bytes
    }

    @Test func aRedactedParentHoldsByItsSignature() throws {
        let report = try Self.continued(type: "c2um", redacted: "com.example.note", change: Self.blanked).report()
        #expect(report.state == .trusted, "\(report.codes)")
        #expect(report.codes(.success).contains("ingredient.claimSignature.validated"))
    }

    @Test func whatIsStillThereIsNotRedacted() throws {
        #expect(
            try Self.continued(type: "c2um", redacted: "com.example.note").report().codes(.failure) == ["assertion.notRedacted"])
    }

    @Test func actionsAndBindingsCannotBeRedacted() throws {
        #expect(
            try Self.continued(type: "c2um", redacted: "c2pa.actions.v2").report().codes(.failure).contains(
                "assertion.action.redacted"))
        #expect(
            try Self.continued(type: "c2um", redacted: "c2pa.hash.data").report().codes(.failure).contains(
                "assertion.hardBinding.redacted"))
    }

    @Test func anIngredientThatNamesItselfEnds() throws {
        var manifest = TestManifest()
        let own = map(["url": .text("self#jumbf=/c2pa/\(manifest.label)"), "hash": .bytes([0])])
        let content = map(["relationship": .text("componentOf"), "activeManifest": own, "validationResults": map([:])])
        manifest.assertions.append(("c2pa.ingredient.v3", content))
        #expect(try TestFile(manifest).report().codes(.failure) == ["ingredient.manifest.mismatch"])
    }
}
