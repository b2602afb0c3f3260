import Foundation
import Testing

/// The built program, run as a user runs it.
enum Program {
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String
    }

    static let executable: URL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "fixative")

    static func start(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) throws -> Running {
        let running = Running()
        running.process.executableURL = executable
        running.process.arguments = arguments
        var variables = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("FIXATIVE_") && !$0.key.hasPrefix("EVOLINK_")
        }
        variables.merge(environment) { $1 }
        running.process.environment = variables
        try Data().write(to: running.output)
        try Data().write(to: running.errors)
        running.process.standardOutput = try FileHandle(forWritingTo: running.output)
        running.process.standardError = try FileHandle(forWritingTo: running.errors)
        if let input {
            let file = running.output.appendingPathExtension("in")
            try Data(input.utf8).write(to: file)
            running.process.standardInput = try FileHandle(forReadingFrom: file)
        } else {
            running.process.standardInput = FileHandle.nullDevice
        }
        try running.process.run()
        return running
    }

    static func run(_ arguments: String..., environment: [String: String] = [:], input: String? = nil) throws -> Outcome {
        let running = try start(arguments, environment: environment, input: input)
        return try running.finish()
    }

    final class Running {
        let process = Process()
        let output = FileManager.default.temporaryDirectory.appending(path: "out-\(UUID().uuidString)")
        let errors = FileManager.default.temporaryDirectory.appending(path: "err-\(UUID().uuidString)")

        func finish() throws -> Outcome {
            process.waitUntilExit()
            return Outcome(
                status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
                errors: try String(contentsOf: errors, encoding: .utf8))
        }

        /// Waits until `count` lines of stderr hold `text`; false when the program ends first.
        func says(_ text: String, times count: Int = 1) async throws -> Bool {
            let patience = Date().addingTimeInterval(120)
            while Date() < patience {
                let isRunning = process.isRunning
                let said = try String(contentsOf: errors, encoding: .utf8)
                if said.split(separator: "\n").count(where: { $0.contains(text) }) >= count { return true }
                guard isRunning else { return false }
                try await Task.sleep(for: .milliseconds(20))
            }
            return false
        }

        deinit { if process.isRunning { process.terminate() } }
    }
}

/// A folder of its own, taken away afterwards.
final class Folder: Sendable {
    let path = FileManager.default.temporaryDirectory.appending(path: "fixative-\(UUID().uuidString)").path
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The files below that hold `text`.
    func files(holding text: String) -> [String] {
        (FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []).filter {
            FileManager.default.contents(atPath: path + "/" + $0)?.range(of: Data(text.utf8)) != nil
        }
    }
}
