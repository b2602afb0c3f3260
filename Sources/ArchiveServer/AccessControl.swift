package import ArchiveModel
import Crypto
import Foundation
import HTTPTypes
import Hummingbird

/// Who may do what.
package struct AccessControl: Sendable {
    package enum Scope: Sendable, Hashable { case read, admin }

    private let readers: [SHA256Digest]
    private let admins: [SHA256Digest]
    private let callers: [SHA256Digest]
    private let sessions: ReaderSessions
    private let clock: any WallClock

    /// - Parameters:
    ///   - readTokens: Let their bearers read. Without any, everybody who reaches the server may: so it listens on loopback only.
    ///   - adminTokens: Let their bearers read and change. Without any, nobody may change anything.
    ///   - gatewayTokens: Let their bearers have pictures made through the gateway with the service's own key, and nothing else.
    package init(
        readTokens: [String], adminTokens: [String], gatewayTokens: [String] = [], clock: any WallClock = SystemClock()
    ) {
        readers = readTokens.map { SHA256.hash(data: Data($0.utf8)) }
        admins = adminTokens.map { SHA256.hash(data: Data($0.utf8)) }
        callers = gatewayTokens.map { SHA256.hash(data: Data($0.utf8)) }
        sessions = ReaderSessions(tokens: readers + admins)
        self.clock = clock
    }

    /// Whether a token is asked of readers: without, the server must not be reached from outside.
    package var isGuarded: Bool { !readers.isEmpty || !admins.isEmpty }

    /// What a token may do. Hashes are compared, so that the time it takes tells nothing of how much of a token is right.
    private func allows(_ scope: Scope, token: String?) -> Bool {
        guard let token else { return scope == .read && !isGuarded }
        let hash = SHA256.hash(data: Data(token.utf8))
        let isAdmin = admins.reduce(false) { $0 || $1 == hash }
        guard scope == .read else { return isAdmin }
        return readers.reduce(isAdmin) { $0 || $1 == hash } || !isGuarded
    }

    /// Whether a token stands for the service's own key in the gateway.
    func mayGenerate(token: String) -> Bool {
        let hash = SHA256.hash(data: Data(token.utf8))
        return (admins + callers).reduce(false) { $0 || $1 == hash }
    }

    /// - Throws: ``Problem`` with 401 where no good token came, 403 where the token may not do this.
    func require(_ scope: Scope, _ request: Request) throws {
        let header = request.headers[.authorization]
        let token = header.flatMap { $0.lowercased().hasPrefix("bearer ") ? String($0.dropFirst(7)) : nil }
        if allows(scope, token: token) { return }
        if scope == .read, isSignedIn(request) { return }
        if scope == .admin, admins.isEmpty {
            throw Problem(
                .forbidden, "This server has no admin token, so nothing can be changed through it. Set FIXATIVE_ADMIN_TOKEN.")
        }
        if token != nil, allows(.read, token: token) {
            throw Problem(.forbidden, "This token may read, and not change anything.")
        }
        throw Problem(
            .unauthorized, "A token is needed: Authorization: Bearer <token>.", headers: [.wwwAuthenticate: "Bearer"])
    }
}

extension AccessControl {
    /// Whether a browser has signed in: that is good for reading, never for a change.
    private func isSignedIn(_ request: Request) -> Bool {
        guard [.get, .head].contains(request.method), let cookie = request.cookies[ReaderSessions.cookie] else { return false }
        return sessions.accept(cookie.value, now: clock.now)
    }

    func mayRead(_ request: Request) -> Bool { (try? require(.read, request)) != nil }

    /// What a browser gets for a token, to show instead of it; `nil` when the token is not good for reading.
    func session(token: String) -> String? {
        guard isGuarded, allows(.read, token: token) else { return nil }
        return ReaderSessions.value(token: SHA256.hash(data: Data(token.utf8)), now: clock.now)
    }
}

/// Asks for a scope before anything else is looked at.
struct ScopeMiddleware<Context: RequestContext>: RouterMiddleware {
    let access: AccessControl
    let scope: AccessControl.Scope

    func handle(_ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response) async throws
        -> Response
    {
        try access.require(scope, request)
        return try await next(request, context)
    }
}

/// The secrets of the webhook's address; two may be valid while one replaces the other.
package struct HookSecrets: Sendable {
    private let hashes: [SHA256Digest]

    package init(_ secrets: [String]) { hashes = secrets.map { SHA256.hash(data: Data($0.utf8)) } }

    package var isEmpty: Bool { hashes.isEmpty }

    func contains(_ secret: String) -> Bool {
        let hash = SHA256.hash(data: Data(secret.utf8))
        return hashes.reduce(false) { $0 || $1 == hash }
    }
}
