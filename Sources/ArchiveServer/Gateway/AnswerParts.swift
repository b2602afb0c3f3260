import Archiver
import AsyncHTTPClient
import NIOCore

/// The parts of an answer's body as the caller gets them: decoded if necessary, and within limits of size and time.
struct AnswerParts {
    /// The upstream's answer is too large or too slow. The connection is closed so that the client notices the truncation.
    struct Endless: Error {}

    /// Bytes after decoding.
    static let most = 1 << 30
    /// Time for a complete answer, however slowly its bytes arrive.
    private static let longest = Duration.seconds(900)

    private var raw: HTTPClientResponse.Body.AsyncIterator
    private var decoder: ContentDecoder?
    private let end = ContinuousClock.now + AnswerParts.longest
    private var hasEnded = false
    private var count = 0

    init(_ answer: HTTPClientResponse, isCoded: Bool) throws {
        raw = answer.body.makeAsyncIterator()
        decoder = isCoded ? try ContentDecoder(answer.headers, mostBytes: Self.most, refusesUnknown: true) : nil
    }

    /// The next part; `nil` at the end.
    /// - Throws: ``Endless``, errors of the transfer and of decoding.
    @concurrent mutating func next() async throws -> ByteBuffer? {
        while true {
            if let piece = try decoder?.next() {
                // A body that decodes to nothing must not block the thread.
                try Task.checkCancellation()
                guard !piece.isEmpty else {
                    await Task.yield()
                    continue
                }
                return try counted(ByteBuffer(bytes: piece))
            }
            guard !hasEnded else {
                guard decoder?.isComplete ?? true else { throw Endless() }
                return nil
            }
            guard let part = try await raw.next() else {
                hasEnded = true
                decoder?.end()
                continue
            }
            guard decoder != nil else { return try counted(part) }
            decoder?.push(Array(part.readableBytesView))
        }
    }

    private mutating func counted(_ part: ByteBuffer) throws -> ByteBuffer {
        count += part.readableBytes
        guard count <= Self.most, ContinuousClock.now < end else { throw Endless() }
        return part
    }
}
