package import ArchiveModel
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Synchronization

/// Checks which tokens and sessions may do what. The tokens can be replaced while the server runs.
package final class AccessControl: Sendable {
    package enum Scope: Sendable, Hashable { case read, admin }

    private struct Tokens {
        var readers: [SHA256Digest]
        var admins: [SHA256Digest]
        var callers: [SHA256Digest]

        init(read: [String], admin: [String], gateway: [String]) {
            readers = read.map(Self.hash)
            admins = admin.map(Self.hash)
            callers = gateway.map(Self.hash)
        }

        static func hash(_ token: String) -> SHA256Digest { SHA256.hash(data: Data(token.utf8)) }

        var isGuarded: Bool { !readers.isEmpty || !admins.isEmpty }

        /// Compares in constant time, and always with every hash.
        static func contains(_ hash: SHA256Digest, in hashes: [SHA256Digest]) -> Bool {
            hashes.reduce(false) { ($1 == hash) || $0 }
        }

        func allows(_ scope: Scope, token: String?) -> Bool {
            guard let token else { return scope == .read && !isGuarded }
            let hash = Self.hash(token)
            let isAdmin = Self.contains(hash, in: admins)
            guard scope == .read else { return isAdmin }
            return Self.contains(hash, in: readers) || isAdmin || !isGuarded
        }
    }

    private let tokens: Mutex<Tokens>
    private let sessions = ReaderSessions()
    private let failures: FailureLimiter
    private let clock: any WallClock

    /// - Parameters:
    ///   - readTokens: Allow reading. Without any, every client may read, so the server then listens on loopback only.
    ///   - adminTokens: Allow reading and changes. Without any, no client may change anything.
    ///   - gatewayTokens: Allow use of the service's own key through the gateway, and nothing else.
    package init(
        readTokens: [String], adminTokens: [String], gatewayTokens: [String] = [], clock: any WallClock = SystemClock()
    ) {
        tokens = Mutex(Tokens(read: readTokens, admin: adminTokens, gateway: gatewayTokens))
        failures = FailureLimiter(clock: clock)
        self.clock = clock
    }

    /// Replaces all tokens. This ends sessions that were started with a removed token.
    package func replace(readTokens: [String], adminTokens: [String], gatewayTokens: [String]) {
        let new = Tokens(read: readTokens, admin: adminTokens, gateway: gatewayTokens)
        tokens.withLock { $0 = new }
    }

    /// Whether reading requires a token. If not, the server must not be reachable from outside.
    package var isGuarded: Bool { current.isGuarded }

    /// Sets the logger for wrong tokens.
    func log(to logger: Logger) { failures.log(to: logger) }

    private var current: Tokens { tokens.withLock { $0 } }

    /// Whether a token allows use of the service's own key through the gateway.
    func mayGenerate(token: String) -> Bool {
        let tokens = current
        return Tokens.contains(Tokens.hash(token), in: tokens.admins + tokens.callers)
    }

    /// - Throws: ``Problem`` with 401 without a valid token, 403 if the token does not allow the scope, 429 after too many wrong
    ///   tokens.
    func require(_ scope: Scope, _ request: Request, from client: ClientAddress) throws {
        let tokens = current
        let header = request.headers[.authorization]
        let token = header.flatMap { $0.lowercased().hasPrefix("bearer ") ? String($0.dropFirst(7)) : nil }
        if tokens.allows(scope, token: token) { return }
        if scope == .read, isSignedIn(request) { return }
        let mayRead = token != nil && tokens.allows(.read, token: token)
        if header != nil, !mayRead { try noteFailure(of: client) }
        if scope == .admin, tokens.admins.isEmpty {
            throw Problem(
                .forbidden, "This server has no admin token, so nothing can be changed through it. Set FIXATIVE_ADMIN_TOKEN.")
        }
        if mayRead { throw Problem(.forbidden, "This token allows only reading. Changes need an admin token.") }
        throw Problem(
            .unauthorized, "A token is needed: Authorization: Bearer <token>.", headers: [.wwwAuthenticate: "Bearer"])
    }

    /// Counts a wrong token or secret. Valid ones are never rejected, so an attacker can't lock out other clients behind the same
    /// address.
    /// - Throws: ``Problem`` with 429 if the client's address has sent too many.
    func noteFailure(of client: ClientAddress) throws {
        guard let wait = failures.record(client) else { return }
        throw Problem(.tooManyRequests, "Too many wrong tokens came from this address.", headers: [.retryAfter: "\(wait)"])
    }
}

extension AccessControl {
    /// Whether the request has a valid browser session. Sessions allow reading, never changes.
    private func isSignedIn(_ request: Request) -> Bool {
        guard [.get, .head].contains(request.method), let cookie = request.cookies[ReaderSessions.cookie],
            let hash = sessions.token(of: cookie.value, now: clock.now)
        else { return false }
        let tokens = current
        return Tokens.contains(hash, in: tokens.readers + tokens.admins)
    }

    /// Like `require(.read, …)`, but does not count failures.
    func mayRead(_ request: Request) -> Bool {
        let header = request.headers[.authorization]
        let token = header.flatMap { $0.lowercased().hasPrefix("bearer ") ? String($0.dropFirst(7)) : nil }
        return current.allows(.read, token: token) || isSignedIn(request)
    }

    /// Starts a session under a new ID, and ends the browser's previous one.
    /// - Returns: The cookie's value; `nil` if the token does not allow reading.
    func signIn(token: String, _ request: Request) -> String? {
        let tokens = current
        guard tokens.isGuarded, tokens.allows(.read, token: token) else { return nil }
        signOut(request)
        return sessions.begin(token: Tokens.hash(token), now: clock.now)
    }

    /// Ends the browser's session on the server, so that copies of its cookie become invalid too.
    func signOut(_ request: Request) {
        if let cookie = request.cookies[ReaderSessions.cookie] { sessions.end(cookie.value) }
    }
}

/// Checks the scope before the request is handled.
struct ScopeMiddleware: RouterMiddleware {
    let access: AccessControl
    let scope: AccessControl.Scope

    func handle(
        _ request: Request, context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        try access.require(scope, request, from: context.client)
        return try await next(request, context)
    }
}

/// The secrets in the webhook's URL. Two may be valid during rotation, and they can be replaced while the server runs.
package final class HookSecrets: Sendable {
    private let hashes: Mutex<[SHA256Digest]>

    package init(_ secrets: [String]) { hashes = Mutex(Self.hashes(of: secrets)) }

    private static func hashes(of secrets: [String]) -> [SHA256Digest] { secrets.map { SHA256.hash(data: Data($0.utf8)) } }

    package func replace(_ secrets: [String]) {
        let new = Self.hashes(of: secrets)
        hashes.withLock { $0 = new }
    }

    package var isEmpty: Bool { hashes.withLock { $0.isEmpty } }

    func contains(_ secret: String) -> Bool {
        let hash = SHA256.hash(data: Data(secret.utf8))
        return hashes.withLock { $0 }.reduce(false) { ($1 == hash) || $0 }
    }
}
