package import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The status code of an answer is not defined by HTTP. Codes are 100 to 599 (RFC 9110, section 15).
package struct UnknownStatus: Error, CustomStringConvertible {
    package var code: UInt
    package var description: String { "the answer has the status code \(code), which HTTP does not define" }
}

extension HTTPClient.Configuration {
    /// Fails answers with a status below 100 with ``UnknownStatus``. The HTTP library treats such a status as an interim answer,
    /// and crashes the process at the end of the body. Also restricts the client to HTTP/1.1.
    package mutating func refuseUnknownStatus() {
        httpVersion = .http1Only
        let earlier = http1_1ConnectionDebugInitializer
        http1_1ConnectionDebugInitializer = { channel in
            let ready = earlier?(channel) ?? channel.eventLoop.makeSucceededVoidFuture()
            return ready.flatMapThrowing {
                let pipeline = channel.pipeline.syncOperations
                let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
                try pipeline.addHandler(StatusGuard(), position: .after(decoder))
            }
        }
    }
}

private final class StatusGuard: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    private var hasRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasRefused else { return }
        if case .head(let head) = unwrapInboundIn(data), head.status.code < 100 {
            hasRefused = true
            context.fireErrorCaught(UnknownStatus(code: UInt(head.status.code)))
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
    }
}
