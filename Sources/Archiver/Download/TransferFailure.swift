import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import Networking

/// Maps errors of the HTTP client to download errors.
struct TransferFailure {
    /// The stage of the exchange.
    enum Phase { case connecting, receiving }

    var error: any Error
    var phase: Phase
    var host: String
    /// The error's text without secrets.
    var words: String

    var downloadError: DownloadError {
        switch error {
        case let error as HTTPClientError: of(error)
        case let error as IOError where error.errnoCode == ETIMEDOUT: timeout
        case is IOError, is ChannelError: connection
        // NIOSSL is not imported here, and its errors have several types.
        case let error where String(reflecting: type(of: error)).hasPrefix("NIOSSL."): ofTLS(error)
        default: phase == .connecting && isEnd ? connection : broken
        }
    }

    private func of(_ error: HTTPClientError) -> DownloadError {
        switch error {
        case .readTimeout, .writeTimeout, .connectTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout: timeout
        case .tlsHandshakeTimeout: tls
        case .remoteConnectionClosed, .cancelled, .requestStreamCancelled: phase == .connecting ? connection : broken
        default: broken
        }
    }

    /// A connection closed without a TLS close notification is not a failed handshake.
    private func ofTLS(_ error: any Error) -> DownloadError {
        guard isEnd else { return phase == .connecting ? tls : connection }
        return phase == .connecting ? connection : broken
    }

    private var isEnd: Bool { ["eof", "closed", "uncleanshutdown"].contains { words.lowercased().contains($0) } }

    private var timeout: DownloadError { DownloadError(.timeout, "\(host) sent nothing for too long (\(words))") }

    private var connection: DownloadError {
        DownloadError(
            .connection,
            "the connection to \(host) failed (\(words)); if other hosts fail too, check this machine's network and firewall")
    }

    private var tls: DownloadError {
        DownloadError(
            .tls,
            "no trusted TLS connection to \(host) (\(words)); check this machine's clock, CA certificates and proxies")
    }

    private var broken: DownloadError { DownloadError(.transport, "the answer from \(host) broke off (\(words))") }
}
