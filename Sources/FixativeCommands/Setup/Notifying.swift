import ArchiveModel
import Catalog
import Foundation
import Networking
import Notifications
import Telemetry

extension Notifier {
    /// - Throws: ``SettingsError`` for an address or a secret that can't be used. Neither is told whole: both may hold secrets.
    static func check(_ address: String?) throws { _ = try receiver(address) }

    private static func receiver(_ address: String?) throws -> (url: FetchableURL, signer: WebhookSigner)? {
        let environment = ProcessInfo.processInfo.environment
        guard let address = address ?? environment["FIXATIVE_NOTIFY_URL"], !address.isEmpty else { return nil }
        let url: FetchableURL
        do {
            url = try FetchableURL(address)
        } catch {
            throw SettingsError("the address of the notifications can't be used: \(error); correct --notify-url")
        }
        let secrets = (environment["FIXATIVE_NOTIFY_SECRET"] ?? "").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        do {
            return (url, try WebhookSigner(secrets: secrets))
        } catch { throw SettingsError("\(error)") }
    }

    /// The notifier that the operator wants; `nil` for none. What ends is noted for it from now on.
    ///
    /// - Parameters:
    ///   - address: Of the receiver; without one, that of the environment counts.
    ///   - warn: Told what was given up.
    /// - Throws: As ``check(_:)``, and ``CatalogError``.
    static func wanted(
        _ address: String?, archive: OpenArchive, metrics: ArchiveMetrics, warn: @escaping @Sendable (String) -> Void
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
