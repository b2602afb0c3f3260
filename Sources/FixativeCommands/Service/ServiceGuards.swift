import ArchiveServer
import Foundation
import GenerationAPI

/// The tokens and secrets that guard a service.
struct ServiceGuards: Sendable {
    let access: AccessControl
    let hooks: HookSecrets
    /// All of them, for the one who takes them out of texts.
    let secrets: [String]
    /// The secret that callbacks are asked for with: the first.
    private let hookSecret: String?

    /// Reads them from the environment, and from the files that it names.
    /// - Throws: ``SettingsError`` for one that could be guessed, and for a file that can't be read or that everybody can read.
    init() throws {
        let (read, admin) = (try FixativeCommands.secrets("READ_TOKEN"), try FixativeCommands.secrets("ADMIN_TOKEN"))
        let (gateway, hook) = (try FixativeCommands.secrets("GATEWAY_TOKEN"), try FixativeCommands.secrets("HOOK_SECRET"))
        access = AccessControl(readTokens: read, adminTokens: admin, gatewayTokens: gateway)
        hooks = HookSecrets(hook)
        hookSecret = hook.first
        secrets = read + admin + gateway + hook
    }

    /// The webhook's address for the upstream.
    /// - Parameter publicURL: Where the upstream reaches this service.
    /// - Throws: ``SettingsError`` for an address that the upstream would refuse, and without a secret.
    func callbackURL(under publicURL: String, allowsPrivateHosts: Bool) throws -> String {
        guard let hookSecret else {
            throw SettingsError(
                "--public-url asks the upstream to call back; set FIXATIVE_HOOK_SECRET for the callback's address")
        }
        let url = (publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL) + "/hooks/" + hookSecret
        if !allowsPrivateHosts, let problem = GenerationRequest.callbackProblem(url) {
            throw SettingsError("the --public-url \(publicURL) \(problem); the upstream calls back nowhere else")
        }
        return url
    }
}
