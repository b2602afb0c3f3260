/// The boxes of a manifest store (specification, 11.1.4.2).
struct ManifestStore: Sendable {
    let bytes: [UInt8]
    let root: JumbfBox
    /// In the order of the store. The last one is active (specification, 15.5.1).
    let manifests: [Manifest]

    init(_ bytes: [UInt8], limits: CredentialLimits) throws(MalformedData) {
        let root = try JumbfReader.read(bytes, limits: limits)
        guard root.isSuperbox("c2pa"), root.description?.isAddressed(as: "c2pa") == true else {
            throw MalformedData("the superbox is no C2PA manifest store")
        }
        let manifests = root.children.compactMap(Manifest.init)
        guard manifests.count <= limits.manifests else {
            throw MalformedData("the store has more than \(limits.manifests) manifests")
        }
        (self.bytes, self.root, self.manifests) = (bytes, root, manifests)
    }

    /// The manifest with this label; `nil` when two of them bear it.
    func manifest(_ label: String) -> Manifest? {
        guard let box = root.child(label) else { return nil }
        return Manifest(box)
    }

    func box(at address: JumbfURI) -> JumbfBox? {
        guard let manifest = manifest(address.manifest) else { return nil }
        var box = manifest.box
        for label in address.path {
            guard let child = box.child(label) else { return nil }
            box = child
        }
        return box
    }

    /// Whether the box holds nothing but padding: the boxes after its description have only zeros, as redaction leaves them.
    func isBlank(_ box: JumbfBox) -> Bool {
        guard let contents = try? JumbfReader.flatBoxes(bytes, in: box.payload).dropFirst() else { return false }
        return contents.allSatisfy { bytes[$0.payload].allSatisfy { $0 == 0 } }
    }

    /// Whether only padding boxes follow the store in its carrier (specification, 15.12.1.1).
    func hasOnlyPermittedContent() -> Bool {
        guard let tail = try? JumbfReader.flatBoxes(bytes, in: root.range.upperBound..<bytes.count) else { return false }
        return tail.allSatisfy(Self.isPadding)
    }

    /// Whether all padding boxes hold only zeros. Most of them are in no hash.
    func hasZeroPadding() -> Bool {
        let tail = (try? JumbfReader.flatBoxes(bytes, in: root.range.upperBound..<bytes.count)) ?? []
        return tail.allSatisfy(isZero) && hasZeroPadding(in: root)
    }

    private func hasZeroPadding(in box: JumbfBox) -> Bool {
        box.children.allSatisfy { Self.isPadding($0) ? isZero($0) : hasZeroPadding(in: $0) }
    }

    private static func isPadding(_ box: JumbfBox) -> Bool {
        box.isKind("free") || box.isKind("skip")
    }

    private func isZero(_ box: JumbfBox) -> Bool {
        bytes[box.payload].allSatisfy { $0 == 0 }
    }
}

/// A manifest superbox (specification, 11.2).
struct Manifest: Sendable {
    enum Kind: Sendable { case standard, update, compressed, timeStamp }

    let label: String
    let kind: Kind
    let box: JumbfBox

    init?(_ box: JumbfBox) {
        if box.isSuperbox("c2ma") || box.isSuperbox("c2md") {
            kind = .standard
        } else if box.isSuperbox("c2um") {
            kind = .update
        } else if box.isSuperbox("c2cm") {
            kind = .compressed
        } else if box.isSuperbox("c2tm") {
            kind = .timeStamp
        } else {
            return nil
        }
        label = box.label ?? ""
        self.box = box
    }

    func address(_ path: String...) -> String {
        JumbfURI(manifest: label, path: path).text
    }

    /// The place of statuses that concern the claim.
    var claimAddress: String {
        address(claimBoxes.first?.label ?? "c2pa.claim.v2")
    }

    /// Whether the label is a URN, of C2PA or of the older form with a bare UUID (specification, 8.1).
    var hasURN: Bool {
        let parts = label.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count >= 3 && parts[0] == "urn" && (parts[1] == "c2pa" || parts[1] == "uuid") && !parts[2].isEmpty
    }

    /// Whether a manifest or store lies within the manifest. Only boxes of foreign types may (specification, 11.1.4.2).
    var hasNestedManifest: Bool {
        let types: [StaticString] = ["c2pa", "c2ma", "c2md", "c2um", "c2cm", "c2tm"]
        return box.children.contains { child in types.contains { child.isSuperbox($0) } }
    }

    var claimBoxes: [JumbfBox] {
        box.children.filter { $0.isSuperbox("c2cl") }
    }

    var assertionStore: JumbfBox? {
        guard let store = box.child("c2pa.assertions"), store.isSuperbox("c2as") else { return nil }
        return store
    }
}
