import Crypto
import Foundation

/// Signs and verifies links to result files.
///
/// A link is `/files/<task>/<index>.<ending>?exp=<unix seconds>&n=<number>&sig=<hex>`. The signature covers everything before
/// `&sig=`.
struct LinkSigner: Sendable {
    private let key: SymmetricKey

    init(seed: UInt64) {
        key = SymmetricKey(data: SHA256.hash(data: Data("result links of seed \(seed)".utf8)))
    }

    /// The path and query of a link.
    func link(path: String, expires: Date, number: Int) -> String {
        let seconds = Int(expires.timeIntervalSince1970.rounded(.up))
        let signed = Self.signed(path: path, expires: String(seconds), number: String(number))
        let code = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: key)
        return signed + "&sig=" + Self.hex(code)
    }

    /// - Returns: The link's expiry and number; `nil` for an invalid signature.
    func check(path: String, query: [String: String]) -> (expires: Date, number: Int)? {
        guard let expires = query["exp"], let number = query["n"], let signature = query["sig"],
            let seconds = Int(expires), let count = Int(number)
        else { return nil }
        let signed = Self.signed(path: path, expires: expires, number: number)
        let code = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: key)
        // The signature only protects generated pictures, so a constant-time comparison is not needed.
        guard Self.hex(code) == signature else { return nil }
        return (Date(timeIntervalSince1970: Double(seconds)), count)
    }

    private static func signed(path: String, expires: String, number: String) -> String { "\(path)?exp=\(expires)&n=\(number)" }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
