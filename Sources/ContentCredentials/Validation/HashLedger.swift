internal import Crypto

/// The hash algorithms of the specification's allowed list (13.1); its deprecated list is empty.
enum HashAlgorithm: String, Sendable {
    case sha256, sha384, sha512

    func digest(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        switch self {
        case .sha256: Array(SHA256.hash(data: bytes))
        case .sha384: Array(SHA384.hash(data: bytes))
        case .sha512: Array(SHA512.hash(data: bytes))
        }
    }

    /// The digest of these ranges of a file, one after the other, without a copy.
    func digest(_ file: Span<UInt8>, of ranges: [Range<Int>]) -> [UInt8] {
        switch self {
        case .sha256: Self.digest(file, of: ranges, with: SHA256())
        case .sha384: Self.digest(file, of: ranges, with: SHA384())
        case .sha512: Self.digest(file, of: ranges, with: SHA512())
        }
    }

    private static func digest(_ file: Span<UInt8>, of ranges: [Range<Int>], with function: some HashFunction) -> [UInt8] {
        var function = function
        for range in ranges where !range.isEmpty {
            unsafe file.extracting(range).withUnsafeBufferPointer {
                unsafe function.update(bufferPointer: UnsafeRawBufferPointer($0))
            }
        }
        return Array(function.finalize())
    }
}

/// Computes the hashes of boxes, each once, and stops when a store asks for more work than its size allows.
struct HashLedger {
    enum Outcome { case match, mismatch, unsupported, exhausted }

    private struct Key: Hashable {
        var range: Range<Int>
        var algorithm: HashAlgorithm
    }

    private var digests: [Key: [UInt8]] = [:]
    private var budget: Int

    init(budget: Int) {
        self.budget = budget
    }

    mutating func compare(_ box: JumbfBox, of store: ManifestStore, with hash: ArraySlice<UInt8>?, algorithm name: String?)
        -> Outcome
    {
        guard let algorithm = name.flatMap(HashAlgorithm.init) else { return .unsupported }
        let key = Key(range: box.payload, algorithm: algorithm)
        if digests[key] == nil {
            budget -= box.payload.count
            guard budget >= 0 else { return .exhausted }
            digests[key] = algorithm.digest(store.bytes[box.payload])
        }
        return hash.map { digests[key]?.elementsEqual($0) ?? false } ?? false ? .match : .mismatch
    }
}
