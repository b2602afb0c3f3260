/// Compares a file with the hard binding of its manifest (specification 2.4, 15.12).
struct HardBinding {
    let location: CredentialsLocation
    let store: ManifestStore
    /// The algorithm that the claim names.
    let claimAlgorithm: String?
    /// Whether update manifests follow the one with the binding: then the store may have grown in its place.
    let hasUpdates: Bool
    let limits: CredentialLimits

    struct Finding {
        var code: StatusCode
        var why: String?
    }

    /// The bytes that the store occupies with all of its carrier; `nil` where foreign bytes lie between two carriers.
    var carrier: Range<Int>? {
        guard let first = location.units.first, let last = location.units.last else { return nil }
        for (unit, next) in zip(location.units, location.units.dropFirst()) where unit.upperBound != next.lowerBound {
            return nil
        }
        return first.lowerBound..<last.upperBound
    }

    /// - Returns: The findings; the file is whole where none is a failure.
    func check(_ type: String, _ content: CBORValue, of file: Span<UInt8>) -> [Finding] {
        switch type {
        case "c2pa.hash.data": checkData(content, of: file)
        case "c2pa.hash.boxes": checkBoxes(content, of: file)
        default: [Finding(code: .generalError, why: "the hard binding \(type) is not read for this kind of file")]
        }
    }

    private func checkData(_ content: CBORValue, of file: Span<UInt8>) -> [Finding] {
        guard content.entries != nil, let parsed = exclusions(content["exclusions"]) else {
            return [
                Finding(
                    code: .dataHashMalformed,
                    why: "the exclusions are not in order, not numbers, or more than \(limits.exclusions)")
            ]
        }
        guard let algorithm = (content["alg"].map(\.text) ?? claimAlgorithm).flatMap(HashAlgorithm.init) else {
            return [Finding(code: .algorithmUnsupported, why: "the data hash names no allowed algorithm")]
        }
        guard content["pad"]?.bytes != nil else { return [Finding(code: .dataHashMalformed, why: "the data hash has no pad")] }
        guard let hash = content["hash"]?.bytes else { return mismatch("the data hash has no hash") }
        guard let carrier else { return mismatch("foreign bytes lie between the parts of the store") }
        var ranges = parsed
        if hasUpdates { grow(&ranges, to: carrier) }
        guard ranges.allSatisfy({ $0.upperBound <= file.count }) else { return mismatch("an exclusion ends after the file") }
        guard let own = ranges.firstIndex(where: { isCarrier($0, of: file) }) else {
            return mismatch("no exclusion covers exactly the manifest store")
        }
        guard store.hasOnlyPermittedContent() else { return mismatch("the exclusion holds more than the manifest store") }
        var findings: [Finding] = []
        for (index, range) in ranges.enumerated() where index != own {
            findings.append(
                Finding(
                    code: .dataHashAdditionalExclusions, why: "bytes \(range.lowerBound) to \(range.upperBound) are not hashed"))
            if reachesPicture(range) {
                findings.append(Finding(code: .pictureDataExcluded, why: "an exclusion reaches into the picture's data"))
            }
        }
        var hashed: [Range<Int>] = []
        var position = 0
        for range in ranges {
            hashed.append(position..<range.lowerBound)
            position = range.upperBound
        }
        hashed.append(position..<file.count)
        guard algorithm.digest(file, of: hashed).elementsEqual(hash) else {
            return findings + mismatch("the file's bytes have another hash")
        }
        return findings + [Finding(code: .dataHashMatch, why: nil)]
    }

    private func mismatch(_ why: String) -> [Finding] {
        [Finding(code: .dataHashMismatch, why: why)]
    }

    /// The exclusions, in their order and without overlap; `nil` where they are not.
    private func exclusions(_ value: CBORValue?) -> [Range<Int>]? {
        guard let value else { return [] }
        guard let items = value.array, items.count <= limits.exclusions else { return nil }
        var ranges: [Range<Int>] = []
        for item in items {
            guard case .unsigned(let start)? = item["start"], case .unsigned(let length)? = item["length"] else { return nil }
            // Numbers beyond every file are cut; the range then ends after the file.
            let most = UInt64(Int.max / 4)
            let range = Int(min(start, most))..<Int(min(start, most)) + Int(min(length, most))
            guard ranges.last.map({ $0.upperBound <= range.lowerBound }) ?? true else { return nil }
            ranges.append(range)
        }
        return ranges
    }

    /// Update manifests make the store longer; what follows moves (specification 2.4, 15.12.1.1).
    private func grow(_ ranges: inout [Range<Int>], to carrier: Range<Int>) {
        guard let own = ranges.firstIndex(where: { $0.lowerBound == carrier.lowerBound }) else { return }
        let shift = carrier.count - ranges[own].count
        ranges[own] = carrier
        for index in ranges.indices.dropFirst(own + 1) where ranges[index].lowerBound + shift >= carrier.upperBound {
            ranges[index] = ranges[index].lowerBound + shift..<ranges[index].upperBound + shift
        }
    }

    /// Whether the exclusion is the carrier and nothing else. RIFF's padding byte may be hashed or not.
    private func isCarrier(_ range: Range<Int>, of file: Span<UInt8>) -> Bool {
        guard let carrier, let end = location.payloads.last?.upperBound else { return false }
        let isPadded = carrier.upperBound - end == 1
        if range == carrier { return !isPadded || file[end] == 0 }
        return isPadded && range == carrier.lowerBound..<end
    }

    func reachesPicture(_ range: Range<Int>) -> Bool {
        location.pictureData.contains { $0.overlaps(range) }
    }
}
