import ArchiveServer
import GenerationAPI
import Secrets

/// Everything that a reload reads again: settings, key, tokens and secrets.
struct ServiceInput: Sendable {
    var settings: Settings
    var key: APIKey
    var secrets: ServiceSecrets
    var gateway: Gateway.Options
    /// Problems with the settings that do not prevent their use.
    var warnings: [String] = []

    /// The names of changed settings. Values are left out, since most are secrets.
    func changes(from old: ServiceInput) -> [String] {
        let (before, after) = (Mirror(reflecting: old.settings).children, Mirror(reflecting: settings).children)
        var names = zip(before, after).compactMap { "\($0.value)" == "\($1.value)" ? nil : $1.label }
        if key.unsafeSecret != old.key.unsafeSecret { names.append("FIXATIVE_API_KEY") }
        let pairs = [
            ("FIXATIVE_READ_TOKEN", secrets.read, old.secrets.read), ("FIXATIVE_ADMIN_TOKEN", secrets.admin, old.secrets.admin),
            ("FIXATIVE_GATEWAY_TOKEN", secrets.gateway, old.secrets.gateway),
            ("FIXATIVE_HOOK_SECRET", secrets.hook, old.secrets.hook),
        ]
        return names + pairs.filter { $0.1 != $0.2 }.map(\.0)
    }

    /// Settings that a running service can't change, since the archive is open and the notifier runs; with their keys.
    static let fixedSettings = ["storage": "storage", "permissions": "umask", "notifyURL": "notifyUrl"]

    mutating func keepFixedSettings(of old: ServiceInput) {
        settings.storage = old.settings.storage
        settings.permissions = old.settings.permissions
        settings.notifyURL = old.settings.notifyURL
    }

    /// Whether the changes require a new archiver.
    func needsNewContext(after old: ServiceInput) -> Bool {
        changes(from: old).contains { !$0.hasPrefix("FIXATIVE_") || $0 == "FIXATIVE_API_KEY" }
    }

    /// - Throws: ``SettingsError`` for a server without tokens that other machines can reach.
    static func check(_ secrets: ServiceSecrets, listen: ListenAddress) throws {
        guard secrets.isGuarded || ArchiveServer.Options.isLoopback(listen.host) else {
            throw SettingsError(
                "\(listen.host) can be reached from other machines. Set FIXATIVE_READ_TOKEN or FIXATIVE_ADMIN_TOKEN, or listen on 127.0.0.1"
            )
        }
    }
}
