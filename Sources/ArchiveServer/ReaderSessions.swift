import Crypto
import Foundation
import HTTPTypes
import Hummingbird

/// Browsers that somebody has signed in: they can't send a token with each request, so they get a cookie that says until when they
/// may read.
///
/// The cookie proves itself: an HMAC of its end under a key that comes from the hash of the token. Nothing is kept here, the cookie does not
/// tell the token, and it ends with it when the token is replaced.
struct ReaderSessions: Sendable {
    static let cookie = "fixative_reader"
    private static let length: TimeInterval = 30 * 86_400

    private let keys: [SymmetricKey]

    /// - Parameter tokens: The hashes of the tokens that let somebody read.
    init(tokens: [SHA256Digest]) { keys = tokens.map(Self.key) }

    private static func key(_ token: SHA256Digest) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Data(token)), info: Data("fixative reader cookie 1".utf8), outputByteCount: 32)
    }

    /// The value of a cookie for who has shown a token: `<end in seconds since 1970>.<64 hexadecimal digits>`.
    static func value(token: SHA256Digest, now: Date) -> String {
        let end = "\(Int(now.timeIntervalSince1970 + length))"
        let proof = HMAC<SHA256>.authenticationCode(for: Data(end.utf8), using: key(token))
        return end + "." + proof.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// Whether a cookie's value is one of ours and has not run out. The proofs are compared in constant time.
    func accept(_ value: String, now: Date) -> Bool {
        let parts = value.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count == 64, parts[0].utf8.count <= 12, let end = Int(parts[0]),
            now.timeIntervalSince1970 < Double(end)
        else { return false }
        let digits = parts[1].compactMap { $0.isASCII ? $0.hexDigitValue.map(UInt8.init) : nil }
        guard digits.count == 64 else { return false }
        let proof = stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        return keys.reduce(false) {
            HMAC<SHA256>.isValidAuthenticationCode(proof, authenticating: Data(parts[0].utf8), using: $1) || $0
        }
    }

    /// The header that gives a browser its cookie, or with `nil` takes it away.
    static func header(_ value: String?, isSecure: Bool) -> String {
        let age = value == nil ? 0 : Int(length)
        return "\(cookie)=\(value ?? ""); Max-Age=\(age); Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "")
    }
}
