import ArchiveModel
import Catalog
import Foundation
import GenerationAPI

/// Gives the results of a reading their numbers. A result keeps its number when a later reading names it at another place.
enum ResultNumbers {
    /// What a link names: all of it but its query, which is a signature and changes with each reading.
    static func name(of link: String) -> String { Redactor()(link) }

    /// - Parameter known: The names of the results that are on record, by number.
    static func assign(_ snapshot: TaskSnapshot, known: [Int: String]) -> [NamedResult] {
        assign(snapshot.links.map { NamedResult(index: 0, link: $0, name: name(of: $0)) }, known: known)
    }

    static func assign(_ fresh: [NamedResult], known: [Int: String]) -> [NamedResult] {
        var numberOf: [String: [Int]] = [:]
        for (number, name) in known.sorted(by: { $0.key > $1.key }) { numberOf[name, default: []].append(number) }
        var numbers = [Int?](repeating: nil, count: fresh.count)
        var taken: Set<Int> = []
        for (place, result) in fresh.enumerated() {
            guard let name = result.name, let number = numberOf[name]?.popLast() else { continue }
            numbers[place] = number
            taken.insert(number)
        }
        // The others keep their place, unless that number is another result's.
        for place in fresh.indices where numbers[place] == nil && !taken.contains(place) {
            numbers[place] = place
            taken.insert(place)
        }
        var next = (Array(known.keys) + fresh.indices).max().map { $0 + 1 } ?? 0
        for place in fresh.indices where numbers[place] == nil {
            numbers[place] = next
            next += 1
        }
        return zip(fresh, numbers).map { result, number in
            var result = result
            result.index = number ?? 0
            return result
        }.sorted { $0.index < $1.index }
    }
}
