import ArchiveModel
import GenerationAPI
import Logging
import Secrets
import ServiceLifecycle
import UnixSignals

/// Reads settings, key, tokens and secrets again on SIGHUP. If anything is invalid, everything is rejected and the service
/// continues unchanged.
struct Reloader: Service {
    let live: LiveInput
    let guards: ServiceGuards
    let listen: ListenAddress
    let log: ServiceLog
    let load: @Sendable () async throws -> ServiceInput
    /// Creates a new archiver; `nil` while the archive is not open.
    let makeContext: @Sendable (ServiceInput) -> ArchiverContext?

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() { await reload() }
    }

    private func reload() async {
        let old = live.input
        do {
            var new = try await load()
            try ServiceInput.check(new.secrets, listen: listen)
            let named = new.changes(from: old)
            let kept = named.compactMap { ServiceInput.fixedSettings[$0] }
            new.keepFixedSettings(of: old)
            let changes = named.filter { ServiceInput.fixedSettings[$0] == nil }
            log.hide(new.secrets.all + [new.key.unsafeSecret])
            guards.replace(new.secrets)
            live.replace(new, context: new.needsNewContext(after: old) ? makeContext(new) : nil)
            let text = changes.isEmpty ? "nothing has changed" : changes.joined(separator: ", ")
            log.line("reloaded   \(text)", message: "reloaded", ["changed": .array(changes.map { .string($0) })])
            if !kept.isEmpty {
                log.logger.warning("a changed setting needs a restart", metadata: ["settings": .array(kept.map { .string($0) })])
            }
        } catch {
            log.logger.error("the new settings are invalid; the old ones stay in use", metadata: ["reason": "\(error)"])
        }
    }
}
