import Crypto
import Foundation
import Synchronization

/// Browsers that have signed in. They can't send a token with each request, so each gets a random session id in a cookie.
///
/// The table lives in memory: a sign-out ends a session for every copy of its cookie, and a restart ends them all. Ids are kept as
/// their hashes, so a look-up's time tells nothing about an id.
final class ReaderSessions: Sendable {
    static let cookie = "fixative_reader"
    private static let length: TimeInterval = 30 * 86_400
    /// The most sessions at once; a further one ends the oldest.
    static let most = 1000

    private struct Session {
        /// The hash of the token it was begun with.
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

    /// The hash of the token that a session was begun with; `nil` for a session that has ended or never was.
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

    /// The header that gives a browser its cookie, or with `nil` takes it away.
    static func header(_ value: String?, isSecure: Bool) -> String {
        let age = value == nil ? 0 : Int(length)
        return "\(cookie)=\(value ?? ""); Max-Age=\(age); Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
    }
}
