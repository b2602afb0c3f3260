import ArchiveServer
import Foundation
import GenerationAPI

/// The tokens and secrets that protect a service, read from the environment and the files it names.
struct ServiceSecrets: Sendable, Equatable {
    let read: [String]
    let admin: [String]
    let gateway: [String]
    let hook: [String]

    /// - Throws: ``SettingsError`` for a secret that could be guessed, and for a file that is unreadable or readable by
    ///   everybody.
    init() throws {
        read = try secrets("READ_TOKEN")
        admin = try secrets("ADMIN_TOKEN")
        gateway = try secrets("GATEWAY_TOKEN")
        hook = try secrets("HOOK_SECRET")
    }

    /// Whether reading requires a token.
    var isGuarded: Bool { !read.isEmpty || !admin.isEmpty }

    /// All tokens and secrets, for redaction.
    var all: [String] {
        let notify = (ProcessInfo.processInfo.environment["FIXATIVE_NOTIFY_SECRET"] ?? "").split(separator: ",").map(String.init)
        return read + admin + gateway + hook + notify
    }

    /// The callback URL for the upstream, with the first hook secret.
    /// - Parameter publicURL: The address at which the upstream can reach this service.
    /// - Throws: ``SettingsError`` for an address that the upstream would refuse, and if there is no secret.
    func callbackURL(under publicURL: String, allowsPrivateHosts: Bool) throws -> String {
        guard let secret = hook.first else {
            throw SettingsError(
                "--public-url needs a secret for the callback's address; set FIXATIVE_HOOK_SECRET")
        }
        let url = (publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL) + "/hooks/" + secret
        if !allowsPrivateHosts, let problem = GenerationRequest.callbackProblem(url) {
            throw SettingsError("the --public-url \(publicURL) \(problem); the upstream only calls public HTTPS addresses")
        }
        return url
    }
}

/// The access checks of a running service, which use these secrets; a reload replaces the secrets.
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
