import Crypto
import Foundation
import NIOCore

/// A copy of an answer for the recorder, made while the answer passes to its caller.
///
/// A slow caller delays its end. Without memory for it, the copy is given up; the answer still passes.
struct AnswerCopy {
    private var bytes = Data()
    /// `nil` when the copy was given up.
    private var share: GatewayMemory.Share?

    init(_ share: GatewayMemory.Share) { self.share = share }

    /// The copy so far; `nil` if it was given up.
    var whole: Data? { share == nil ? nil : bytes }

    mutating func append(_ part: ByteBuffer) {
        let fits = bytes.count + part.readableBytes <= Gateway.largestReading && share?.take(part.readableBytes) == true
        guard fits else {
            (bytes, share) = (Data(), nil)
            return
        }
        bytes.append(contentsOf: part.readableBytesView)
    }
}

/// Gets the complete body of an answer, even if the caller has disconnected.
struct AnswerReader: Sendable {
    private let memory: GatewayMemory
    private let key: SHA256Digest?
    let read: @Sendable (Data) -> Void

    /// - Parameters:
    ///   - memory: For the copies of all answers of this kind.
    ///   - key: The hash of the caller's key; `nil` for the service's own.
    init(memory: GatewayMemory, key: SHA256Digest?, _ read: @escaping @Sendable (Data) -> Void) {
        self.memory = memory
        self.key = key
        self.read = read
    }

    var copy: AnswerCopy { AnswerCopy(memory.share(of: key)) }
}
