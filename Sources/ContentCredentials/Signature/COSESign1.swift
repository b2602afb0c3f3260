/// A COSE_Sign1_Tagged structure with detached payload (RFC 8152, 4.2; specification, 13.2).
struct COSESign1: Sendable {
    /// The encoded protected headers, as they are signed.
    let protected: ArraySlice<UInt8>
    let signature: ArraySlice<UInt8>
    let algorithm: Int64?
    private let signed: CBORValue
    private let unsigned: CBORValue

    init(_ value: CBORValue, readingHeaders read: (ArraySlice<UInt8>) throws(MalformedData) -> CBORValue) throws(MalformedData) {
        guard case .tagged(18, let content) = value, let fields = content.array, fields.count == 4 else {
            throw MalformedData("the signature is no COSE_Sign1_Tagged")
        }
        guard let protected = fields[0].bytes, fields[1].entries != nil, let signature = fields[3].bytes else {
            throw MalformedData("a field of the COSE signature has a wrong type")
        }
        guard fields[2].isNull else { throw MalformedData("the payload of the COSE signature is not nil") }
        signed = protected.isEmpty ? .map([]) : try read(protected)
        guard signed.entries != nil else { throw MalformedData("the protected headers are no map") }
        unsigned = fields[1]
        self.protected = protected
        self.signature = signature
        algorithm = signed[.unsigned(1)]?.integer
        for headers in [signed, unsigned] where !Self.hasRightTypes(headers) {
            throw MalformedData("a COSE header has a wrong type")
        }
        // Critical headers must be understood; the verifier knows these (RFC 8152, 3.1).
        let known: Set<CBORValue> = [.unsigned(1), .unsigned(2), .unsigned(33), .text("x5chain"), .text("iat")]
        guard unsigned[.unsigned(2)] == nil else { throw MalformedData("critical headers are not protected") }
        if let critical = signed[.unsigned(2)] {
            guard let labels = critical.array, !labels.isEmpty, labels.allSatisfy(known.contains) else {
                throw MalformedData("a critical header is unknown")
            }
        }
    }

    /// The types of the common headers (RFC 8152, 3.1): algorithm, content type, key identifier and initialization vectors.
    private static func hasRightTypes(_ headers: CBORValue) -> Bool {
        (headers.entries ?? []).allSatisfy { entry in
            switch entry.key {
            case .unsigned(1): entry.value.integer != nil || entry.value.text != nil
            case .unsigned(3): entry.value.text?.contains("/") ?? (entry.value.integer ?? -1 >= 0)
            case .unsigned(4...6): entry.value.bytes != nil
            default: true
            }
        }
    }

    /// A header from either bucket; the protected one comes first.
    private func header(_ label: CBORValue) -> CBORValue? {
        signed[label] ?? unsigned[label]
    }

    /// The certificates, the leaf first. Label 33 counts before `x5chain`; either may lie in one bucket, not in both (specification, 14.5).
    func chain() throws(MalformedData) -> [[UInt8]] {
        for label in [CBORValue.unsigned(33), .text("x5chain")] {
            let found = [signed[label], unsigned[label]].compactMap(\.self)
            guard found.count < 2 else { throw MalformedData("both header buckets hold certificates") }
            guard let value = found.first else { continue }
            if let single = value.bytes { return [Array(single)] }
            guard let items = value.array, !items.isEmpty, items.allSatisfy({ $0.bytes != nil }) else {
                throw MalformedData("x5chain holds no certificates")
            }
            return items.compactMap(\.bytes).map(Array.init)
        }
        throw MalformedData("the signature has no certificate")
    }

    /// The time stamps of `sigTst2`, or else those of `sigTst`, with the bytes that each must stamp (specification, 10.3.2.5).
    func timeStamps(claim: ArraySlice<UInt8>) -> [(token: [UInt8], payload: [UInt8])] {
        if unsigned["sigTst2"] != nil { return tokens("sigTst2").map { ($0, countersignature) } }
        return tokens("sigTst").map { ($0, countersigned(claim)) }
    }

    private func tokens(_ label: String) -> [[UInt8]] {
        (unsigned[label]?["tstTokens"]?.array ?? []).compactMap { $0["val"]?.bytes.map(Array.init) }
    }

    /// What a time stamp of another manifest's assertion must stamp: the payload of version 2.
    var countersignature: [UInt8] {
        countersigned((CBORWriter.head(2, signature.count) + signature)[...])
    }

    /// The stapled OCSP responses (specification, 14.5.2).
    var revocations: [[UInt8]] {
        (header(.text("rVals"))?["ocspVals"]?.array ?? []).compactMap { $0.bytes.map(Array.init) }
    }

    /// Whether all unsigned headers without meaning are padding of zeros. They are the one place of a signed file where data can change unseen.
    var hasZeroPadding: Bool {
        let known: Set<CBORValue> = [.unsigned(33), .text("x5chain"), .text("sigTst"), .text("sigTst2"), .text("rVals")]
        return (unsigned.entries ?? []).allSatisfy { entry in
            known.contains(entry.key) || entry.value.bytes?.allSatisfy { $0 == 0 } ?? false
        }
    }

    func toBeSigned(claim: ArraySlice<UInt8>) -> [UInt8] {
        structure("Signature1", payload: claim)
    }

    private func countersigned(_ payload: ArraySlice<UInt8>) -> [UInt8] {
        structure("CounterSignature", payload: payload)
    }

    /// Sig_structure of RFC 8152, 4.4, without external data.
    private func structure(_ context: String, payload: ArraySlice<UInt8>) -> [UInt8] {
        var bytes = CBORWriter.head(4, 4)
        bytes += CBORWriter.head(3, context.utf8.count) + Array(context.utf8)
        bytes += CBORWriter.head(2, protected.count) + protected
        bytes += CBORWriter.head(2, 0)
        bytes += CBORWriter.head(2, payload.count)
        bytes += payload
        return bytes
    }
}

enum CBORWriter {
    /// The shortest head of an item (RFC 8949, 4.2.1).
    static func head(_ major: UInt8, _ argument: Int) -> [UInt8] {
        let size =
            switch argument {
            case ..<24: 0
            case ..<0x100: 1
            case ..<0x1_0000: 2
            case ..<0x1_0000_0000: 4
            default: 8
            }
        guard size > 0 else { return [major << 5 | UInt8(argument)] }
        let info = UInt8(24 + size.trailingZeroBitCount)
        return [major << 5 | info] + (0..<size).reversed().map { UInt8(truncatingIfNeeded: argument >> ($0 * 8)) }
    }
}
