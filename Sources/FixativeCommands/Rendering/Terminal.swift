import Foundation
import Glibc
import Synchronization

/// The two streams of a command: data on one, everything else on the other.
enum Terminal {
    /// Writes data to stdout. A reader that has gone away, such as `head`, is no error.
    static func write(_ text: String) { write(Data(text.utf8)) }

    static func write(_ data: Data) { try? FileHandle.standardOutput.write(contentsOf: data) }

    /// Writes a line to stderr.
    static func complain(_ text: String) { note(text) }

    static func note(_ text: String) {
        line.withLock { progress in
            let clear = progress ? "\r\u{1B}[2K" : ""
            progress = false
            try? FileHandle.standardError.write(contentsOf: Data((clear + text + "\n").utf8))
        }
    }

    /// Shows a line on stderr that the next one replaces; only where somebody looks.
    static func progress(_ text: String) {
        guard showsProgress else { return }
        line.withLock { progress in
            progress = true
            try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[2K\(text)".utf8))
        }
    }

    /// Ends a line of progress.
    static func endProgress() {
        line.withLock { progress in
            guard progress else { return }
            progress = false
            try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[2K".utf8))
        }
    }

    static let showsProgress = isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    static let showsColour = isatty(1) == 1 && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty

    /// Whether a line of progress stands on stderr.
    private static let line = Mutex(false)
}
