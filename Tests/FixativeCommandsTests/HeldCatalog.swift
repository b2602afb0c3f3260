import Foundation
import Testing

/// Another program that keeps the catalog locked for writing.
final class HeldCatalog {
    private let program = Process()
    private let input = Pipe()

    init(_ path: String) throws {
        let output = Pipe()
        program.executableURL = URL(filePath: "/bin/sh")
        program.arguments = [
            "-c", "(echo 'BEGIN IMMEDIATE;'; echo 'SELECT 1;'; cat) | sqlite3 -cmd '.timeout 20000' '\(path)'",
        ]
        program.standardInput = input
        program.standardOutput = output
        try program.run()
        try #require(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "1\n")
    }

    func release() throws {
        try input.fileHandleForWriting.close()
        program.waitUntilExit()
    }
}
