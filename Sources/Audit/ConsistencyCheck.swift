package import ArchiveModel
import SizeContract

/// Finds contradictions in deliveries: between the results of one task, between a file and its link, and between prompts and
/// bytes.
package struct ConsistencyCheck: Sendable {
    package enum Kind: String, Sendable, Encodable, CaseIterable {
        /// Results of one task with different pixel sizes.
        case differingPixels
        /// A file whose format differs from its link's extension.
        case otherEnding
        /// A file whose format differs from its Content-Type.
        case otherContentType
        /// The same bytes, delivered for different prompts.
        case sameBytes
        /// Pictures with different bytes that look alike.
        case nearDuplicates
    }

    package struct Finding: Sendable, Encodable, Hashable {
        package struct Output: Sendable, Encodable, Hashable {
            package var taskId: TaskID
            package var index: Int

            init(_ id: OutputID) {
                taskId = id.task
                index = id.index
            }
        }

        package var kind: Kind
        package var outputs: [Output]
        package var detail: String
    }

    /// Pictures with the same bytes whose prompts are known.
    private struct Sharers {
        var prompt: String
        var outputs: [OutputID]
        var isMixed = false

        mutating func add(_ id: OutputID, _ prompt: String) {
            outputs.append(id)
            if prompt != self.prompt { isMixed = true }
        }
    }

    private var findings: [Finding] = []
    private var sharers: [Digest: Sharers] = [:]
    private var task: [(id: OutputID, pixels: String)] = []
    private var looks: NearDuplicates?

    /// - Parameter near: The maximum number of the 64 bits in which the hashes of similar pictures may differ; `nil` to skip this
    ///   check.
    package init(near: Int?) { looks = near.map(NearDuplicates.init) }

    /// Adds one output. Results of the same task must be added consecutively.
    package mutating func add(_ entry: AuditEntry) {
        guard entry.state == .archived, let original = entry.original else { return }
        if let last = task.last, last.id.task != entry.id.task { endTask() }
        if let size = entry.judgement?.delivered { task.append((entry.id, "\(size)")) }
        checkNames(entry, original.format ?? "no picture")
        if let prompt = entry.request?.prompt {
            sharers[original.digest, default: Sharers(prompt: prompt, outputs: [])].add(entry.id, prompt)
        }
        if let hash = entry.perceptualHash.flatMap({ UInt64($0, radix: 16) }) {
            looks?.add(entry.id, hash: hash, digest: original.digest)
        }
    }

    /// All findings, sorted by kind.
    package mutating func finish() -> [Finding] {
        endTask()
        for (digest, known) in sharers where known.isMixed {
            let outputs = known.outputs.sorted { ($0.task.text, $0.index) < ($1.task.text, $1.index) }
            findings.append(
                Finding(
                    kind: .sameBytes, outputs: outputs.map(Finding.Output.init),
                    detail: "\(digest.hex.prefix(12)) was delivered for different prompts"))
        }
        for group in looks?.groups() ?? [] {
            findings.append(
                Finding(
                    kind: .nearDuplicates, outputs: group.map(Finding.Output.init),
                    detail: "\(group.count) pictures that look alike"))
        }
        let order = Kind.allCases
        return findings.sorted { one, other in
            let (first, second) = (order.firstIndex(of: one.kind) ?? 0, order.firstIndex(of: other.kind) ?? 0)
            guard first == second else { return first < second }
            let (name, next) = (one.outputs.first, other.outputs.first)
            return (name?.taskId.text ?? "", name?.index ?? 0) < (next?.taskId.text ?? "", next?.index ?? 0)
        }
    }

    private mutating func endTask() {
        defer { task.removeAll(keepingCapacity: true) }
        guard let first = task.first, task.contains(where: { $0.pixels != first.pixels }) else { return }
        findings.append(
            Finding(
                kind: .differingPixels, outputs: task.map { Finding.Output($0.id) },
                detail: "its results differ in pixels: " + task.map(\.pixels).joined(separator: ", ")))
    }

    private mutating func checkNames(_ entry: AuditEntry, _ format: String) {
        func found(_ kind: Kind, _ detail: String) {
            findings.append(Finding(kind: kind, outputs: [Finding.Output(entry.id)], detail: detail))
        }
        // Files that are not pictures are reported by the audit itself.
        guard entry.original?.format != nil else { return }
        if let ending = entry.linkEnding.flatMap({ Self.formats[$0] }), ending != format {
            found(.otherEnding, "its link ends in .\(entry.linkEnding ?? ""), but the file is \(format)")
        }
        if let type = entry.contentType {
            let plain = String(type.prefix { $0 != ";" }).lowercased().filter { !$0.isWhitespace }
            // A Content-Type other than an image type makes no claim that could be wrong.
            if plain.hasPrefix("image/"), Self.formats[String(plain.dropFirst(6))] != format {
                found(.otherContentType, "its Content-Type is \(plain), but the file is \(format)")
            }
        }
    }

    /// Image formats by file extension and media subtype. Formats that are not decoded here map to themselves.
    private static let formats = {
        let others = ["gif", "avif", "bmp", "tif", "tiff", "heic", "heif", "svg", "svg+xml", "jxl", "ico"].map { ($0, $0) }
        let known = [("png", "png"), ("jpg", "jpeg"), ("jpeg", "jpeg"), ("jpe", "jpeg"), ("webp", "webp")]
        return Dictionary(uniqueKeysWithValues: known + others)
    }()
}

/// Finds similar pictures by the Hamming distance of their perceptual hashes.
///
/// Two hashes that differ in at most `distance` bits agree in at least one of `distance + 1` bands of bits. So only hashes that
/// share a band are compared (Manku, Jain and Das Sarma, "Detecting near-duplicates for web crawling", 2007).
package struct NearDuplicates: Sendable {
    /// The maximum distance; beyond it, the hash no longer separates different pictures.
    package static let most = 10

    private let distance: Int
    private var pictures: [(id: OutputID, hash: UInt64, digest: Digest)] = []

    package init(distance: Int) { self.distance = distance }

    package mutating func add(_ id: OutputID, hash: UInt64, digest: Digest) { pictures.append((id, hash, digest)) }

    /// Groups in which each picture is similar to another one and not all have the same bytes; the largest group first.
    package func groups() -> [[OutputID]] {
        var byHash: [UInt64: [Int]] = [:]
        for (number, picture) in pictures.enumerated() { byHash[picture.hash, default: []].append(number) }
        let hashes = byHash.keys.sorted()
        var parents = Array(hashes.indices)
        func root(_ number: Int, _ parents: inout [Int]) -> Int {
            var number = number
            while parents[number] != number {
                parents[number] = parents[parents[number]]
                number = parents[number]
            }
            return number
        }
        for (shift, width) in bands {
            let mask = width == 64 ? UInt64.max : (1 << UInt64(width)) - 1
            var buckets: [UInt64: [Int]] = [:]
            for (number, hash) in hashes.enumerated() { buckets[(hash >> UInt64(shift)) & mask, default: []].append(number) }
            for bucket in buckets.values {
                for (place, one) in bucket.enumerated() {
                    for other in bucket[(place + 1)...] where (hashes[one] ^ hashes[other]).nonzeroBitCount <= distance {
                        let (first, second) = (root(one, &parents), root(other, &parents))
                        if first != second { parents[max(first, second)] = min(first, second) }
                    }
                }
            }
        }
        var groups: [Int: [Int]] = [:]
        for number in hashes.indices { groups[root(number, &parents), default: []] += byHash[hashes[number]] ?? [] }
        return groups.values.compactMap { members in
            guard Set(members.map { pictures[$0].digest }).count > 1 else { return nil }
            return members.map { pictures[$0].id }.sorted { ($0.task.text, $0.index) < ($1.task.text, $1.index) }
        }.sorted { one, other in
            one.count != other.count ? one.count > other.count : (one.first?.task.text ?? "") < (other.first?.task.text ?? "")
        }
    }

    /// The first bit and the width of each band.
    private var bands: [(Int, Int)] {
        let count = distance + 1
        return (0..<count).map { band in
            let (start, end) = (64 * band / count, 64 * (band + 1) / count)
            return (start, end - start)
        }
    }
}
