import ArchiveModel
import Archiver
import Audit
import BlobStore
import BlockingThreads
import Configuration
import DecoderPool
import Foundation
import GenerationAPI
import Networking

/// The settings of a subcommand. Precedence: flags, environment, config file, `fixative.json` in the storage, defaults.
///
/// An archive may come from another person, so its `fixative.json` can only set ``archiveKeys``. It can neither redirect the API
/// key nor widen what is fetched or decoded.
struct Settings: Sendable {
    var storage: String
    var apiURL: String
    /// Whether the key may be sent over plain HTTP to another machine.
    var allowsInsecureAPI: Bool
    var allowsPrivateHosts: Bool
    /// The only hosts that results are fetched from; empty for every public host.
    var resultHosts: [HostPattern]
    /// The receiver of notifications.
    var notifyURL: String?
    /// The time-stamp authority for the daily seals.
    var tsa: String?
    var workers: Int
    /// Where pictures are decoded. Set by flags, environment or config file, never by a file in the storage.
    var decoders: DecoderPool.Place
    var downloads: Int
    /// Maximum size of one file in bytes.
    var maxBytes: Int
    /// Maximum number of pixels, and maximum side length in pixels, of a picture that is decoded.
    var maxPixels: Int
    var maxSide: Int
    /// Maximum number of results taken from one task.
    var maxResults: Int
    /// Seconds between sweeps of the account.
    var sweepInterval: Int
    /// Seconds until a worker's lease expires without a heartbeat.
    var leaseSeconds: Int
    /// Maximum number of concurrent requests to one result host.
    var perHost: Int
    /// Maximum number of requests started per second to one result host (0: no limit).
    var perHostRate: Double
    /// A transfer below this rate in bytes per second, over this many seconds, fails and is retried later (0: no limit).
    var lowSpeedBytes: Double
    var lowSpeedSeconds: Double
    /// Hours before its deadline from which a waiting item is at risk.
    var riskHours: Double
    /// Prices of a 1K picture by model.
    var prices: [String: Price]
    /// Permissions of files written into the archive.
    var permissions: ArchivePermissions
    /// The config file in use.
    var configPath: String?
    /// Ignored settings, and where to set them instead.
    var warnings: [String] = []

    /// The settings that an archive's own `fixative.json` may contain.
    static let archiveKeys = Set(
        archiveRanges.map(\.key) + ["workers", "downloads", "perHost", "perHostRate", "riskHours", "prices"])
    /// - Parameter warn: Called for each ignored setting; by default writes a line to stderr.
    /// - Throws: ``SettingsError``.
    static func load(
        _ common: CommonOptions, work: WorkOptions? = nil, sweepInterval: Int? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        warn: (String) -> Void = { Terminal.complain("WARNING: \($0)") }
    ) async throws -> Settings {
        let flags = InMemoryProvider(name: "flags", values: flags(common, work, sweepInterval))
        let variables = EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "fixative")
        var trusted: [any ConfigProvider] = [flags, variables]
        let config = try SettingsFile.outside(named: common.config, environment: environment)
        if let config { trusted.append(config.provider) }

        let folder = ConfigReader(providers: trusted).string(forKey: "storage", default: "storage")
        guard !folder.isEmpty else {
            throw SettingsError("the storage folder has an empty name; set --storage or FIXATIVE_STORAGE")
        }
        let kind = try? FileManager.default.attributesOfItem(atPath: folder)[.type] as? FileAttributeType
        guard kind != .typeRegular else {
            throw SettingsError("the storage \(folder) is a file; set --storage or FIXATIVE_STORAGE to a folder")
        }
        if let config, SettingsFile.isFile(config.path, inside: folder) {
            throw SettingsError(
                "the config file \(config.path) is inside the storage \(folder); move it to a place outside of the archive")
        }
        let file = try SettingsFile.inside(folder)
        var all = trusted
        if let file { all.append(file.provider(of: archiveKeys)) }
        var settings = try Settings(
            trusted: ConfigReader(providers: trusted), all: ConfigReader(providers: all), storage: folder)
        settings.configPath = config?.path
        if let file {
            let reader = ConfigReader(providers: trusted)
            settings.warnings = ignored(in: file, trusted: reader) + settings.bound(file, trusted: reader)
        }
        settings.warnings.forEach(warn)
        return settings
    }

    private static func flags(
        _ common: CommonOptions, _ work: WorkOptions?, _ sweepInterval: Int?
    ) -> [AbsoluteConfigKey: ConfigValue] {
        var flags: [AbsoluteConfigKey: ConfigValue] = [:]
        func set(_ key: String, _ value: String?) { if let value { flags[[key]] = ConfigValue(.string(value), isSecret: false) } }
        func set(_ key: String, _ value: Int?) { if let value { flags[[key]] = ConfigValue(.int(value), isSecret: false) } }
        set("storage", common.storage)
        set("apiUrl", common.apiURL)
        set("umask", common.umask)
        if common.insecureAPI { flags["insecureApi"] = ConfigValue(.bool(true), isSecret: false) }
        if common.allowPrivateHosts { flags["allowPrivateHosts"] = ConfigValue(.bool(true), isSecret: false) }
        set("workers", work?.workers)
        set("decoders", work?.decoders?.rawValue)
        set("downloads", work?.downloads)
        set("maxBytes", work?.maxBytes)
        set("maxResults", work?.maxResults)
        set("perHost", work?.perHost)
        if let hosts = work?.resultHosts, !hosts.isEmpty {
            flags["resultHosts"] = ConfigValue(.stringArray(hosts), isSecret: false)
        }
        set("sweepInterval", sweepInterval)
        return flags
    }

    /// Warnings about settings that an archive's file may not contain. A setting that is also given elsewhere needs no warning.
    private static func ignored(in file: SettingsFile, trusted: ConfigReader) -> [String] {
        let keys = file.keys.subtracting(archiveKeys).filter { !isPresent(ConfigKey($0), trusted) }.sorted()
        guard !keys.isEmpty else { return [] }
        let names = keys.map { String($0.prefix(40)) }.joined(separator: ", ")
        return [
            """
            \(file.path) sets \(names). Ignored: the author of an archive could redirect the API key with such settings.
            Move these settings to \(SettingsFile.suggestedPath), or to flags or variables such as \(example(keys)).
            """
        ]
    }

    private static func example(_ keys: [String]) -> String {
        let flags = ["apiUrl": "--api-url", "allowPrivateHosts": "--allow-private-hosts", "resultHosts": "--result-host"]
        let known = keys.compactMap { key in flags[key].map { "\($0) (\(variable(ConfigKey(key))))" } }
        return known.isEmpty ? "--api-url (FIXATIVE_API_URL)" : known.joined(separator: ", ")
    }

    /// The ranges within which an archive's own file may set numbers. It must neither widen limits that protect this machine, nor
    /// delay pictures until their links have expired.
    private static let archiveRanges:
        [(key: String, path: any WritableKeyPath<Settings, Int> & Sendable, range: ClosedRange<Int>)] =
            [
                ("maxBytes", \.maxBytes, 64 << 20...256 << 20), ("maxPixels", \.maxPixels, 1...64_000_000),
                ("maxSide", \.maxSide, 1...16_384), ("maxResults", \.maxResults, 100...1000),
                ("sweepInterval", \.sweepInterval, 1...3600), ("leaseSeconds", \.leaseSeconds, 1...600),
            ]
    /// Lowest value of `perHostRate`, in downloads per second, that an archive's file may set. 0 is allowed and means no limit.
    private static let leastArchiveRate = 0.1

    /// Limits numbers from the archive's own file to their ranges.
    private mutating func bound(_ file: SettingsFile, trusted: ConfigReader) -> [String] {
        var warnings: [String] = []
        func warn(_ key: String, _ asked: String, _ used: String) {
            warnings.append(
                "\(file.path) sets \(key) to \(asked); \(used) is used, because an archive must not widen limits or delay pictures. "
                    + "Set this limit with \(Self.variable(ConfigKey(key))) or in \(SettingsFile.suggestedPath)")
        }
        for (key, path, range) in Self.archiveRanges where file.keys.contains(key) && !Self.isPresent(ConfigKey(key), trusted) {
            let asked = self[keyPath: path]
            guard !range.contains(asked) else { continue }
            self[keyPath: path] = min(max(asked, range.lowerBound), range.upperBound)
            warn(key, "\(asked)", "\(self[keyPath: path])")
        }
        if file.keys.contains("perHostRate"), !Self.isPresent("perHostRate", trusted), perHostRate > 0,
            perHostRate < Self.leastArchiveRate
        {
            warn("perHostRate", "\(perHostRate)", "\(Self.leastArchiveRate)")
            perHostRate = Self.leastArchiveRate
        }
        return warnings
    }

    /// Default and range of each integer setting.
    private static let numbers: [String: (standard: Int, range: ClosedRange<Int>)] = [
        "workers": (BlockingThreadPool.processors, 1...1024), "downloads": (16, 1...4096), "maxBytes": (256 << 20, 1...1 << 40),
        "maxPixels": (64_000_000, 1...1_000_000_000), "maxSide": (16_384, 1...1_000_000),
        "maxResults": (1000, 1...UpstreamRules.mostResults), "sweepInterval": (300, 1...604_800),
        "leaseSeconds": (30, 1...86_400),
        "perHost": (16, 1...4096),
    ]

    /// The archiver options for these settings.
    var archiverOptions: ArchiverOptions {
        var options = ArchiverOptions(downloads: downloads, workers: workers, sweepInterval: TimeInterval(sweepInterval))
        options.largestPicture = (maxPixels, maxSide)
        options.mostResults = maxResults
        options.decoders = decoders
        options.leaseDuration = TimeInterval(min(leaseSeconds, 3600))
        options.riskTime = riskTime
        return options
    }

    /// Seconds before its deadline from which a waiting item is at risk.
    var riskTime: TimeInterval { riskHours * 3600 }

    /// Request limits per result host.
    var hostLimits: HostLimits { HostLimits(concurrent: perHost, perSecond: perHostRate > 0 ? perHostRate : nil) }

    /// - Parameters:
    ///   - trusted: Flags, environment and the config file.
    ///   - all: The trusted sources and the archive's own file.
    private init(trusted: ConfigReader, all reader: ConfigReader, storage: String) throws {
        self.storage = storage
        apiURL = try Self.text("apiUrl", trusted) ?? GenerationClient.defaultBaseURL
        allowsInsecureAPI = try Self.flag("insecureApi", trusted) ?? false
        allowsPrivateHosts = try Self.flag("allowPrivateHosts", trusted) ?? false
        resultHosts = try Self.hosts("resultHosts", trusted)
        notifyURL = try Self.text("notifyUrl", trusted)
        tsa = try Self.text("tsa", trusted)
        workers = try Self.number("workers", reader)
        downloads = try Self.number("downloads", reader)
        maxBytes = try Self.number("maxBytes", reader)
        maxPixels = try Self.number("maxPixels", reader)
        maxSide = try Self.number("maxSide", reader)
        maxResults = try Self.number("maxResults", reader)
        sweepInterval = try Self.number("sweepInterval", reader)
        leaseSeconds = try Self.number("leaseSeconds", reader)
        perHost = try Self.number("perHost", reader)
        perHostRate = try Self.fraction("perHostRate", reader, 0...1_000_000) ?? 0
        lowSpeedBytes = try Self.fraction("lowSpeedBytes", reader, 0...1_000_000_000) ?? 1024
        lowSpeedSeconds = try Self.fraction("lowSpeedSeconds", reader, 0...86_400) ?? 30
        riskHours = try Self.fraction("riskHours", reader, 0...8760) ?? 2
        prices = try Self.prices("prices", reader)
        permissions = try Self.permissions("umask", trusted)
        decoders = try Self.place(trusted)
        _ = try APIAddress(apiURL)
    }

    // ConfigReader returns `nil` for a value of another type. Such a setting must cause an error instead of being treated as
    // missing.

    private static func text(_ key: ConfigKey, _ reader: ConfigReader) throws -> String? {
        if let value = reader.string(forKey: key) { return value }
        guard !isPresent(key, reader) else { throw SettingsError("the setting \(key) must be a text") }
        return nil
    }

    private static func isPresent(_ key: ConfigKey, _ reader: ConfigReader) -> Bool {
        reader.string(forKey: key) != nil || reader.int(forKey: key) != nil || reader.double(forKey: key) != nil
            || reader.bool(forKey: key) != nil || reader.stringArray(forKey: key) != nil
    }

    private static func place(_ reader: ConfigReader) throws -> DecoderPool.Place {
        guard let name = try text("decoders", reader) else { return .sandbox }
        guard let place = DecoderPool.Place(rawValue: name) else {
            throw SettingsError("'\(name)' is not a value of --decoders (FIXATIVE_DECODERS); use sandbox or in-process")
        }
        return place
    }

    /// The environment variable of a setting.
    private static func variable(_ key: ConfigKey) -> String {
        "FIXATIVE_" + "\(key)".replacing(/[A-Z]/) { "_" + $0.output }.uppercased()
    }

    private static func number(_ name: String, _ reader: ConfigReader) throws -> Int {
        guard let (standard, range) = numbers[name] else { preconditionFailure("the setting \(name) has no range") }
        let key = ConfigKey(name)
        guard let value = reader.int(forKey: key) else {
            guard !isPresent(key, reader) else {
                throw SettingsError("the setting \(key) (\(variable(key))) must be a whole number")
            }
            return standard
        }
        guard range.contains(value) else {
            let words = value <= 0 ? "it must be above 0" : "it must be at most \(range.upperBound)"
            throw SettingsError("the setting \(name) is \(value); \(words)")
        }
        return value
    }

    private static func fraction(_ key: ConfigKey, _ reader: ConfigReader, _ range: ClosedRange<Double>) throws -> Double? {
        guard let value = reader.double(forKey: key) ?? reader.int(forKey: key).map(Double.init) else {
            guard !isPresent(key, reader) else { throw SettingsError("the setting \(key) (\(variable(key))) must be a number") }
            return nil
        }
        guard range.contains(value) else {
            let words = value > range.upperBound ? "it must be at most \(range.upperBound)" : "it must not be below 0"
            throw SettingsError("the setting \(key) is \(value); \(words)")
        }
        return value
    }

    /// A value of digits only may be parsed as a number without its leading zeros.
    private static func permissions(_ key: ConfigKey, _ reader: ConfigReader) throws -> ArchivePermissions {
        guard let text = reader.string(forKey: key) ?? reader.int(forKey: key).map({ "\($0)" }) else { return .ownerOnly }
        guard let permissions = ArchivePermissions(umask: text) else {
            throw SettingsError(
                "'\(text)' in \(key) (--umask, \(variable(key))) is not a umask that leaves the owner all rights; examples: 077, 027"
            )
        }
        return permissions
    }

    private static func hosts(_ key: ConfigKey, _ reader: ConfigReader) throws -> [HostPattern] {
        guard let names = reader.stringArray(forKey: key) else {
            guard !isPresent(key, reader) else {
                throw SettingsError("the setting \(key) (\(variable(key))) must be a list of hosts")
            }
            return []
        }
        return try names.map { name in
            let name = name.trimmingCharacters(in: .whitespaces)
            guard let pattern = HostPattern(name) else {
                throw SettingsError(
                    "'\(name)' in \(key) (--result-host, \(variable(key))) is not a host; examples: a.example.com, *.example.com")
            }
            return pattern
        }
    }

    /// Items such as `gpt-image-2-beta=4 credits` or `gpt-image-2-beta=0.05 EUR`.
    private static func prices(_ key: ConfigKey, _ reader: ConfigReader) throws -> [String: Price] {
        guard let items = reader.stringArray(forKey: key) else {
            guard !isPresent(key, reader) else {
                throw SettingsError("the setting \(key) (\(variable(key))) must be a list of texts")
            }
            return [:]
        }
        var prices: [String: Price] = [:]
        for item in items {
            guard let match = item.wholeMatch(of: /\s*(\S+?)\s*=\s*([0-9.]+)\s+([A-Za-z]{1,8})\s*/),
                let amount = Amount(argument: String(match.2))
            else {
                throw SettingsError(
                    "'\(item.prefix(80))' in \(key) (\(variable(key))) is not a price; example: gpt-image-2-beta=4 credits")
            }
            prices[String(match.1)] = Price(amount.value, Amount.unit(String(match.3)))
        }
        return prices
    }

    private static func flag(_ key: ConfigKey, _ reader: ConfigReader) throws -> Bool? {
        if let value = reader.bool(forKey: key) { return value }
        guard !isPresent(key, reader) else {
            throw SettingsError("the setting \(key) must be true or false")
        }
        return nil
    }
}

/// An invalid setting, or another error that the user can correct.
struct SettingsError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
