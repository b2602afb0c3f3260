import ArchiveModel
import Foundation

/// Builds the service's answers about tasks.
///
/// Without faults, every answer has all documented members, and those known from clients. With faults, answers vary between tasks
/// like real ones: members are missing, null or of another type, results are in `result_data`, and there are undocumented
/// members. The answers for one task always vary in the same way.
struct TaskAnswer: Sendable {
    let profile: FaultProfile
    let seed: UInt64
    let billing: BillingPlan

    /// The answer to a creation.
    func created(_ entry: SimulatedEntry) -> JSONValue {
        var members = head(entry, at: entry.created)
        members["usage"] = .object([
            "billing_rule": .string("per_call"), "credits_reserved": .number(entry.request.price.amount),
            "user_group": .string("default"),
        ])
        return .object(members)
    }

    /// The answer to a read, and the body of a callback.
    func task(_ entry: SimulatedEntry, links: [String], at now: Date) -> JSONValue {
        var members = head(entry, at: now)
        let status = entry.status(at: now)
        members["usage"] = usage(entry, at: now)
        members["request_id"] = .string("req-" + entry.id.suffix(8))
        if status.isFinal {
            members["duration"] = .number((entry.finishes.timeIntervalSince(entry.created) * 10).rounded() / 10)
        }
        if status == .completed { members["results"] = .array(links.map(JSONValue.string)) }
        if status == .failed, case .failed(let failure) = entry.outcome {
            members["error"] = .object([
                "code": .string(failure.code), "message": .string(failure.message), "suggestion": .string(failure.suggestion),
            ])
        }
        if profile != .none {
            var draw = Draw(seed: seed, "answer:" + entry.id)
            Self.vary(&members, draw: &draw)
            if status == .completed { Self.moveResults(&members, links: links, draw: &draw) }
        }
        return .object(members)
    }

    /// A row of the account's list; contains no links.
    func row(_ entry: SimulatedEntry, at now: Date) -> JSONValue {
        let status = entry.status(at: now)
        var members: [String: JSONValue] = [
            "id": .string(entry.id), "status": .string(status.rawValue), "model": .string(entry.request.model),
            "type": .string("image"), "progress": .integer(Int64(entry.progress(at: now))),
            "created_at": .integer(Int64(entry.created.timeIntervalSince1970)), "has_results": .bool(status == .completed),
            "credits_used": .number(entry.used(at: now).amount), "has_error": .bool(status == .failed),
        ]
        if profile != .none {
            var draw = Draw(seed: seed, "row:" + entry.id)
            switch draw.below(100) {
            case 0..<5: members["has_results"] = nil
            case 5..<9: members["credits_used"] = .null
            case 9..<13: members["created_at"] = .string(String(Int64(entry.created.timeIntervalSince1970)))
            case 13..<16: members["progress"] = .string(String(entry.progress(at: now)))
            case 16..<26: members["channel"] = .string("api")
            default: break
            }
        }
        return .object(members)
    }

    private func head(_ entry: SimulatedEntry, at now: Date) -> [String: JSONValue] {
        let left = entry.status(at: now).isFinal ? 0 : max(1, Int(entry.finishes.timeIntervalSince(now).rounded(.up)))
        return [
            "created": .integer(Int64(entry.created.timeIntervalSince1970)), "id": .string(entry.id),
            "model": .string(entry.request.model), "object": .string("image.generation.task"),
            "progress": .integer(Int64(entry.progress(at: now))), "status": .string(entry.status(at: now).rawValue),
            "task_info": .object([
                "can_cancel": .bool(entry.status(at: now) == .pending), "estimated_time": .integer(Int64(left)),
            ]),
            "type": .string("image"),
        ]
    }

    private func usage(_ entry: SimulatedEntry, at now: Date) -> JSONValue {
        let used = entry.used(at: now)
        var members: [String: JSONValue] = [
            "billing_rule": .string("per_call"), "credits_reserved": .number(entry.request.price.amount),
            "credits_used": .number(used.amount), "user_group": .string("default"),
            "cost": .object(["credits": .number(used.amount), "usd": .number(used.usd)]),
        ]
        switch billing.statement(of: entry.id) {
        case .whole: break
        case .costAlone: members["credits_used"] = .null
        case .dollarsAlone:
            members["credits_used"] = nil
            members["cost"] = .object(["credits": .string("unknown"), "usd": .number(used.usd)])
        case .nothing:
            members["credits_used"] = .string("pending")
            members["cost"] = .null
        case .contradiction: members["cost"] = .object(["credits": .number(used.amount + 1), "usd": .number(used.usd)])
        case .text: members["credits_used"] = .string("\(used.amount)")
        }
        return .object(members)
    }

    private static func vary(_ members: inout [String: JSONValue], draw: inout Draw) {
        func asText(_ name: String) {
            if let number = members[name]?.double {
                members[name] = .string(number == number.rounded() ? "\(Int(number))" : "\(number)")
            }
        }
        switch draw.below(100) {
        case 0..<5: asText("progress")
        case 5..<8: members["progress"] = .null
        default: break
        }
        switch draw.below(100) {
        case 0..<4: members["usage"] = .null
        case 4..<8: members["usage"] = nil
        case 8..<11: members["usage"] = .array([])
        default: break
        }
        switch draw.below(100) {
        case 0..<8: asText("duration")
        case 8..<12: members["duration"] = .null
        default: break
        }
        if draw.perThousand(50) { members["task_info"] = .null }
        if draw.perThousand(40) { asText("created") }
        if draw.perThousand(100) { members["request_id"] = nil }
        if draw.perThousand(100) { members["task_id"] = members["id"] }
        if draw.perThousand(300), members["error"] == nil { members["error"] = .null }
        if draw.perThousand(200) {
            members["trace"] = .object(["region": .string("eu-1"), "hops": .array([.integer(3), .null, .bool(true)])])
        }
    }

    private static func moveResults(_ members: inout [String: JSONValue], links: [String], draw: inout Draw) {
        let items = links.enumerated().map { index, link in
            JSONValue.object(["image_url": .string(link), "index": .integer(Int64(index))])
        }
        let data: JSONValue = items.count == 1 && draw.perThousand(350) ? items[0] : .array(items)
        switch draw.below(100) {
        case 0..<7:
            members["results"] = nil
            members["result_data"] = data
        case 7..<14:
            members["results"] = .null
            members["result_data"] = data
        case 14..<18:
            members["results"] = .array([])
            members["result_data"] = data
        case 18..<30: members["result_data"] = data
        case 30..<34: members["result_data"] = .null
        default: break
        }
    }
}
