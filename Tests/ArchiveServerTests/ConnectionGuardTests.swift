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
}
