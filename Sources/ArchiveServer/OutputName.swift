import ArchiveModel

/// An output as addresses name it: `<task>-<index>`, as its record's file is called.
enum OutputName {
    static func text(_ id: OutputID) -> String { "\(id.task.fileStem)-\(id.index)" }

    /// - Parameter text: As it stands in the path, percent-encoding taken away once.
    static func id(_ text: some StringProtocol) -> OutputID? {
        guard let dash = text.lastIndex(of: "-"), let index = Int(text[text.index(after: dash)...]), index >= 0,
            text[text.index(after: dash)...].allSatisfy(\.isASCII), let task = TaskID(String(text[..<dash]))
        else { return nil }
        return OutputID(task: task, index: index)
    }
}
