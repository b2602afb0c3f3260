internal import ArchiveModel
internal import Foundation

/// File names of an output in a bag, such as `2026-11-22_task-unified-1757470624-9xv139l2_0`, in a folder for each month.
///
/// Names contain only lower-case ASCII letters, digits, `_`, `-` and `.`. They are therefore valid on every file system,
/// including case-insensitive ones, and need no escaping in manifests (RFC 8493, 2.1.3).
struct BagNames {
    /// `2026-11`, or `undated`.
    let folder: String
    /// The name without an extension.
    let stem: String
    /// The name of the task's record, without an extension.
    let taskStem: String

    init(_ entry: OutputEntry) {
        let day = (entry.createdAt ?? entry.endedAt).map { String($0.iso8601.prefix(10)) } ?? "undated"
        folder = day == "undated" ? day : String(day.prefix(7))
        let task = "\(day)_\(Self.plain(entry.id.task.text))"
        stem = "\(task)_\(entry.id.index)"
        taskStem = "\(task)_task"
    }

    /// A task ID as part of a file name. An ID with other characters is replaced by its valid characters and a part of its hash;
    /// only this form has a dot.
    private static func plain(_ task: String) -> String {
        let isPlain = task.utf8.allSatisfy { $0 != UInt8(ascii: ".") && isKept($0) }
        if isPlain, task.utf8.count <= 80 { return task }
        let kept = task.lowercased().utf8.prefix(60).map { isKept($0) ? $0 : UInt8(ascii: "-") }
        let hash = Digest(of: task).hex.prefix(16)
        return String(decoding: kept, as: UTF8.self).replacing(".", with: "-") + "." + hash
    }

    private static func isKept(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
    }
}
