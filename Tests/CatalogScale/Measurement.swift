import Foundation

/// How long each of many tries took.
struct Measurement {
    var name: String
    var milliseconds: [Double] = []
    /// The most that the 99th percentile may be.
    var limit: Double = 50

    /// The smallest figure that so many percent of the tries keep within.
    func percentile(_ percent: Int) -> Double {
        let sorted = milliseconds.sorted()
        return sorted.isEmpty ? 0 : sorted[(sorted.count * percent + 99) / 100 - 1]
    }

    var isWrong: Bool { percentile(99) >= limit }

    var line: String {
        let figures = [50, 99, 100].map { String(format: "%8.2f", percentile($0)) }.joined()
        return name.padding(toLength: 34, withPad: " ", startingAt: 0) + figures + " ms"
            + (isWrong ? "  OVER \(Int(limit)) ms" : "")
    }
}

/// A run of the program as a user starts it.
struct ProgramRun {
    var seconds: Double
    var peakMegabytes: Double

    /// Runs it with its data thrown away, and watches its memory: not by `getrusage`, whose peak is inherited from the process that
    /// started it.
    init(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let start = ContinuousClock.now
        try process.run()
        var peak = 0
        while process.isRunning {
            let status = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
            let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            peak = max(peak, line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0)
            usleep(2000)
        }
        process.waitUntilExit()
        let elapsed = ContinuousClock.now - start
        seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        peakMegabytes = Double(peak) / 1000
        // 1: the archive has mismatches and losses, as it must.
        guard [0, 1].contains(process.terminationStatus), process.terminationReason == .exit else {
            throw Failure("\(program) \(arguments.joined(separator: " ")) ended with \(process.terminationStatus)")
        }
    }
}

struct Failure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
