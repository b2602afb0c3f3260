import Crypto
import Foundation
import Synchronization

/// Sessions of signed-in browsers. A browser can't send a token with each request, so it gets a random session ID in a cookie.
///
/// Sessions are kept in memory: a sign-out ends a session for every copy of its cookie, and a restart ends all sessions. IDs are
/// stored as hashes, so the time of a look-up reveals nothing about an ID.
final class ReaderSessions: Sendable {
    static let cookie = "fixative_reader"
    private static let length: TimeInterval = 30 * 86_400
    /// Maximum number of sessions at once; a new one beyond the limit ends the oldest.
    static let most = 1000

    private struct Session {
        /// The hash of the token with which the session was started.
        var token: SHA256Digest
        var end: Date
    }

    private let sessions = Mutex<[SHA256Digest: Session]>([:])

    /// - Returns: The cookie's value: 256 random bits in hexadecimal.
    func begin(token: SHA256Digest, now: Date) -> String {
        let id = unsafe SymmetricKey(size: .bits256).withUnsafeBytes { bytes in
            unsafe bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        let session = Session(token: token, end: now.addingTimeInterval(Self.length))
        sessions.withLock { sessions in
            if sessions.count >= Self.most { sessions = sessions.filter { $0.value.end > now } }
            if sessions.count >= Self.most, let oldest = sessions.min(by: { $0.value.end < $1.value.end }) {
                sessions[oldest.key] = nil
            }
            sessions[Self.key(id)] = session
        }
        return id
    }

    /// The hash of the token with which a session was started; `nil` for an unknown or ended session.
    func token(of id: String, now: Date) -> SHA256Digest? {
        guard id.utf8.count == 64 else { return nil }
        let key = Self.key(id)
        return sessions.withLock { sessions in
            guard let session = sessions[key] else { return nil }
            if now < session.end { return session.token }
            sessions[key] = nil
            return nil
        }
    }

    func end(_ id: String) {
        let key = Self.key(id)
        sessions.withLock { $0[key] = nil }
    }

    private static func key(_ id: String) -> SHA256Digest { SHA256.hash(data: Data(id.utf8)) }

    /// The header that sets the cookie, or deletes it if the value is `nil`.
    static func header(_ value: String?, isSecure: Bool) -> String {
        let age = value == nil ? 0 : Int(length)
        return "\(cookie)=\(value ?? ""); Max-Age=\(age); Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
    }
}
