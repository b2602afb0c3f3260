import Foundation

/// Another program that keeps a catalog locked for writing.
package final class HeldCatalog {
    private let program = Process()
    private let input = Pipe()

    /// When this returns, the lock is held.
    package init(_ path: String) throws {
        let output = Pipe()
        program.executableURL = URL(filePath: "/bin/sh")
        program.arguments = [
            "-c", "(echo 'BEGIN IMMEDIATE;'; echo 'SELECT 1;'; cat) | sqlite3 -cmd '.timeout 20000' '\(path)'",
        ]
        program.standardInput = input
        program.standardOutput = output
        try program.run()
        let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard said == "1\n" else { throw NotHeld(path: path, said: said) }
    }

    package func release() throws {
        try input.fileHandleForWriting.close()
        program.waitUntilExit()
    }

    struct NotHeld: Error {
        var path: String
        var said: String
    }
}
