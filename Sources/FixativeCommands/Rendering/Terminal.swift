import ArgumentParser
import Foundation
import Glibc
import Synchronization

/// The output streams of a command: data on stdout, everything else on stderr.
enum Terminal {
    /// Writes data to stdout. A closed pipe, as with `head`, is not an error. Any other error ends the program with exit code 2,
    /// since incomplete output must not look complete.
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

    /// Ends the command successfully if stdout was closed by its reader, such as `head`.
    static func requireReader() throws {
        if hasReader.withLock({ !$0 }) { throw ExitCode.success }
    }

    private static let hasReader = Mutex(true)

    /// Ignores SIGPIPE, so that writing to a closed pipe returns an error instead of ending the program.
    private static let survivesClosedPipes: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// Writes a line to stderr.
    static func complain(_ text: String) { log(text) }

    /// Writes lines to stderr without control characters, since they may contain text from the upstream.
    static func log(_ text: String) {
        let text = text.split(separator: "\n", omittingEmptySubsequences: false).map { Table.plain(String($0)) }.joined(
            separator: "\n")
        line.withLock { progress in
            let clear = progress ? "\r\u{1B}[2K" : ""
            progress = false
            try? FileHandle.standardError.write(contentsOf: Data((clear + text + "\n").utf8))
        }
    }

    /// Writes a log line to stderr unchanged.
    static func log(_ bytes: Data) { line.withLock { _ in try? FileHandle.standardError.write(contentsOf: bytes) } }

    /// Shows a progress line on stderr that the next one replaces; only on a terminal.
    static func progress(_ text: String) {
        guard showsProgress else { return }
        line.withLock { progress in
            progress = true
            try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[2K\(text)".utf8))
        }
    }

    /// Clears the progress line.
    static func endProgress() {
        line.withLock { progress in
            guard progress else { return }
            progress = false
            try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[2K".utf8))
        }
    }

    /// Whether stdout is a terminal.
    static let isInteractive = isatty(1) == 1

    static let showsProgress = isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    /// Whether a progress line is shown on stderr.
    private static let line = Mutex(false)
}
