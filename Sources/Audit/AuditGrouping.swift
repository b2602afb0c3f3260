package import ArchiveModel
package import Foundation
import SizeContract

/// The property by which a report groups outputs.
package enum AuditGrouping: String, Sendable, CaseIterable {
    /// The day, ISO 8601 week or month of creation.
    case day, week, month
    case model
    /// The number of the account that made the call; 0 for the archive's own account.
    case account
    /// The requested size: a ratio with its tier, or pixels.
    case size
    case verdict
    /// The price finding.
    case finding

    private static let unknown = "not on record"

    /// Whether groups are sorted newest first.
    var isTime: Bool { [.day, .week, .month].contains(self) }

    /// The name of an output's group.
    package func name(of entry: AuditEntry, _ charge: Charge?, in calendar: AuditCalendar = .utc) -> String {
        switch self {
        case .verdict: entry.state == .unavailable ? "lost" : entry.judgement?.verdict.rawValue ?? Self.unknown
        default:
            name(entry.createdAt, entry.model ?? entry.request?.model, entry.account, entry.request, charge, calendar)
        }
    }

    /// The group name of a task without outputs.
    package func name(of task: AuditTask, _ charge: Charge?, in calendar: AuditCalendar = .utc) -> String {
        switch self {
        case .verdict: task.state == .unavailable ? "lost" : task.state.rawValue
        default: name(task.createdAt, task.model ?? task.request?.model, task.account, task.request, charge, calendar)
        }
    }

    private func name(
        _ created: Date?, _ model: String?, _ account: Int64, _ request: RecordedRequest?, _ charge: Charge?,
        _ calendar: AuditCalendar
    ) -> String {
        switch self {
        case .day: created.map(calendar.day) ?? Self.unknown
        case .week: created.map(calendar.week) ?? Self.unknown
        case .month: created.map(calendar.month) ?? Self.unknown
        case .model: model ?? Self.unknown
        case .account: "\(account)"
        case .size: request.flatMap(\.sizeText) ?? Self.unknown
        case .finding: charge?.finding.rawValue ?? Self.unknown
        case .verdict: Self.unknown
        }
    }
}

/// Dates in the time zone of a report.
package struct AuditCalendar: Sendable, Hashable {
    /// The name of the time zone, such as `Europe/Berlin`.
    package let name: String
    private let calendar: Calendar

    package static let utc = AuditCalendar(name: "UTC", zone: .gmt)

    /// - Parameter name: A name of the IANA database, or `UTC`.
    /// - Returns: `nil` for an unknown name.
    package init?(_ name: String) {
        if name.uppercased() == "UTC" {
            self = .utc
            return
        }
        guard TimeZone.knownTimeZoneIdentifiers.contains(name), let zone = TimeZone(identifier: name) else { return nil }
        self.init(name: name, zone: zone)
    }

    private init(name: String, zone: TimeZone) {
        self.name = name
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = zone
        self.calendar = calendar
    }

    private var isUTC: Bool { name == "UTC" }

    /// The date as if it were UTC, shifted by the zone's offset at that time.
    private func local(_ date: Date) -> String {
        isUTC ? date.iso8601 : date.addingTimeInterval(TimeInterval(calendar.timeZone.secondsFromGMT(for: date))).iso8601
    }

    /// `2026-11-22`
    package func day(_ date: Date) -> String { String(local(date).prefix(10)) }

    /// `2026-11`
    package func month(_ date: Date) -> String { String(local(date).prefix(7)) }

    /// `2026-W47`, according to ISO 8601.
    package func week(_ date: Date) -> String {
        let parts = calendar.dateComponents([.yearForWeekOfYear, .weekOfYear], from: date)
        let week = parts.weekOfYear ?? 0
        return "\(parts.yearForWeekOfYear ?? 0)-W\(week < 10 ? "0" : "")\(week)"
    }

    /// `2026-11-22 12:51`
    package func minute(_ date: Date) -> String { String(local(date).prefix(16)).replacing("T", with: " ") }

    /// ISO 8601 with the zone's offset: `2026-11-22T12:51:03+01:00`, or `Z` for UTC.
    package func time(_ date: Date) -> String {
        if isUTC { return date.iso8601 }
        let minutes = calendar.timeZone.secondsFromGMT(for: date) / 60
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
        let offset = "\(minutes < 0 ? "-" : "+")\(two(abs(minutes) / 60)):\(two(abs(minutes) % 60))"
        return local(date).replacing("Z", with: offset)
    }

    /// Midnight of a day such as `2026-11-22`.
    package func start(of day: String) -> Date? {
        guard let noon = Date(iso8601: day + "T12:00:00Z") else { return nil }
        let parts = day.split(separator: "-").compactMap { Int($0) }
        guard parts.count == 3 else { return nil }
        return calendar.date(from: DateComponents(year: parts[0], month: parts[1], day: parts[2])) ?? noon
    }
}

/// The summary of one group of outputs.
package struct AuditGroup: Sendable, Encodable {
    /// The names of the group, one for each grouping.
    package var names: [String]
    package var summary: AuditReport.Summary

    package var name: String { names.joined(separator: ", ") }

    package init(names: [String], summary: AuditReport.Summary) {
        self.names = names
        self.summary = summary
    }

    private enum CodingKeys: CodingKey { case name, names, summary }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        if names.count > 1 { try container.encode(names, forKey: .names) }
        try container.encode(summary, forKey: .summary)
    }
}

/// Summaries of outputs and tasks by group.
package struct AuditGroups: Sendable {
    private let groupings: [AuditGrouping]
    private let empty: AuditReport.Summary
    private let calendar: AuditCalendar
    private var sums: [[String]: AuditReport.Summary] = [:]

    /// - Parameter empty: The summary of no outputs; its money is `nil` when the audit does not cover costs.
    package init(_ groupings: [AuditGrouping], empty: AuditReport.Summary, in calendar: AuditCalendar = .utc) {
        self.groupings = groupings
        self.empty = empty
        self.calendar = calendar
    }

    package mutating func add(_ entry: AuditEntry, _ charge: Charge?) {
        guard entry.state == .archived || entry.state == .unavailable else { return }
        sums[groupings.map { $0.name(of: entry, charge, in: calendar) }, default: empty].add(entry, charge)
    }

    package mutating func add(_ task: AuditTask, _ charge: Charge?) {
        guard task.state == .unavailable || (charge?.paid ?? 0) > 0 else { return }
        sums[groupings.map { $0.name(of: task, charge, in: calendar) }, default: empty].add(task, charge)
    }

    /// Times sorted newest first, other groups by name.
    package var all: [AuditGroup] {
        sums.map { AuditGroup(names: $0.key, summary: $0.value) }.sorted { one, other in
            for (index, grouping) in groupings.enumerated() {
                let order = one.names[index].compare(other.names[index], options: .numeric)
                if order != .orderedSame { return (order == .orderedAscending) != grouping.isTime }
            }
            return false
        }
    }
}
