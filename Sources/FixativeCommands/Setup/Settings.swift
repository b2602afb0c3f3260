import Archiver
import Configuration
import Foundation
import GenerationAPI
import Networking
import SystemPackage
import WorkLanes

/// What a verb works with: flags, then the environment, then `fixative.json` in the storage, then defaults.
struct Settings: Sendable {
    var storage: String
    var apiURL: String
    var allowsPrivateHosts: Bool
    /// The only hosts that results are fetched from; empty for every public host.
    var resultHosts: [HostPattern]
    var workers: Int
    var downloads: Int
    /// The most bytes of one file.
    var maxBytes: Int
    /// The most pixels, and the longest side in pixels, of a picture that is decoded.
    var maxPixels: Int
    var maxSide: Int
    /// Seconds between sweeps of the account.
    var sweepInterval: Int
    /// Seconds that a worker's claim on a task or output holds without a sign of life from it.
    var leaseSeconds: Int
    /// Requests on their way to one result host at once, and begun there in a second (0: no limit).
    var perHost: Int
    var perHostRate: Double
    /// A transfer that brings less than so many bytes a second, over so many seconds, is tried again later (0: no such rule).
    var lowSpeedBytes: Double
    var lowSpeedSeconds: Double
    /// Hours before its deadline from which on something that still waits is at risk.
    var riskHours: Double

    static func load(_ common: CommonOptions, work: WorkOptions? = nil, sweepInterval: Int? = nil) async throws -> Settings {
        var flags: [AbsoluteConfigKey: ConfigValue] = [:]
        func set(_ key: String, _ value: String?) { if let value { flags[[key]] = ConfigValue(.string(value), isSecret: false) } }
        func set(_ key: String, _ value: Int?) { if let value { flags[[key]] = ConfigValue(.int(value), isSecret: false) } }
        set("storage", common.storage)
        set("apiUrl", common.apiURL)
        if common.allowPrivateHosts { flags["allowPrivateHosts"] = ConfigValue(.bool(true), isSecret: false) }
        set("workers", work?.workers)
        set("downloads", work?.downloads)
        set("maxBytes", work?.maxBytes)
        set("perHost", work?.perHost)
        if let hosts = work?.resultHosts, !hosts.isEmpty {
            flags["resultHosts"] = ConfigValue(.stringArray(hosts), isSecret: false)
        }
        set("sweepInterval", sweepInterval)

        let given: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: flags), EnvironmentVariablesProvider().prefixKeys(with: "fixative"),
        ]
        let folder = ConfigReader(providers: given).string(forKey: "storage", default: "storage")
        guard !folder.isEmpty else {
            throw SettingsError("the storage folder has an empty name; set --storage or FIXATIVE_STORAGE")
        }
        let kind = try? FileManager.default.attributesOfItem(atPath: folder)[.type] as? FileAttributeType
        guard kind != .typeRegular else {
            throw SettingsError("the storage \(folder) is a file; name a folder by --storage or FIXATIVE_STORAGE")
        }
        let path = folder + "/fixative.json"
        do {
            let file = try await FileProvider<JSONSnapshot>(filePath: FilePath(path), allowMissing: true)
            return try Settings(ConfigReader(providers: given + [file]), storage: folder)
        } catch let error as SettingsError {
            throw error
        } catch {
            throw SettingsError("the settings in \(path) can't be read: \(error). Correct the file, or take it away")
        }
    }

    /// How an archiver works by these settings.
    var archiverOptions: ArchiverOptions {
        var options = ArchiverOptions(downloads: downloads, workers: workers, sweepInterval: TimeInterval(sweepInterval))
        options.largestPicture = (maxPixels, maxSide)
        options.leaseDuration = TimeInterval(leaseSeconds)
        options.riskTime = riskTime
        return options
    }

    /// Seconds before its deadline from which on something that still waits is at risk.
    var riskTime: TimeInterval { riskHours * 3600 }

    /// How much one result host is asked.
    var hostLimits: HostLimits { HostLimits(concurrent: perHost, perSecond: perHostRate > 0 ? perHostRate : nil) }

    private init(_ reader: ConfigReader, storage: String) throws {
        self.storage = storage
        apiURL = try Self.text("apiUrl", reader) ?? GenerationClient.defaultBaseURL
        allowsPrivateHosts = try Self.flag("allowPrivateHosts", reader) ?? false
        resultHosts = try Self.hosts("resultHosts", reader)
        workers = try Self.number("workers", reader) ?? WorkLane.processors
        downloads = try Self.number("downloads", reader) ?? 16
        maxBytes = try Self.number("maxBytes", reader) ?? 256 << 20
        maxPixels = try Self.number("maxPixels", reader) ?? 64_000_000
        maxSide = try Self.number("maxSide", reader) ?? 16_384
        sweepInterval = try Self.number("sweepInterval", reader) ?? 300
        leaseSeconds = try Self.number("leaseSeconds", reader) ?? 30
        perHost = try Self.number("perHost", reader) ?? 16
        perHostRate = try Self.fraction("perHostRate", reader) ?? 0
        lowSpeedBytes = try Self.fraction("lowSpeedBytes", reader) ?? 1024
        lowSpeedSeconds = try Self.fraction("lowSpeedSeconds", reader) ?? 30
        riskHours = try Self.fraction("riskHours", reader) ?? 2
        let numbers = [
            ("workers", workers), ("downloads", downloads), ("maxBytes", maxBytes), ("maxPixels", maxPixels),
            ("maxSide", maxSide),
            ("sweepInterval", sweepInterval), ("leaseSeconds", leaseSeconds), ("perHost", perHost),
        ]
        for (name, value) in numbers {
            guard value > 0 else { throw SettingsError("the setting \(name) is \(value); it must be above 0") }
        }
        for (name, value) in [
            ("perHostRate", perHostRate), ("riskHours", riskHours), ("lowSpeedBytes", lowSpeedBytes),
            ("lowSpeedSeconds", lowSpeedSeconds),
        ] {
            guard value >= 0, value.isFinite else {
                throw SettingsError("the setting \(name) is \(value); it must not be below 0")
            }
        }
        do {
            _ = try FetchableURL(apiURL)
        } catch {
            throw SettingsError("'\(apiURL)' is no http(s) address of an API: \(error); set --api-url or FIXATIVE_API_URL")
        }
    }

    // A reader takes a value of another type for none; a setting that is there and can't be read must not pass for one that is not.

    private static func text(_ key: ConfigKey, _ reader: ConfigReader) throws -> String? {
        if let value = reader.string(forKey: key) { return value }
        guard reader.double(forKey: key) == nil, reader.bool(forKey: key) == nil else {
            throw SettingsError("the setting \(key) is no text")
        }
        return nil
    }

    /// The environment variable of a setting.
    private static func variable(_ key: ConfigKey) -> String {
        "FIXATIVE_" + "\(key)".replacing(/[A-Z]/) { "_" + $0.output }.uppercased()
    }

    private static func number(_ key: ConfigKey, _ reader: ConfigReader) throws -> Int? {
        if let value = reader.int(forKey: key) { return value }
        guard reader.string(forKey: key) == nil, reader.double(forKey: key) == nil, reader.bool(forKey: key) == nil else {
            throw SettingsError("the setting \(key) (\(variable(key))) is no whole number")
        }
        return nil
    }

    private static func fraction(_ key: ConfigKey, _ reader: ConfigReader) throws -> Double? {
        if let value = reader.double(forKey: key) ?? reader.int(forKey: key).map(Double.init) { return value }
        guard reader.string(forKey: key) == nil, reader.bool(forKey: key) == nil else {
            throw SettingsError("the setting \(key) (\(variable(key))) is no number")
        }
        return nil
    }

    private static func hosts(_ key: ConfigKey, _ reader: ConfigReader) throws -> [HostPattern] {
        guard let names = reader.stringArray(forKey: key) else {
            guard reader.string(forKey: key) == nil, reader.double(forKey: key) == nil, reader.bool(forKey: key) == nil else {
                throw SettingsError("the setting \(key) (\(variable(key))) is no list of hosts")
            }
            return []
        }
        return try names.map { name in
            let name = name.trimmingCharacters(in: .whitespaces)
            guard let pattern = HostPattern(name) else {
                throw SettingsError(
                    "'\(name)' in \(key) (--result-host, \(variable(key))) is no host: files.example.com or *.example.com")
            }
            return pattern
        }
    }

    private static func flag(_ key: ConfigKey, _ reader: ConfigReader) throws -> Bool? {
        if let value = reader.bool(forKey: key) { return value }
        guard reader.string(forKey: key) == nil, reader.double(forKey: key) == nil else {
            throw SettingsError("the setting \(key) is neither true nor false")
        }
        return nil
    }
}

/// A setting that can't be worked with.
struct SettingsError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
