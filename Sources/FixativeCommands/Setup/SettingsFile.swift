import ArchiveModel
import Configuration
import Foundation
import Glibc

/// A settings file: one JSON object whose values are strings, numbers, booleans or lists of strings.
struct SettingsFile {
    let path: String
    private let values: [String: ConfigContent]

    /// Maximum size of a settings file in bytes.
    private static let mostBytes = 64 << 10

    var keys: Set<String> { Set(values.keys) }

    var provider: InMemoryProvider { provider(of: keys) }

    /// Provides only these settings of the file.
    func provider(of keys: Set<String>) -> InMemoryProvider {
        let chosen = values.filter { keys.contains($0.key) }.map {
            (AbsoluteConfigKey([$0.key]), ConfigValue($0.value, isSecret: false))
        }
        return InMemoryProvider(name: path, values: Dictionary(chosen) { first, _ in first })
    }

    /// The suggested location of a user's settings.
    static let suggestedPath = "~/.config/fixative/config.json"

    /// The config file outside the archive: the named one, or the first that exists.
    ///
    /// - Parameter name: The value of `--config`.
    /// - Throws: ``SettingsError`` for a named file that is missing, and for a file that is unreadable or writable by others.
    static func outside(named name: String?, environment: [String: String]) throws -> SettingsFile? {
        if let path = name ?? environment["FIXATIVE_CONFIG"], !path.isEmpty {
            guard let file = try read(path, .named) else {
                throw SettingsError("there is no config file \(path); correct --config or FIXATIVE_CONFIG")
            }
            return file
        }
        var paths: [String] = []
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") {
            paths.append(folder + "/fixative/config.json")
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            paths.append(home + "/.config/fixative/config.json")
        }
        paths.append("/etc/fixative/fixative.json")
        for path in paths {
            if let file = try read(path, .found) { return file }
        }
        return nil
    }

    /// The file in a storage, which may come from another person: links are not followed, and only a regular file is read.
    static func inside(_ storage: String) throws -> SettingsFile? { try read(storage + "/fixative.json", .ofArchive) }

    /// Whether a file is inside a folder, after resolving links.
    static func isFile(_ path: String, inside folder: String) -> Bool {
        guard let file = resolved(path), let folder = resolved(folder) else { return false }
        return file.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
    }

    private static func resolved(_ path: String) -> String? {
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    private enum Origin { case named, found, ofArchive }

    private static func read(_ path: String, _ origin: Origin) throws -> SettingsFile? {
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (origin == .ofArchive ? O_NOFOLLOW : 0)
        let file = unsafe open(path, flags)
        guard file >= 0 else {
            let code = errno
            // A default location that this user can't access contains no settings for this user.
            if code == ENOENT || code == ENOTDIR || (code == EACCES && origin == .found) { return nil }
            throw SettingsError("the settings in \(path) can't be read: \(unsafe String(cString: strerror(code)))")
        }
        defer { close(file) }
        var facts = stat()
        guard unsafe fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            throw SettingsError("the settings in \(path) can't be read: it is not a regular file. Remove it")
        }
        if origin != .ofArchive {
            guard facts.st_mode & S_IWOTH == 0 else {
                throw SettingsError("everybody on this machine can change the config file \(path). Run: chmod o-w \(path)")
            }
            guard origin == .named || [0, geteuid()].contains(facts.st_uid) || geteuid() == 0 else {
                throw SettingsError(
                    "the config file \(path) belongs to another user; to use this file, give its path with --config")
            }
        }
        return SettingsFile(path: path, values: try values(of: file, path))
    }

    private static func values(of file: Int32, _ path: String) throws -> [String: ConfigContent] {
        do {
            let data = try FileHandle(fileDescriptor: file, closeOnDealloc: false).read(upToCount: mostBytes + 1) ?? Data()
            guard data.count <= mostBytes else { throw SettingsError("it has more than \(mostBytes) bytes") }
            guard case .object(let members) = try JSONDecoder().decode(JSONValue.self, from: data) else {
                throw SettingsError("it is not a JSON object")
            }
            var values: [String: ConfigContent] = [:]
            for (key, value) in members where value != .null { values[key] = try content(value, key) }
            return values
        } catch {
            throw SettingsError("the settings in \(path) can't be read: \(error). Correct the file, or remove it")
        }
    }

    private static func content(_ value: JSONValue, _ key: String) throws -> ConfigContent {
        switch value {
        case .bool(let value): return .bool(value)
        case .integer(let value): return .int(Int(value))
        case .number(let value): return Int(exactly: value).map(ConfigContent.int) ?? .double(value)
        case .string(let text): return .string(text)
        case .array(let items) where items.allSatisfy({ $0.string != nil }): return .stringArray(items.compactMap(\.string))
        case .array, .object, .unsigned, .null:
            throw SettingsError("the setting \(key.prefix(40)) must be a text, a number, true, false or a list of texts")
        }
    }
}
