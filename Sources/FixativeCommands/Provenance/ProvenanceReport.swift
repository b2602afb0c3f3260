import ArchiveModel
import ArgumentParser
import Catalog
import Foundation

/// What a report sums up by.
enum ProvenanceGrouping: String, CaseIterable, ExpressibleByArgument {
    case signer, generator, agent, state, day
}

/// One line of a report: how many pictures, in which states, and from when to when they were signed.
struct ProvenanceGroup: Encodable, Equatable {
    var group: String
    var pictures = 0
    var trusted = 0
    var valid = 0
    var invalid = 0
    var unreadable = 0
    var unsigned = 0
    var unchecked = 0
    var firstSignedAt: Date?
    var lastSignedAt: Date?
    /// When the first of them turns invalid.
    var turnsInvalidAt: Date?

    init(_ group: String) { self.group = group }

    mutating func add(_ row: CredentialRow) {
        pictures += 1
        switch row.state {
        case .trusted: trusted += 1
        case .valid: valid += 1
        case .invalid: invalid += 1
        case .unreadable: unreadable += 1
        case .absent: unsigned += 1
        case nil: unchecked += 1
        }
        // The times and names of a manifest that is not valid prove nothing.
        guard row.state?.isValidOrBetter == true else { return }
        firstSignedAt = [firstSignedAt, row.signedAt].compactMap { $0 }.min()
        lastSignedAt = [lastSignedAt, row.signedAt].compactMap { $0 }.max()
        turnsInvalidAt = [turnsInvalidAt, row.turnsInvalidAt].compactMap { $0 }.min()
    }
}

/// The credentials of an archive, summed up.
struct ProvenanceReport {
    let grouping: ProvenanceGrouping
    private var byName: [String: ProvenanceGroup] = [:]

    init(_ grouping: ProvenanceGrouping) { self.grouping = grouping }

    mutating func add(_ row: CredentialRow) {
        let name = name(of: row)
        byName[name, default: ProvenanceGroup(name)].add(row)
    }

    /// The largest group first; days in their order.
    var groups: [ProvenanceGroup] {
        byName.values.sorted {
            grouping == .day || $0.pictures == $1.pictures ? $0.group < $1.group : $0.pictures > $1.pictures
        }
    }

    private func name(of row: CredentialRow) -> String {
        switch grouping {
        case .day: return row.createdAt.map { String($0.iso8601.prefix(10)) } ?? "-"
        case .state: return row.state?.rawValue ?? "unchecked"
        case .signer, .generator, .agent: break
        }
        guard let state = row.state else { return "(unchecked)" }
        // Such a manifest may name anyone.
        guard state.isValidOrBetter else { return "(\(state.rawValue))" }
        let name = [.signer: row.signer, .generator: row.generator, .agent: row.agent][grouping] ?? nil
        return name ?? "(not named)"
    }

    static func table(_ groups: [ProvenanceGroup], _ grouping: ProvenanceGrouping) -> Table {
        var table = Table(columns: [
            .init(grouping.rawValue.uppercased(), limit: 60), .init("PICTURES", .right), .init("TRUSTED", .right),
            .init("VALID", .right), .init("INVALID", .right), .init("UNREADABLE", .right), .init("UNSIGNED", .right),
            .init("UNCHECKED", .right), .init("SIGNED FROM"), .init("SIGNED TO"), .init("TURNS INVALID"),
        ])
        table.rows = groups.map { group in
            let counts = [
                group.pictures, group.trusted, group.valid, group.invalid, group.unreadable, group.unsigned, group.unchecked,
            ]
            return [group.group] + counts.map(String.init)
                + [group.firstSignedAt, group.lastSignedAt, group.turnsInvalidAt].map(Rendering.minute)
        }
        return table
    }
}
