package import ArchiveModel
import Foundation

/// The identity of a link without its signature: host and path, or the digest of its data.
struct ResultName: Hashable {
    var text: String
    var path: String
    /// `name=value` pairs of the query.
    var parameters: Set<String> = []

    init(_ link: ResultLink) {
        let link = link.unsafeText
        if let digest = InlineData.digest(of: link) {
            (text, path) = ("sha256:" + digest, "")
            return
        }
        guard let parts = URLComponents(string: link), let host = parts.host else {
            path = String(link.prefix { $0 != "?" && $0 != "#" })
            text = path
            return
        }
        path = parts.percentEncodedPath
        // The scheme is left out, since a host may sign http and https addresses of the same file.
        text = host.lowercased() + (parts.port.map { ":\($0)" } ?? "") + path
        parameters = Set((parts.percentEncodedQuery ?? "").split(separator: "&").map(String.init))
    }
}

/// Matches freshly read results with recorded outputs.
package enum ResultMatcher {
    /// Assigns each fresh result the number of its output.
    ///
    /// Matches are tried in this order:
    /// - the same link, character by character;
    /// - the same host and path, or the same data; among several, such as `/image?id=1` and `/image?id=2`, the pairs that share most
    ///   parameters;
    /// - the same position;
    /// - the order, if equally many are left on both sides.
    ///
    /// All others get new numbers after the highest known one, in their order.
    ///
    /// - Parameter known: The recorded links by number, including those of ended outputs. Empty for an item that was not a link.
    /// - Returns: Every fresh result, by number. Known numbers that are missing are no longer named by the upstream.
    package static func match(known: [Int: ResultLink], fresh: [TaskResult]) -> [Int: TaskResult] {
        var matching = Matching(known: known, fresh: fresh)
        matching.byText()
        matching.byName()
        matching.byPosition()
        matching.byOrder()
        return matching.numbered()
    }
}

private struct Matching {
    private let known: [Int: ResultLink]
    private let fresh: [TaskResult]
    private let names: [Int: ResultName]
    private var openNumbers: Set<Int>
    private var openPositions: Set<Int>
    private var matched: [Int: Int] = [:]

    init(known: [Int: ResultLink], fresh: [TaskResult]) {
        self.known = known
        self.fresh = fresh
        names = known.filter { !$0.value.isEmpty && TaskResult(stored: $0.value).link != nil }.mapValues(ResultName.init)
        openNumbers = Set(known.keys)
        openPositions = Set(fresh.indices)
    }

    private mutating func pair(_ number: Int, _ position: Int) {
        matched[number] = position
        openNumbers.remove(number)
        openPositions.remove(position)
    }

    mutating func byText() {
        let numbers = Dictionary(known.filter { !$0.value.isEmpty }.map { ($0.value, $0.key) }, uniquingKeysWith: min)
        for position in fresh.indices {
            guard let link = fresh[position].link, let number = numbers[link], openNumbers.contains(number) else { continue }
            pair(number, position)
        }
    }

    /// For more results with the same path, only their order is used, since comparing all pairs would take too long.
    private static let mostCompared = 64

    mutating func byName() {
        var positions: [String: [(position: Int, name: ResultName)]] = [:]
        for position in openPositions.sorted() {
            guard let link = fresh[position].link else { continue }
            let name = ResultName(link)
            positions[name.text, default: []].append((position, name))
        }
        let numbers = Dictionary(grouping: openNumbers.filter { names[$0] != nil }.sorted()) { names[$0]?.text ?? "" }
        for (text, numbers) in numbers {
            guard let candidates = positions[text] else { continue }
            guard numbers.count * candidates.count <= Self.mostCompared * Self.mostCompared else {
                for (number, candidate) in zip(numbers, candidates) { pair(number, candidate.position) }
                continue
            }
            let scored = numbers.flatMap { number in
                candidates.map { candidate in
                    let shared = names[number]?.parameters.intersection(candidate.name.parameters).count ?? 0
                    return (number: number, position: candidate.position, shared: shared)
                }
            }
            // Among equal scores, prefer the closest positions.
            let order = scored.sorted {
                ($1.shared, abs($0.number - $0.position), $0.number, $0.position)
                    < ($0.shared, abs($1.number - $1.position), $1.number, $1.position)
            }
            for pairing in order where openNumbers.contains(pairing.number) && openPositions.contains(pairing.position) {
                pair(pairing.number, pairing.position)
            }
        }
    }

    mutating func byPosition() {
        for number in openNumbers.intersection(openPositions) { pair(number, number) }
    }

    mutating func byOrder() {
        guard openNumbers.count == openPositions.count else { return }
        for (number, position) in zip(openNumbers.sorted(), openPositions.sorted()) { pair(number, position) }
    }

    func numbered() -> [Int: TaskResult] {
        var result = matched.mapValues { fresh[$0] }
        var next = known.keys.max().map { $0 + 1 } ?? 0
        for position in openPositions.sorted() {
            result[next] = fresh[position]
            next += 1
        }
        return result
    }
}
