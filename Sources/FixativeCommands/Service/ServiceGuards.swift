import ArchiveServer
import Foundation
import GenerationAPI

/// The tokens and secrets that guard a service, as the environment and the files that it names hold them now.
struct ServiceSecrets: Sendable, Equatable {
    let read: [String]
    let admin: [String]
    let gateway: [String]
    let hook: [String]

    /// - Throws: ``SettingsError`` for one that could be guessed, and for a file that can't be read or that everybody can read.
    init() throws {
        read = try secrets("READ_TOKEN")
        admin = try secrets("ADMIN_TOKEN")
        gateway = try secrets("GATEWAY_TOKEN")
        hook = try secrets("HOOK_SECRET")
    }

    /// Whether readers need a token.
    var isGuarded: Bool { !read.isEmpty || !admin.isEmpty }

    /// All of them, for the one who takes them out of texts.
    var all: [String] {
        let notify = (ProcessInfo.processInfo.environment["FIXATIVE_NOTIFY_SECRET"] ?? "").split(separator: ",").map(String.init)
        return read + admin + gateway + hook + notify
    }

    /// The webhook's address for the upstream, with the first of the hook secrets.
    /// - Parameter publicURL: Where the upstream reaches this service.
    /// - Throws: ``SettingsError`` for an address that the upstream would refuse, and without a secret.
    func callbackURL(under publicURL: String, allowsPrivateHosts: Bool) throws -> String {
        guard let secret = hook.first else {
            throw SettingsError(
                "--public-url asks the upstream to call back; set FIXATIVE_HOOK_SECRET for the callback's address")
        }
        let url = (publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL) + "/hooks/" + secret
        if !allowsPrivateHosts, let problem = GenerationRequest.callbackProblem(url) {
            throw SettingsError("the --public-url \(publicURL) \(problem); the upstream calls back nowhere else")
        }
        return url
    }
}

/// What asks for those secrets in a running service; a reload replaces them.
struct ServiceGuards: Sendable {
    let access: AccessControl
    let hooks: HookSecrets

    init(_ secrets: ServiceSecrets) {
        access = AccessControl(readTokens: secrets.read, adminTokens: secrets.admin, gatewayTokens: secrets.gateway)
        hooks = HookSecrets(secrets.hook)
    }

    func replace(_ secrets: ServiceSecrets) {
        access.replace(readTokens: secrets.read, adminTokens: secrets.admin, gatewayTokens: secrets.gateway)
        hooks.replace(secrets.hook)
    }
}
