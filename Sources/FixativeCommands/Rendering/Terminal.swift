import ArgumentParser
import Foundation
import Glibc
import Synchronization

/// The two streams of a command: data on one, everything else on the other.
enum Terminal {
    /// Writes data to stdout. A reader that has gone away, such as `head`, is no error; anything else ends the program with 2, since
    /// data that was not written must not pass for written.
    static func write(_ text: String) { write(Data(text.utf8)) }

    static func write(_ data: Data) {
        _ = survivesClosedPipes
        var rest = data[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(1, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE {
                return hasReader.withLock { $0 = false }
            } else if errno != EINTR {
                complain("fixative: stdout can't be written: \(unsafe String(cString: strerror(errno)))")
                exit(2)
            }
        }
    }

    /// Stops the command, as a success, when nobody reads any more: `head` has had its fill.
    static func requireReader() throws {
        if hasReader.withLock({ !$0 }) { throw ExitCode.success }
    }

    private static let hasReader = Mutex(true)

    /// A pipe that nobody reads gives an error instead of a signal that ends the program.
    private static let survivesClosedPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// Writes a line to stderr.
    static func complain(_ text: String) { note(text) }

    /// Writes lines to stderr, without what would move a cursor: they may hold words of an upstream.
    static func note(_ text: String) {
        let text = text.split(separator: "\n", omittingEmptySubsequences: false).map { Table.plain(String($0)) }.joined(
            separator: "\n")
        line.withLock { progress in
            let clear = progress ? "\r\u{1B}[2K" : ""
            progress = false
            try? FileHandle.standardError.write(contentsOf: Data((clear + text + "\n").utf8))
        }
    }

    /// Writes a line of a log to stderr as it is.
    static func log(_ bytes: Data) { line.withLock { _ in try? FileHandle.standardError.write(contentsOf: bytes) } }

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

    /// Whether data goes to somebody who looks at it line by line.
    static let isInteractive = isatty(1) == 1

    static let showsProgress = isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    /// Whether a line of progress stands on stderr.
    private static let line = Mutex(false)
}
