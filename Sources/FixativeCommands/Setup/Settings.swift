import Archiver
import Configuration
import Foundation
import GenerationAPI
import SystemPackage
import WorkLanes

/// What a verb works with: flags, then the environment, then `fixative.json` in the storage, then defaults.
struct Settings: Sendable {
    var storage: String
    var apiURL: String
    var allowsPrivateHosts: Bool
    var workers: Int
    var downloads: Int
    /// The most bytes of one file.
    var maxBytes: Int
    /// The most pixels, and the longest side in pixels, of a picture that is decoded.
    var maxPixels: Int
    var maxSide: Int
    /// Seconds between sweeps of the account.
    var sweepInterval: Int

    static func load(
        _ storage: StorageOptions, upstream: UpstreamOptions? = nil, work: WorkOptions? = nil, sweepInterval: Int? = nil
    ) async throws -> Settings {
        var flags: [AbsoluteConfigKey: ConfigValue] = [:]
        func set(_ key: String, _ value: String?) { if let value { flags[[key]] = ConfigValue(.string(value), isSecret: false) } }
        func set(_ key: String, _ value: Int?) { if let value { flags[[key]] = ConfigValue(.int(value), isSecret: false) } }
        set("storage", storage.storage)
        set("apiUrl", upstream?.apiURL)
        if upstream?.allowPrivateHosts == true { flags["allowPrivateHosts"] = ConfigValue(.bool(true), isSecret: false) }
        set("workers", work?.workers)
        set("downloads", work?.downloads)
        set("maxBytes", work?.maxBytes)
        set("sweepInterval", sweepInterval)

        let given: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: flags), EnvironmentVariablesProvider().prefixKeys(with: "fixative"),
        ]
        let folder = ConfigReader(providers: given).string(forKey: "storage", default: "storage")
        guard !folder.isEmpty else {
            throw SettingsError("the storage folder has an empty name; set --storage or FIXATIVE_STORAGE")
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
        return options
    }

    private init(_ reader: ConfigReader, storage: String) throws {
        self.storage = storage
        apiURL = reader.string(forKey: "apiUrl", default: GenerationClient.defaultBaseURL)
        allowsPrivateHosts = reader.bool(forKey: "allowPrivateHosts", default: false)
        workers = reader.int(forKey: "workers", default: WorkLane.processors)
        downloads = reader.int(forKey: "downloads", default: 16)
        maxBytes = reader.int(forKey: "maxBytes", default: 256 << 20)
        maxPixels = reader.int(forKey: "maxPixels", default: 64_000_000)
        maxSide = reader.int(forKey: "maxSide", default: 16_384)
        sweepInterval = reader.int(forKey: "sweepInterval", default: 300)
        let numbers = [
            ("workers", workers), ("downloads", downloads), ("maxBytes", maxBytes), ("maxPixels", maxPixels),
            ("maxSide", maxSide),
            ("sweepInterval", sweepInterval),
        ]
        for (name, value) in numbers {
            guard value > 0 else { throw SettingsError("the setting \(name) is \(value); it must be above 0") }
        }
        guard let url = URL(string: apiURL), ["http", "https"].contains(url.scheme?.lowercased()), url.host != nil else {
            throw SettingsError("'\(apiURL)' is no http(s) address of an API; set --api-url or FIXATIVE_API_URL")
        }
    }
}

/// A setting that can't be worked with.
struct SettingsError: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
}
