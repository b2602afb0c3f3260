import AsyncAlgorithms
import NIOCore
import Synchronization

/// Hands a caller's body to the HTTP client, part by part.
///
/// One task alone reads the body. When the upstream answers early, the HTTP client still waits for the next part while the server
/// already skips the rest of the body, and NIO ends the process when two tasks read one body. So call ``stop()`` before the server
/// goes on to the next request.
final class UploadRelay: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    private let parts = AsyncThrowingChannel<ByteBuffer, any Error>()
    private let pump: Task<Void, Never>
    private let body: CallerBody

    private init(_ body: CallerBody) {
        self.body = body
        pump = Task { [parts] in
            do {
                for try await part in body {
                    await parts.send(part)
                    try Task.checkCancellation()
                }
                parts.finish()
            } catch {
                parts.fail(error)
            }
        }
    }

    deinit { pump.cancel() }

    /// Begins to read a body.
    static func begin(_ body: CallerBody) -> UploadRelay { UploadRelay(body) }

    /// The error that interrupted reading.
    var failure: (any Error)? { body.failure }

    /// Ends reading. An incomplete body leaves the connection unusable, and the server closes it.
    func stop() async {
        pump.cancel()
        parts.finish()
        await pump.value
    }

    func makeAsyncIterator() -> AsyncThrowingChannel<ByteBuffer, any Error>.Iterator { parts.makeAsyncIterator() }
}
