import ArchiveModel

/// The name of an output in URLs: `<task>-<index>`, like the name of its record's file.
enum OutputName {
    static func text(_ id: OutputID) -> String { "\(id.task.fileStem)-\(id.index)" }

    /// - Parameter text: A path segment, percent-decoded once.
    static func id(_ text: some StringProtocol) -> OutputID? {
        guard let dash = text.lastIndex(of: "-"), let index = Int(text[text.index(after: dash)...]), index >= 0,
            text[text.index(after: dash)...].allSatisfy(\.isASCII), let task = TaskID(String(text[..<dash]))
        else { return nil }
        return OutputID(task: task, index: index)
    }
}
