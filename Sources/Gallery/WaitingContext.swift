internal import ArchiveModel
internal import Foundation
internal import Markup

/// Template data of the index's section about pending outputs and tasks.
struct WaitingContext {
    private let waiting: WaitingList
    /// Reasons quote responses of hosts, and prompts may contain links, so query strings are redacted.
    private let redact = Redactor()

    init(_ waiting: WaitingList) { self.waiting = waiting }

    var context: [String: Any] {
        var context: [String: Any] = [
            "count": NumberFormat.grouped(waiting.count), "isOpen": waiting.isUrgent, "notes": notes, "badges": badges,
            "asOf": ["iso": waiting.asOf.iso8601, "text": CivilTime(waiting.asOf).text],
        ]
        if !waiting.entries.isEmpty { context["list"] = ["rows": waiting.entries.map(row)] }
        if waiting.unlisted > 0 {
            context["more"] = "\(NumberFormat.grouped(waiting.unlisted)) more: run 'fixative list --failing'."
        }
        return context
    }

    private var badges: [[String: Any]] {
        let failing = waiting.failing.values.reduce(0, +)
        let badges: [(count: Int, text: String, tone: VerdictLabel.Tone)] = [
            (waiting.atRisk, "at risk", .bad), (waiting.held, "held", .warning), (failing, "failing", .warning),
        ]
        return badges.filter { $0.count > 0 }.map {
            ["text": "\(NumberFormat.grouped($0.count)) \($0.text)", "tone": $0.tone.rawValue]
        }
    }

    private var notes: [String] {
        var notes: [String] = []
        if let reason = waiting.holdReason {
            notes.append("\(NumberFormat.counted(waiting.held, "task is", "tasks are")) held: \(redact(reason))")
        }
        if let ours = waiting.failing[.ours] {
            let subject = NumberFormat.counted(ours, "fails", "fail")
            notes.append(
                "\(subject) because of this installation: solve the problem that the reason describes, then restart the program.")
        }
        let failing = waiting.failing.values.reduce(0, +)
        if failing < waiting.count, waiting.holdReason == nil {
            notes.append(
                failing == 0
                    ? "No try has failed." : "No try has failed for \(NumberFormat.grouped(waiting.count - failing)) of them.")
        }
        return notes
    }

    private func row(_ entry: WaitingList.Entry) -> [String: Any] {
        var row: [String: Any] = [
            "task": entry.task.text, "prompt": shortened(redact(entry.prompt ?? ""), to: 120),
            "reason": shortened(redact(entry.reason), to: 240),
            "cause": Self.words(entry.cause), "tone": (entry.cause == .ours ? VerdictLabel.Tone.warning : .neutral).rawValue,
            "tries": NumberFormat.grouped(entry.tries), "end": moment(entry.windowEnds), "left": left(entry.windowEnds),
        ]
        if let index = entry.index { row["index"] = "\(index)" }
        if let next = entry.nextTry {
            // A due attempt may be in progress, or it waits for the next start of the program.
            row["next"] = next <= waiting.asOf ? ["isDue": true] : moment(next)
        }
        return row
    }

    /// Without the year: the date is within two days of the time stated on the page.
    private func moment(_ date: Date) -> [String: Any] { ["iso": date.iso8601, "text": CivilTime(date).textOfYear] }

    private func shortened(_ text: String, to length: Int) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count <= length ? words : words.prefix(length - 1) + "…"
    }

    private func left(_ end: Date) -> String {
        let minutes = Int((end.timeIntervalSince(waiting.asOf) / 60).rounded(.down))
        return minutes < 0 ? "\(duration(-minutes)) after its end, still tried" : "\(duration(minutes)) left"
    }

    private func duration(_ minutes: Int) -> String {
        minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
    }

    private static func words(_ cause: FailureCause?) -> String {
        switch cause {
        case .vendor: "The API or its storage host"
        case .ours: "This installation"
        case .unknown: "Nobody answered"
        case .person: "A person"
        case nil: "No try has failed"
        }
    }
}
