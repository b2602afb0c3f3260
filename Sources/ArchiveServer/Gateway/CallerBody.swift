import Hummingbird
import NIOCore
import Synchronization

/// Streams a caller's body to the upstream. It records errors on the caller's side, so that they are not attributed to the
/// upstream.
struct CallerBody: AsyncSequence, Sendable {
    struct TooLarge: Error {}

    fileprivate final class Outcome: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }

    private let base: RequestBody
    private let most: Int
    private let state = Outcome()

    /// - Parameter most: The maximum size of the body in bytes. Reading a larger body throws ``TooLarge``.
    init(_ base: RequestBody, most: Int) {
        self.base = base
        self.most = most
    }

    /// The error that interrupted reading.
    var failure: (any Error)? { state.error.withLock { $0 } }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: RequestBody.AsyncIterator
        fileprivate var left: Int
        fileprivate let state: Outcome

        @concurrent mutating func next() async throws -> ByteBuffer? {
            do {
                guard let part = try await base.next() else { return nil }
                left -= part.readableBytes
                guard left >= 0 else { throw TooLarge() }
                return part
            } catch {
                state.error.withLock { $0 = error }
                throw error
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), left: most, state: state) }
}
