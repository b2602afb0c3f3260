import NIOCore
import NIOHTTP1

/// Closes connections whose requests do not end or whose answers are not taken: whoever sends a byte now and then, or reads none,
/// holds a place that others need.
///
/// The library adds it where requests are whole; it sets two watches where the bytes are: one before the parser, which sees each
/// byte, and one behind it, which sees where heads and bodies end.
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let limits: ConnectionLimits

    init(_ limits: ConnectionLimits) { self.limits = limits }

    func handlerAdded(context: ChannelHandlerContext) {
        let times = ConnectionTimes(limits, channel: context.channel)
        let pipeline = context.pipeline.syncOperations
        do {
            let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(PartWatch(times), position: .after(parser))
            try pipeline.addHandler(ByteWatch(times), position: .first)
        } catch {
            // Without a watch there is no limit, and without a limit no service.
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }
}

/// The times that run on one connection. Belongs to its event loop.
private final class ConnectionTimes {
    private let limits: ConnectionLimits
    private let channel: any Channel
    private var loop: NIOIsolatedEventLoop { channel.eventLoop.assumeIsolated() }
    /// When the request that is being read began.
    private var begin: NIODeadline?
    private var reading: Scheduled<Void>?
    private var writing: Scheduled<Void>?
    private var unwritten = 0

    init(_ limits: ConnectionLimits, channel: any Channel) {
        self.limits = limits
        self.channel = channel
    }

    func bytesCame() {
        guard begin == nil else { return }
        begin = channel.eventLoop.now
        readBy(limits.head)
    }

    func headCame(path: String) { readBy(path.hasPrefix("/v1/") ? limits.gatewayBody : limits.body) }

    func requestEnded() {
        reading?.cancel()
        reading = nil
        begin = nil
    }

    func isWriting() {
        unwritten += 1
        if unwritten == 1 { writeOn() }
    }

    func hasWritten() {
        unwritten -= 1
        writing?.cancel()
        writing = nil
        if unwritten > 0 { writeOn() }
    }

    func end() {
        requestEnded()
        writing?.cancel()
        writing = nil
    }

    private func readBy(_ limit: Duration) {
        reading?.cancel()
        let begin = begin ?? channel.eventLoop.now
        self.begin = begin
        reading = loop.scheduleTask(deadline: begin + TimeAmount(limit)) { [channel] in channel.close(promise: nil) }
    }

    private func writeOn() {
        writing = loop.scheduleTask(in: TimeAmount(limits.write)) { [channel] in channel.close(promise: nil) }
    }
}

/// Sees every byte that comes and goes.
private final class ByteWatch: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData

    private let times: ConnectionTimes

    init(_ times: ConnectionTimes) { self.times = times }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        times.bytesCame()
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
        times.isWriting()
        promise.futureResult.assumeIsolated().whenComplete { [times] _ in times.hasWritten() }
        context.write(data, promise: promise)
    }

    func channelInactive(context: ChannelHandlerContext) {
        times.end()
        context.fireChannelInactive()
    }
}

/// Sees where heads and bodies end.
private final class PartWatch: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let times: ConnectionTimes

    init(_ times: ConnectionTimes) { self.times = times }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): times.headCame(path: head.uri)
        case .body: break
        case .end: times.requestEnded()
        }
        context.fireChannelRead(data)
    }
}
