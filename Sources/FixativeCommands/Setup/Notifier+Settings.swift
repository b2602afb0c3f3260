import ArchiveModel
import ArchiveStore
import Catalog
import Foundation
import Networking
import Notifications
import Telemetry

extension Notifier {
    /// - Throws: ``SettingsError`` for an invalid address or secret. The message contains neither in full, since both may be
    ///   secret.
    static func check(_ address: String?) throws { _ = try receiver(address) }

    private static func receiver(_ address: String?) throws -> (url: FetchableURL, signer: WebhookSigner)? {
        let environment = ProcessInfo.processInfo.environment
        guard let address = address ?? environment["FIXATIVE_NOTIFY_URL"], !address.isEmpty else { return nil }
        let url: FetchableURL
        do {
            url = try FetchableURL(address)
        } catch {
            throw SettingsError(
                "the address for notifications can't be used: \(error); correct --notify-url or FIXATIVE_NOTIFY_URL")
        }
        let secrets = (environment["FIXATIVE_NOTIFY_SECRET"] ?? "").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        do {
            return (url, try WebhookSigner(secrets: secrets))
        } catch { throw SettingsError("\(error)") }
    }

    /// The configured notifier; `nil` for none. Also turns the queueing of notices on or off.
    ///
    /// - Parameters:
    ///   - address: The receiver; if `nil`, the environment is used.
    ///   - warn: Called with a readable text about notices that were given up.
    /// - Throws: Errors of ``check(_:)``, and ``CatalogError``.
    static func wanted(
        _ address: String?, archive: Archive, metrics: ArchiveMetrics, warn: @escaping @Sendable (String) -> Void
    ) async throws -> Notifier? {
        guard let receiver = try receiver(address) else {
            try await archive.catalog.keepNotices(nil)
            return nil
        }
        try await archive.catalog.keepNotices(most)
        return Notifier(
            outbox: archive.catalog, signer: receiver.signer, clock: archive.clock, metrics: metrics,
            makePoster: { HTTPNoticePoster(url: receiver.url) }, warn: warn)
    }
}
