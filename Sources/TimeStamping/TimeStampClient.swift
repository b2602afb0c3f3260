package import ArchiveModel
import AsyncHTTPClient
package import ContentCredentials
import HTTPClients
import NIOCore
import NIOHTTP1
import Networking

/// Asks one time-stamp authority by HTTP (RFC 3161, section 3.4). It follows no redirect and sends no key.
package struct TimeStampClient: Sendable {
    /// Time limit of an exchange in seconds.
    private static let timeLimit: Int64 = 30

    private let url: FetchableURL

    /// - Parameters:
    ///   - address: Set by the operator, so it may be private.
    ///   - allowsPlainHTTP: Whether plain HTTP may leave this machine.
    /// - Throws: ``TimeStampError`` for an address that is not allowed.
    package init(_ address: String, allowsPlainHTTP: Bool = false) throws(TimeStampError) {
        do {
            url = try FetchableURL(address)
        } catch {
            throw TimeStampError("the address of the time-stamp authority can't be used: \(error)")
        }
        guard url.scheme == .https || allowsPlainHTTP || Self.isLoopback(url.host) else {
            throw TimeStampError(
                "the time-stamp authority at \(url.origin) does not use HTTPS; --allow-private-hosts allows plain HTTP")
        }
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || NetworkAddress(literal: host)?.isLoopback == true
    }

    /// Requests a time stamp over a digest, and checks the answer.
    package func stamp(over digest: ArchiveModel.Digest) async throws(TimeStampError) -> TimeStamp {
        var generator = SystemRandomNumberGenerator()
        let request = TimeStampRequest(sha256: digest.bytes, using: &generator)
        let answer: [UInt8]
        do {
            answer = try await post(request.der)
        } catch let error as TimeStampError {
            throw error
        } catch {
            throw TimeStampError("the time-stamp authority at \(url.origin) can't be reached: \(error)")
        }
        do {
            return try request.stamp(in: answer)
        } catch {
            throw TimeStampError("the answer of the time-stamp authority at \(url.origin) does not count. \(error.why)")
        }
    }

    private func post(_ body: [UInt8]) async throws -> [UInt8] {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .seconds(Self.timeLimit)))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.refuseUnknownStatus()
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<[UInt8], any Error>
        do {
            // The client's own limit ends with the head of the answer.
            result = .success(
                try await withTimeout(Double(Self.timeLimit), clock: SystemClock()) { try await exchange(body, http) })
        } catch { result = .failure(error) }
        try? await http.shutdown()
        return try result.get()
    }

    private func exchange(_ body: [UInt8], _ http: HTTPClient) async throws -> [UInt8] {
        var request = HTTPClientRequest(url: url.text)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/timestamp-query")
        request.headers.add(name: "accept", value: "application/timestamp-reply")
        request.headers.add(name: "user-agent", value: Product.userAgent)
        request.body = .bytes(ByteBuffer(bytes: body))
        let answer = try await http.execute(request, deadline: .now() + .seconds(Self.timeLimit))
        guard answer.status == .ok else {
            throw TimeStampError("the time-stamp authority at \(url.origin) answers with the status \(answer.status.code)")
        }
        return Array(buffer: try await answer.body.collect(upTo: TimeStampRequest.answerLimit))
    }
}

/// Why there is no time stamp. The text contains no query of the address, which may be a secret.
package struct TimeStampError: Error, Sendable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}
