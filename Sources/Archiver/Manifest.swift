import ArchiveModel
package import Catalog
package import Foundation
import SizeContract

/// A list of tasks to archive, one JSON object a line: `{"task_id":"…","size":"16:9","resolution":"2K","prompt":"…"}`, all but
/// `task_id` optional.
package struct Manifest: Sendable {
    /// A line that could not be used, or not wholly.
    package struct Problem: Sendable, Hashable, CustomStringConvertible {
        /// Counted from 1.
        package var line: Int
        package var detail: String
        package var description: String { "line \(line): \(detail)" }
    }

    package var tasks: [TaskRegistration] = []
    package var problems: [Problem] = []

    /// Reads a manifest. Lines that are no task become problems, and the others go on; empty lines are skipped.
    package init(_ text: String, now: Date) {
        // By scalars, not characters: CR LF is one character, and U+2028 may stand inside a prompt.
        for (number, line) in text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = String(line).trimmingCharacters(in: .whitespacesAndNewlines)
            guard !line.isEmpty else { continue }
            read(line, number: number + 1, now: now)
        }
    }

    private mutating func read(_ line: String, number: Int, now: Date) {
        guard let json = try? JSONDecoder().decode(JSONValue.self, from: Data(line.utf8)), case .object = json else {
            return complain(number, "it is no JSON object, such as {\"task_id\":\"task-unified-1757156493-imcg5zqt\"}")
        }
        guard let text = json["task_id"]?.string else { return complain(number, "it has no \"task_id\" that is a text") }
        guard let id = TaskID(text) else { return complain(number, "\"\(text.prefix(80))\" is no task id") }
        for name in ["model", "prompt", "size", "resolution"] {
            guard let value = json[name], value != .null, value.string == nil else { continue }
            complain(number, "\"\(name)\" is no text; the task is archived without it")
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

    /// What is wrong with a recorded size, and what follows from it.
    private func problem(with request: RecordedRequest) -> String? {
        guard let size = request.size else { return nil }
        let contract = SizeContract.contract(model: request.model)
        do throws(SizeViolation) {
            let violations = contract.violations(of: try contract.request(size: size, resolution: request.resolution))
            guard !violations.isEmpty else { return nil }
            let reasons = violations.map(\.description).joined(separator: "; ")
            return "the API does not offer this size: \(reasons); the picture is judged by it all the same"
        } catch {
            return "\(error); the picture is archived, but can't be judged"
        }
    }

    private mutating func complain(_ line: Int, _ detail: String) { problems.append(Problem(line: line, detail: detail)) }
}
