import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import ArchiveServer

/// On a loop whose time is told.
@Suite struct ConnectionGuardTests {
    private func connection() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
        try channel.pipeline.syncOperations.addHandler(
            ConnectionGuard(ConnectionLimits(), table: ConnectionTable(ConnectionLimits())))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private func come(_ text: String, _ channel: EmbeddedChannel) throws { try channel.writeInbound(ByteBuffer(string: text)) }

    @Test func aRequestHeadMustArriveWithinTenSeconds() throws {
        let channel = try connection()
        channel.embeddedEventLoop.advanceTime(by: .seconds(45))
        #expect(channel.isActive, "no request has begun")
        for byte in "GET / HTT" {
            try come(String(byte), channel)
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        try come("P", channel)
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }

    @Test(arguments: [("/hooks/x", 30), ("/v1/images/generations", 120)] as [(String, Int64)])
    func aBodyMustArriveWithinItsTimeLimit(_ path: String, _ seconds: Int64) throws {
        let channel = try connection()
        try come("POST \(path) HTTP/1.1\r\nHost: a\r\n", channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(9))
        try come("Content-Length: 1000\r\n\r\n", channel)
        for _ in 9..<seconds - 1 {
            try come("x", channel)
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    /// A body for the upstream holds a connection to it. At least 1 KiB/s over 30 s: 30 KiB in each period.
    @Test(arguments: [(1024, true), (1023, false)])
    func aGatewayBodyBelowTheMinimumRateIsCutOff(_ bytesPerSecond: Int, _ isKept: Bool) throws {
        let channel = try connection()
        try come("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", channel)
        channel.read()
        for _ in 0..<30 {
            #expect(channel.isActive)
            try come(String(repeating: "x", count: bytesPerSecond), channel)
            // The server waits for the next part.
            channel.read()
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        }
        #expect(channel.isActive == isKept)
        channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        #expect(!channel.isActive, "nothing came in the next period")
    }

    @Test func aClientIsNotCutOffWhileTheServerDoesNotRead() throws {
        let channel = try connection()
        try come("POST /v1/files HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nxxx", channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(119))
        #expect(channel.isActive, "the upstream is slow, and not the client")
    }

    @Test func aRequestWithoutABodyHasNoMinimumRate() throws {
        let channel = try connection()
        try come("GET /v1/tasks HTTP/1.1\r\nHost: a\r\n\r\n", channel)
        channel.read()
        channel.embeddedEventLoop.advanceTime(by: .seconds(180))
        #expect(channel.isActive)
    }

    @Test func eachRequestHasItsOwnTimeLimit() throws {
        let channel = try connection()
        for _ in 0..<3 {
            try come("GET / HTTP/1.1\r\nHost: a\r\n\r\n", channel)
            channel.embeddedEventLoop.advanceTime(by: .seconds(50))
            #expect(channel.isActive)
        }
        try come("G", channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(!channel.isActive)
    }

    /// Holds back what is written, as a socket does whose other end reads nothing.
    private final class SlowReader: ChannelOutboundHandler {
        typealias OutboundIn = IOData
        var waiting: [EventLoopPromise<Void>] = []

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            if let promise { waiting.append(promise) }
        }
    }

    @Test func anUnreadAnswerEndsAfterAMinuteWithoutProgress() throws {
        let channel = try connection()
        let reader = SlowReader()
        try channel.pipeline.syncOperations.addHandler(reader, position: .first)
        try come("GET / HTTP/1.1\r\nHost: a\r\n\r\n", channel)
        channel.write(HTTPServerResponsePart.head(.init(version: .http1_1, status: .ok)), promise: nil)
        for _ in 0..<3 { channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "part"))), promise: nil) }
        channel.flush()
        try #require(reader.waiting.count > 3)
        for _ in 0..<3 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(59))
            reader.waiting.removeFirst().succeed()
            #expect(channel.isActive, "a part was taken")
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
        for promise in reader.waiting { promise.fail(ChannelError.ioOnClosedChannel) }
    }

    @Test func anAnswerThatIsReadHasNoTimeLimit() throws {
        let channel = try connection()
        try come("GET / HTTP/1.1\r\nHost: a\r\n\r\n", channel)
        channel.write(HTTPServerResponsePart.head(.init(version: .http1_1, status: .ok)), promise: nil)
        for _ in 0..<10 {
            channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: "part"))), promise: nil)
            channel.embeddedEventLoop.advanceTime(by: .seconds(59))
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(600))
        #expect(channel.isActive)
        _ = try? channel.finish()
    }

    private static func head(
        _ headers: [(String, String)], _ uri: String = "/", _ version: HTTPVersion = .http1_1
    ) -> HTTPRequestHead {
        HTTPRequestHead(version: version, method: .POST, uri: uri, headers: HTTPHeaders(headers))
    }

    /// RFC 9112, sections 3.2, 6.1 and 6.3: what two servers may take for different requests.
    @Test func aRequestThatServersReadDifferentlyIsNotPlain() {
        let (host, length, chunked) = (("Host", "a"), ("Content-Length", "2"), ("Transfer-Encoding", "chunked"))
        let plain: [[(String, String)]] = [[host], [host, length], [host, chunked], [host, ("Transfer-Encoding", "Chunked")]]
        for headers in plain { #expect(RequestFraming.isPlain(Self.head(headers)), "\(headers)") }
        let ambiguous: [[(String, String)]] = [
            [], [host, host], [host, length, length], [host, length, chunked], [host, chunked, chunked],
            [host, ("Content-Length", "+2")], [host, ("Content-Length", "")], [host, ("Transfer-Encoding", "gzip, chunked")],
            [host, ("Transfer-Encoding", "identity")],
        ]
        for headers in ambiguous { #expect(!RequestFraming.isPlain(Self.head(headers)), "\(headers)") }
        #expect(RequestFraming.isPlain(Self.head([], "/", .http1_0)), "HTTP/1.0 has no Host")
        #expect(!RequestFraming.isPlain(Self.head([host, chunked], "/", .http1_0)), "and no chunks")
        #expect(!RequestFraming.isPlain(Self.head([host], "/", HTTPVersion(major: 2, minor: 0))))
        #expect(!RequestFraming.isPlain(Self.head([host], "a/b")))
    }

    @Test func theOldestConnectionOfAFullReserveGivesWay() throws {
        var limits = ConnectionLimits()
        (limits.connections, limits.perAddress, limits.reserve) = (1, 1, 2)
        let table = ConnectionTable(limits)
        let channels = try (0..<5).map { _ in
            let channel = EmbeddedChannel()
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            return channel
        }
        #expect(channels.prefix(4).map { table.admit($0) } == [.full, .reserve, .reserve, .reserve])
        #expect(channels.prefix(4).map(\.isActive) == [true, false, true, true])
        channels[0].close(promise: nil)
        channels[0].embeddedEventLoop.run()
        #expect(table.admit(channels[4]) == .full, "a closed connection frees its place")
        for channel in channels { _ = try? channel.finish() }
    }
}
