import Archiver
import NIOCore

/// The parts of a body, decoded where it has a content coding.
struct DecodedBody<Body: AsyncSequence>: AsyncSequence where Body.Element == ByteBuffer {
    private let body: Body
    private let decoder: ContentDecoder?

    init(_ body: Body, _ decoder: ContentDecoder?) {
        self.body = body
        self.decoder = decoder
    }

    func makeAsyncIterator() -> Iterator { Iterator(body: body.makeAsyncIterator(), decoder: decoder) }

    struct Iterator: AsyncIteratorProtocol {
        var body: Body.AsyncIterator
        var decoder: ContentDecoder?
        private var hasEnded = false

        init(body: Body.AsyncIterator, decoder: ContentDecoder?) {
            self.body = body
            self.decoder = decoder
        }

        /// - Throws: What the body throws, ``CodingError``, `CancellationError`.
        mutating func next() async throws -> ByteBuffer? {
            guard decoder != nil else { return try await body.next() }
            while true {
                try Task.checkCancellation()
                if let piece = try decoder?.next() {
                    if !piece.isEmpty { return ByteBuffer(bytes: piece) }
                    await Task.yield()
                } else if hasEnded {
                    guard decoder?.isComplete == true else {
                        throw CodingError(detail: "the body ends inside its content coding")
                    }
                    return nil
                } else if let part = try await body.next() {
                    decoder?.push(Array(part.readableBytesView))
                } else {
                    hasEnded = true
                    decoder?.end()
                }
            }
        }
    }
}
