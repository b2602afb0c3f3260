import ArgumentParser
import Foundation

/// A duration: `90s`, `10m`, `2h`, `14d`, `2w`.
struct DurationArgument: ExpressibleByArgument {
    let seconds: TimeInterval

    init(seconds: TimeInterval) { self.seconds = seconds }

    init?(argument: String) {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = Double(argument.dropLast()), number > 0, number < 1e6
        else { return nil }
        seconds = number * unit
    }

    var defaultValueDescription: String {
        seconds.truncatingRemainder(dividingBy: 86400) == 0 ? "\(Int(seconds / 86400))d" : "\(seconds)s"
    }
}

/// A percentage: `5%`, above 0 and at most 100.
struct Percentage: ExpressibleByArgument {
    /// Above 0 and at most 1.
    let fraction: Double

    init?(argument: String) {
        guard argument.hasSuffix("%"), let number = Double(argument.dropLast()), number > 0, number <= 100 else { return nil }
        fraction = number / 100
    }
}
