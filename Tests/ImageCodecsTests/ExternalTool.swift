import Foundation
import Testing

/// Runs a program of the system on a file.
///
/// A missing program skips the test with a printed line; under continuous integration (`CI=true`) it fails it.
enum ExternalTool {
    /// - Parameters:
    ///   - arguments: `{in}` stands for the path of the input file.
    ///   - needs: A Python module without which the program is of no use.
    /// - Returns: Nil when the program is missing.
    static func run(
        _ name: String, _ arguments: [String], input: [UInt8], needs module: String? = nil
    ) throws -> (status: Int32, bytes: [UInt8])? {
        guard let path = find(name), try module.map({ try hasModule($0, python: path) }) ?? true else {
            try missing(module ?? name)
            return nil
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "fixative-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(input).write(to: file)
        return try launch(path, arguments.map { $0 == "{in}" ? file.path : $0 })
    }

    private static func launch(_ path: String, _ arguments: [String]) throws -> (status: Int32, bytes: [UInt8]) {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        return (process.terminationStatus, bytes)
    }

    private static func find(_ name: String) -> String? {
        // The system's Python, not one of a virtual environment, has the system's modules.
        ["/usr/bin/", "/usr/local/bin/", "/opt/homebrew/bin/"].map { $0 + name }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    private static func hasModule(_ module: String, python: String) throws -> Bool {
        try launch(python, ["-c", "import \(module)"]).status == 0
    }

    private static func missing(_ name: String) throws {
        if ProcessInfo.processInfo.environment["CI"] == "true" {
            Issue.record("\(name) is not installed")
        } else {
            print("skipped: \(name) is not installed")
        }
    }
}
