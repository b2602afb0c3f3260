package import ArchiveModel
package import Catalog
package import Foundation
import SizeContract

/// A list of tasks to archive, one JSON object per line: `{"task_id":"…","size":"16:9","resolution":"2K","prompt":"…"}`. Only
/// `task_id` is required.
package struct Manifest: Sendable {
    /// A line that was rejected, or accepted only in part.
    package struct Problem: Sendable, Hashable, CustomStringConvertible {
        /// Counted from 1.
        package var line: Int
        package var detail: String
        package var description: String { "line \(line): \(detail)" }
    }

    package var tasks: [TaskRegistration] = []
    package var problems: [Problem] = []

    /// Reads a manifest. An invalid line becomes a problem and does not affect other lines. Empty lines are skipped.
    package init(_ text: String, now: Date) { self.init(Array(text.utf8), now: now) }

    /// - Parameter bytes: UTF-8. Invalid bytes affect at most their own line.
    package init(_ bytes: [UInt8], now: Date) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = bytes.starts(with: mark) ? bytes[mark.count...] : bytes[...]
        // Split at line feeds only: U+2028 may occur inside a prompt.
        for (number, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
            guard line.contains(where: { ![0x20, 0x09, 0x0D].contains($0) }) else { continue }
            read(Array(line), number: number + 1, now: now)
        }
    }

    /// - Parameter items: Tasks sent by a program. An item's number counts as its line.
    package init(_ items: [JSONValue], now: Date) {
        for (number, item) in items.enumerated() { read(item, number: number + 1, now: now) }
    }

    private mutating func read(_ line: [UInt8], number: Int, now: Date) {
        guard let reading = try? JSONReading(line), reading.findings.isDisjoint(with: .incomplete) else {
            guard String(validating: line, as: UTF8.self) != nil else { return complain(number, "it is not UTF-8") }
            return complain(number, "it is not a JSON object, such as {\"task_id\":\"task-unified-1757156493-imcg5zqt\"}")
        }
        if reading.findings.contains(.trailing) {
            complain(number, "only its first JSON object is read; the rest of the line is ignored")
        }
        if reading.findings.contains(.replaced) {
            complain(number, "half a surrogate pair or invalid UTF-8 was replaced by U+FFFD")
        }
        read(reading.value, number: number, now: now)
    }

    private mutating func read(_ json: JSONValue, number: Int, now: Date) {
        guard case .object = json else {
            return complain(number, "it is not a JSON object, such as {\"task_id\":\"task-unified-1757156493-imcg5zqt\"}")
        }
        guard let text = json["task_id"]?.string else { return complain(number, "it has no \"task_id\", or it is not a string") }
        guard let id = TaskID(text), !text.unicodeScalars.contains("\u{FFFD}") else {
            return complain(number, "\"\(text.cut(to: 80))\" is not a task ID")
        }
        for name in ["model", "prompt", "size", "resolution"] {
            guard let value = json[name], value != .null, value.string == nil else { continue }
            complain(number, "\"\(name)\" is not a string; the task is archived without it")
        }
        var request = RecordedRequest(
            model: json["model"]?.string, prompt: json["prompt"]?.string, size: json["size"]?.string,
            resolution: json["resolution"]?.string)
        if request != RecordedRequest() {
            request.recordedAt = now
            if let problem = problem(with: request) { complain(number, problem) }
            tasks.append(TaskRegistration(id: id, source: "manifest", request: request))
        } else {
            tasks.append(TaskRegistration(id: id, source: "manifest"))
        }
    }

    /// The problem of a recorded size, and the consequence.
    private func problem(with request: RecordedRequest) -> String? {
        guard let size = request.size else { return nil }
        let contract = SizeContract.contract(model: request.model)
        do throws(SizeViolation) {
            let violations = contract.violations(of: try contract.request(size: size, resolution: request.resolution))
            guard !violations.isEmpty else { return nil }
            let reasons = violations.map(\.description).joined(separator: "; ")
            return "the API does not offer this size: \(reasons); the picture is still judged against it"
        } catch {
            return "\(error); the picture is archived, but can't be judged"
        }
    }

    /// Bounds the list, since a file of another type may have a problem in every line.
    private static let mostProblems = 10_000

    private mutating func complain(_ line: Int, _ detail: String) {
        guard problems.count <= Self.mostProblems else { return }
        let isLast = problems.count == Self.mostProblems
        problems.append(Problem(line: line, detail: isLast ? "this and all later problems are not listed" : detail))
    }
}
