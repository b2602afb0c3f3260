package import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The status line of an answer has a number that is no status: those are 100 to 599, by RFC 9110, section 15.
package struct UnknownStatus: Error, CustomStringConvertible {
    package var code: UInt
    package var description: String { "the answer has the status \(code), which HTTP does not know" }
}

extension HTTPClient.Configuration {
    /// Breaks off answers with a status below 100. The HTTP library takes them for interim answers, and ends the process when their end
    /// comes. For HTTP/1.1, the only version that is spoken then.
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
