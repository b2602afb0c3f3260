import ArchiveModel
import ArgumentParser
import DecoderPool
import Foundation

extension OutputFormat: ExpressibleByArgument {}
extension TableOrJSON: ExpressibleByArgument {}
extension DecoderPool.Place: ExpressibleByArgument {}

/// Options of every subcommand. They are accepted even where they have no effect, for consistency.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The archive's folder (FIXATIVE_STORAGE; default: storage).", valueName: "dir"))
    var storage: String?

    @Option(
        name: .customLong("api-url"),
        help: ArgumentHelp("The address of the API (FIXATIVE_API_URL; default: https://api.evolink.ai).", valueName: "url"))
    var apiURL: String?

    @Flag(name: .customLong("insecure-api"), help: "Allow sending the key over plain HTTP to an API on another machine.")
    var insecureAPI = false

    @Flag(help: "Allow downloads of results over plain HTTP and from private addresses.")
    var allowPrivateHosts = false

    @Option(
        help: ArgumentHelp(
            "Settings in JSON, outside the archive (FIXATIVE_CONFIG; default: ~/.config/fixative/config.json, then /etc/fixative/fixative.json).",
            valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Permissions that new files of the archive do not get (FIXATIVE_UMASK; default: 077, only the owner has access).",
            valueName: "octal"))
    var umask: String?

    @Flag(name: .shortAndLong, help: "Print more.")
    var verbose = false
}

/// The output format option.
struct FormatOptions: ParsableArguments {
    @Option(help: "table or json.")
    var format: TableOrJSON = .table
}

/// Limits on concurrency and file sizes.
struct WorkOptions: ParsableArguments {
    @Option(help: "Pictures decoded at the same time (default: one for each processor).")
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "Where pictures are decoded: sandbox or in-process (FIXATIVE_DECODERS; default: sandbox).", valueName: "place"))
    var decoders: DecoderPool.Place?

    @Option(help: "Downloads at the same time (default: 16).")
    var downloads: Int?

    @Option(help: ArgumentHelp("Downloads from one host at the same time (default: 16).", valueName: "downloads"))
    var perHost: Int?

    @Option(help: ArgumentHelp("The largest file, in bytes (default: 268435456).", valueName: "bytes"))
    var maxBytes: Int?

    @Option(
        help: ArgumentHelp(
            "The maximum number of results of one task (FIXATIVE_MAX_RESULTS; default: 1000).", valueName: "results"))
    var maxResults: Int?

    @Option(
        name: .customLong("result-host"),
        help: ArgumentHelp(
            "Download results only from this host; repeatable; *.example.com for all hosts below it (default: every public host).",
            valueName: "host"))
    var resultHosts: [String] = []

    func validate() throws {
        guard (workers ?? 1) > 0, (downloads ?? 1) > 0, (maxBytes ?? 1) > 0, (perHost ?? 1) > 0, (maxResults ?? 1) > 0
        else {
            throw ValidationError(
                "--workers, --downloads, --per-host, --max-bytes and --max-results take a number above 0")
        }
    }
}

/// How long a run waits for retries.
struct PatienceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "End when no try is due within this many seconds; waiting results stay in the queue (default: 60).",
            valueName: "seconds"))
    var patience: Int?

    @Flag(help: "Wait until every result is archived or lost; this can take more than a day.")
    var wait = false

    func validate() throws {
        guard (patience ?? 0) >= 0 else { throw ValidationError("--patience takes a number of seconds, 0 or more") }
        guard !wait || patience == nil else { throw ValidationError("--wait and --patience are opposites; give one of them") }
    }

    /// Seconds; `nil` for no limit.
    var seconds: TimeInterval? { wait ? nil : TimeInterval(patience ?? 60) }
}

/// A start time, relative or absolute: `90s`, `30m`, `24h`, `7d`, `2w`, or an ISO 8601 date.
struct TimeSpan: ExpressibleByArgument {
    private let start: Start

    private enum Start {
        case ago(TimeInterval)
        case date(Date)
        /// A day without a time.
        case day(String, Date)
    }

    init?(argument: String) {
        // Reject dates and hours that do not exist, since the parser would accept them as other times.
        let isWhole = argument.wholeMatch(of: /\d{4}-(\d{2})-(\d{2})(T(\d{2}):.*)?/).map { match in
            let (month, day, hour) = (Int(match.1) ?? 0, Int(match.2) ?? 0, match.4.flatMap { Int($0) } ?? 0)
            let plain = Date(iso8601: argument.prefix(10) + "T00:00:00Z")
            return (1...12).contains(month) && (1...31).contains(day) && hour < 24
                && plain?.iso8601.prefix(10) == argument.prefix(10)
        }
        if isWhole == true, let date = Date(iso8601: argument) ?? Date(iso8601: argument + "T00:00:00Z") {
            start = argument.count == 10 ? .day(argument, date) : .date(date)
            return
        }
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
        guard let unit = argument.last.flatMap({ units[$0] }), let number = Double(argument.dropLast()), number > 0, number < 1e6
        else {
            return nil
        }
        start = .ago(number * unit)
    }

    /// The start of the span.
    /// - Parameter midnight: Returns the start of a day such as `2026-11-01`, if it is not to start in UTC.
    func date(from now: Date, midnight: (String) -> Date? = { _ in nil }) -> Date {
        switch start {
        case .ago(let seconds): now.addingTimeInterval(-seconds)
        case .date(let date): date
        case .day(let day, let date): midnight(day) ?? date
        }
    }

    /// The length of the span, in seconds.
    func seconds(until now: Date) -> TimeInterval { max(0, now.timeIntervalSince(date(from: now))) }
}
