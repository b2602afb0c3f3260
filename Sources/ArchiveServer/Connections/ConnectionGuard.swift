import NIOCore
import NIOHTTP1

/// Closes connections whose requests do not end, or whose clients do not read the answer. A client that sends a byte now and
/// then, or reads none, would otherwise block a slot that others need.
///
/// The server library adds this handler where requests are already complete. It therefore installs two more handlers: one before
/// the parser, which sees each byte, and one after it, which sees where heads and bodies end.
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let limits: ConnectionLimits
    private let table: ConnectionTable

    /// - Parameter table: Shared by the whole server.
    init(_ limits: ConnectionLimits, table: ConnectionTable) {
        self.limits = limits
        self.table = table
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let place = table.admit(context.channel)
        let times = ConnectionTimes(limits, place, channel: context.channel)
        let pipeline = context.pipeline.syncOperations
        do {
            let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            try pipeline.addHandler(PartWatch(times, place), position: .after(parser))
            try pipeline.addHandler(ByteWatch(times), position: .first)
        } catch {
            // Without these handlers the limits can't be enforced, so close the connection.
            context.fireErrorCaught(error)
            context.close(promise: nil)
        }
    }
}

/// The timers of one connection. Bound to its event loop.
private final class ConnectionTimes {
    private let limits: ConnectionLimits
    private let place: ConnectionTable.Place
    private let channel: any Channel
    private var loop: NIOIsolatedEventLoop { channel.eventLoop.assumeIsolated() }
    /// When the current request began to arrive.
    private var begin: NIODeadline?
    private var reading: Scheduled<Void>?
    private var writing: Scheduled<Void>?
    private var unwritten = 0
    /// The rate of the current body; `nil` outside of the gateway.
    private var floor: BodyFloor?
    private var rating: Scheduled<Void>?

    init(_ limits: ConnectionLimits, _ place: ConnectionTable.Place, channel: any Channel) {
        self.limits = limits
        self.place = place
        self.channel = channel
        // A connection from the reserve must send its request at once.
        if place == .reserve { bytesCame(0) }
    }

    func bytesCame(_ count: Int) {
        floor?.record(count, now: channel.eventLoop.now)
        guard begin == nil else { return }
        begin = channel.eventLoop.now
        readBy(place == .reserve ? limits.reserveHead : limits.head)
    }

    /// The server reads from the connection: it waits for the client.
    func isReading() { floor?.waits(from: channel.eventLoop.now) }

    func headCame(path: String) {
        let isForUpstream = path.hasPrefix("/v1/")
        readBy(isForUpstream ? limits.gatewayBody : limits.body)
        guard isForUpstream else { return }
        floor = BodyFloor(limits)
        checkRate()
    }

    func requestEnded() {
        reading?.cancel()
        reading = nil
        begin = nil
        rating?.cancel()
        rating = nil
        floor = nil
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

    private func checkRate() {
        rating = loop.scheduleTask(in: TimeAmount(limits.slowestTime)) { [self] in
            guard floor?.isMet(now: channel.eventLoop.now) ?? true else { return channel.close(promise: nil) }
            checkRate()
        }
    }

    private func writeOn() {
        writing = loop.scheduleTask(in: TimeAmount(limits.write)) { [channel] in channel.close(promise: nil) }
    }
}

/// Sees every byte received and sent.
private final class ByteWatch: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData

    private let times: ConnectionTimes

    init(_ times: ConnectionTimes) { self.times = times }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        times.bytesCame(unwrapInboundIn(data).readableBytes)
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        times.isReading()
        context.read()
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

/// Sees where heads and bodies end. It rejects ambiguous requests that two servers may parse differently. On connections from the
/// reserve, it rejects everything except health checks.
private final class PartWatch: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let times: ConnectionTimes
    private let place: ConnectionTable.Place
    /// Data after a rejected request is ignored.
    private var hasRefused = false

    init(_ times: ConnectionTimes, _ place: ConnectionTable.Place) {
        self.times = times
        self.place = place
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(var head):
            times.headCame(path: head.uri)
            guard RequestFraming.isPlain(head) else {
                hasRefused = true
                return context.fireErrorCaught(HTTPParserError.unexpectedContentLength)
            }
            guard place == .reserve else { break }
            guard head.uri == "/healthz", head.method == .GET || head.method == .HEAD else { return refuse(context) }
            head.headers.replaceOrAdd(name: "connection", value: "close")
            return context.fireChannelRead(wrapInboundOut(.head(head)))
        case .body: break
        case .end: times.requestEnded()
        }
        context.fireChannelRead(data)
    }

    private func refuse(_ context: ChannelHandlerContext) {
        hasRefused = true
        let headers: HTTPHeaders = [
            "retry-after": "\(ConnectionLimits.pause)", "connection": "close", "content-length": "0", "cache-control": "no-store",
        ]
        let head = HTTPResponseHead(version: .http1_1, status: .serviceUnavailable, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}

/// Whether all servers parse the request in the same way. Otherwise, one server may treat bytes as a body that another treats as
/// the next request (request smuggling).
enum RequestFraming {
    static func isPlain(_ head: HTTPRequestHead) -> Bool {
        let (lengths, codings) = (head.headers["content-length"], head.headers["transfer-encoding"])
        let hosts = head.headers["host"].count
        let isVersionKnown = head.version == .http1_1 || head.version == .http1_0
        let isTargetPlain = head.uri.hasPrefix("/") || head.uri.lowercased().hasPrefix("http")
        guard isVersionKnown, isTargetPlain, hosts == 1 || (hosts == 0 && head.version == .http1_0) else { return false }
        guard lengths.count <= 1, codings.count <= 1, lengths.isEmpty || codings.isEmpty else { return false }
        if let length = lengths.first {
            guard !length.isEmpty, length.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
                return false
            }
        }
        guard let coding = codings.first else { return true }
        return coding.lowercased() == "chunked" && head.version == .http1_1
    }
}
