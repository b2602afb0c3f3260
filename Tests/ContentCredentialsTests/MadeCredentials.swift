import Crypto
import Foundation
import Testing

@testable import ContentCredentials

/// Keys, chains, tokens and responses that openssl made for this run of the tests.
struct MadeCredentials {
    static let shared = Result { try MadeCredentials() }

    private let folder: URL

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "credentials-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/make-credentials.sh")
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [script.path(), folder.path()]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    func certificate(_ name: String) throws -> [UInt8] {
        try bytes("\(name).der")
    }

    /// The list with these certificates as anchors.
    func list(_ names: String...) throws -> TrustList {
        try TrustList(pem: names.flatMap { try bytes("\($0).pem") })
    }

    /// Trusts `root` for signers and `time-root` for time stamps.
    func trust() throws -> TrustPolicy {
        TrustPolicy(signers: try list("root"), timeAuthorities: try list("time-root"))
    }

    /// A signature by `leaf` under the chain, in the form of COSE.
    func input(
        _ leaf: String = "es256", under chain: [String] = ["middle"], algorithm: Int64 = -7, signature: String? = nil,
        now: Date = .now
    ) throws -> SignatureJudge.Input {
        let der = try bytes("\(signature ?? "\(leaf)-sha256").sig")
        return SignatureJudge.Input(
            algorithm: algorithm, chain: try ([leaf] + chain).map { try certificate($0) }, toBeSigned: try bytes("message.bin"),
            signature: MadeCredentials.raw(der, algorithm: algorithm, leaf: leaf), timeStamps: [], revocations: [], box: "box",
            trust: try trust(), now: now)
    }

    /// r and s side by side, as COSE wants them (RFC 8152, 8.1).
    private static func raw(_ der: [UInt8], algorithm: Int64, leaf: String) -> [UInt8] {
        guard [-7, -35, -36].contains(algorithm) else { return der }
        let raw: Data? =
            switch leaf {
            case "es384": try? P384.Signing.ECDSASignature(derRepresentation: der).rawRepresentation
            case "es512": try? P521.Signing.ECDSASignature(derRepresentation: der).rawRepresentation
            default: try? P256.Signing.ECDSASignature(derRepresentation: der).rawRepresentation
            }
        return raw.map { [UInt8]($0) } ?? der
    }
}

extension SignatureJudge.Output {
    func has(_ code: String) -> Bool {
        codes.contains { $0.code == code }
    }

    var failures: [String] {
        codes.filter { $0.kind == .failure }.map(\.code)
    }

    /// `trusted`, `valid` or `invalid`, as the specification's section 14.3 derives it.
    var state: CredentialReport.State {
        isValid ? isTrusted ? .trusted : .valid : .invalid
    }
}

extension Date {
    /// From `2027-03-30`.
    init(day: String) throws {
        self = try #require(CivilTime(internetTime: day + "T00:00:00Z")).date
    }

    static func days(_ count: Double) -> Date {
        Date(timeIntervalSinceNow: count * 86_400)
    }
}
