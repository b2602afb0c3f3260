import ArchiveServer
import Foundation
import GenerationAPI

/// The tokens and secrets that protect a service, read from the environment and the files it names.
struct ServiceSecrets: Sendable, Equatable {
    let read: [String]
    let admin: [String]
    let gateway: [String]
    let hook: [String]
    private let notify: [String]

    /// - Throws: ``SettingsError`` for a secret that could be guessed, and for a file that is unreadable or readable by
    ///   everybody.
    init(in environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        read = try secrets("READ_TOKEN", in: environment)
        admin = try secrets("ADMIN_TOKEN", in: environment)
        gateway = try secrets("GATEWAY_TOKEN", in: environment)
        hook = try secrets("HOOK_SECRET", in: environment)
        // The notifier refuses invalid ones when it starts.
        notify = (environment["FIXATIVE_NOTIFY_SECRET"] ?? "").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }.filter { $0.utf8.count >= 16 }
    }

    /// Whether reading requires a token.
    var isGuarded: Bool { !read.isEmpty || !admin.isEmpty }

    /// All tokens and secrets, for redaction: as they are, and percent-encoded, as an address contains them.
    var all: [String] {
        let plain = read + admin + gateway + hook + notify
        let encoded = plain.compactMap { $0.addingPercentEncoding(withAllowedCharacters: Self.unreserved) }
        return plain + encoded.filter { !plain.contains($0) }
    }

    /// RFC 3986, section 2.3.
    private static let unreserved = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))

    /// All tokens and secrets that the environment names, for a verb that is not the service; empty if they can't be read.
    static var known: [String] { (try? ServiceSecrets())?.all ?? [] }

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
