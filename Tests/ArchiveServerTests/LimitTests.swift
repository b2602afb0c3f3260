import ArchiveModel
import Crypto
import Foundation
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import ArchiveServer

/// The numbers of docs/security.md, each at its edge.
@Suite struct LimitTests {
    private static func hash(_ text: String) -> SHA256Digest { SHA256.hash(data: Data(text.utf8)) }

    @Test func theConnectionLimitsHaveTheDocumentedValues() throws {
        let limits = ConnectionLimits()
        #expect(limits.connections == 1024 && limits.perAddress == 512 && limits.reserve == 32)
        #expect(limits.head == .seconds(10) && limits.body == .seconds(30) && limits.gatewayBody == .seconds(120))
        #expect(limits.write == .seconds(60) && limits.slowestRate == 1024 && limits.slowestTime == .seconds(30))
        // 2001:db8::/32 is for documentation (RFC 3849). The first 64 bits name a network.
        func client(_ address: String) throws -> ClientAddress {
            ClientAddress(try SocketAddress(ipAddress: address, port: 1))
        }
        #expect(try client("2001:db8:1:2:3:4:5:6") == client("2001:db8:1:2:ffff::1"))
        #expect(try client("2001:db8:1:2::1") != client("2001:db8:1:3::1"))
        #expect(try client("::ffff:192.0.2.1") == client("192.0.2.1"))
        #expect(try client("192.0.2.1") != client("192.0.2.2"))
    }

    @Test func gatewayRequestsShareBoundedMemory() {
        let memory = GatewayMemory()
        let mebibyte = 1 << 20
        do {
            let (first, second) = (memory.share(of: Self.hash("first")), memory.share(of: Self.hash("second")))
            #expect(first.take(32 * mebibyte) && !first.take(1), "one key holds 32 MiB")
            #expect(!memory.share(of: Self.hash("first")).take(1), "in all its requests")
            #expect(second.take(32 * mebibyte) && !memory.share(of: Self.hash("third")).take(1), "all other keys hold 64 MiB")
            let own = memory.share(of: nil)
            #expect(own.take(64 * mebibyte) && !own.take(1), "and all callers 128 MiB")
        }
        let own = memory.share(of: nil)
        #expect(own.take(128 * mebibyte), "the held memory is released")
        #expect(!memory.share(of: Self.hash("first")).take(1))
    }

    @Test func copiesOfAnswersShareBoundedMemory() {
        let memory = GatewayMemory(most: 64)
        func part(_ count: Int) -> ByteBuffer { ByteBuffer(repeating: 1, count: count) }
        var first: AnswerCopy? = AnswerCopy(memory.share(of: nil))
        first?.append(part(40))
        var second = AnswerCopy(memory.share(of: nil))
        second.append(part(24))
        #expect(first?.whole?.count == 40 && second.whole?.count == 24)
        second.append(part(1))
        #expect(second.whole == nil, "there is no memory for 65 bytes")
        var third = AnswerCopy(memory.share(of: nil))
        third.append(part(24))
        #expect(third.whole?.count == 24, "a copy that was given up holds nothing")
        first = nil
        var fourth = AnswerCopy(memory.share(of: nil))
        fourth.append(part(40))
        #expect(fourth.whole?.count == 40)
    }

    @Test func aCopyOfAnAnswerHasAtMostFourMebibytes() {
        let memory = GatewayMemory()
        var copy = AnswerCopy(memory.share(of: nil))
        for _ in 0..<4 { copy.append(ByteBuffer(repeating: 1, count: 1 << 20)) }
        #expect(copy.whole?.count == 4 << 20)
        copy.append(ByteBuffer(repeating: 1, count: 1))
        #expect(copy.whole == nil)
        copy.append(ByteBuffer(repeating: 1, count: 1))
        #expect(copy.whole == nil, "a part is not taken for the whole")
    }

    @Test func uploadsAreLimitedPerKeyAndPerAddress() throws {
        let uploads = GatewayUploads()
        let addresses = try (1...3).map { ClientAddress(try SocketAddress(ipAddress: "192.0.2.\($0)", port: 1)) }
        func take(_ count: Int, _ key: String?, _ address: Int) -> [GatewayUploads.Place] {
            (0..<count).compactMap { _ in uploads.begin(key: key.map(Self.hash), address: addresses[address]) }
        }
        do {
            let first = take(33, "first", 0)
            #expect(first.count == 32, "one key has 32 places")
            let made = take(20, "second", 0) + take(20, "third", 0)
            #expect(made.count == 32, "one address has 64, with any number of keys")
            let others = take(32, "fourth", 1) + take(32, "fifth", 1) + take(1, "sixth", 2)
            #expect(others.count == 64, "all callers with their own keys have 128")
            #expect(take(129, nil, 0).count == 128, "and so have the callers of the service's key")
            withExtendedLifetime((first, made, others)) {}
        }
        #expect(take(32, "first", 0).count == 32, "places are released")
    }

    @Test func aStrangersMemoryIsFreeWhenItsRequestEnds() {
        let memory = GatewayMemory()
        for _ in 0..<3 {
            let shares = (0..<2).map { memory.share(of: Self.hash("key \($0)")) }
            #expect(shares.allSatisfy { $0.take(32 << 20) })
        }
    }

    /// 1024 files are for the rest of the archive, and 32 for health checks.
    @Test(arguments: [(65_536, 1024, 512), (1500, 444, 444), (2056, 1000, 512), (1024, 256, 256), (40, 10, 10)])
    func connectionsFitTheLimitOfOpenFiles(files: Int, connections: Int, perAddress: Int) {
        let limits = ConnectionLimits().fitting(openFiles: files)
        #expect(limits.connections == connections && limits.perAddress == perAddress)
    }

    @Test func otherCallsAcceptAtMostSixtyFourMebibytes() async throws {
        let upstream = try Upstream { _ in "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" }
        try await TestServer.run(upstream: upstream.port) { server in
            let large = "Content-Length: \((64 << 20) + 1)"
            let answer = try await server.ask("POST", "/v1/files", token: "sk-of-a-test", [large])
            #expect(answer.status == 413)
            #expect(upstream.asked.isEmpty)
        }
        upstream.end()
    }

    @Test func aSessionEndsAfterThirtyDaysOrAThousandNewerOnes() {
        let sessions = ReaderSessions()
        let token = Self.hash("token")
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        let first = sessions.begin(token: token, now: now)
        #expect(sessions.token(of: first, now: now + 30 * 86_400 - 1) == token)
        #expect(sessions.token(of: first, now: now + 30 * 86_400) == nil)
        let ids = (0..<1000).map { sessions.begin(token: token, now: now + Double($0)) }
        #expect(ids.allSatisfy { sessions.token(of: $0, now: now + 1000) == token })
        let last = sessions.begin(token: token, now: now + 1000)
        #expect(sessions.token(of: ids[0], now: now + 1000) == nil)
        #expect((ids.dropFirst() + [last]).allSatisfy { sessions.token(of: $0, now: now + 1000) == token })
    }

    @Test func oneWrongTokenPerThreeSecondsIsAllowedAfterTwenty() throws {
        let clock = HandClock(now: Date(timeIntervalSince1970: 1_800_000_000))
        let limiter = FailureLimiter(clock: clock)
        let client = ClientAddress(try SocketAddress(ipAddress: "192.0.2.1", port: 1))
        for _ in 0..<20 { #expect(limiter.record(client) == nil) }
        #expect(limiter.record(client) == 3)
        clock.pass(2.5)
        #expect(limiter.record(client) == 1)
        clock.pass(0.6)
        #expect(limiter.record(client) == nil)
        #expect(limiter.record(client) != nil)
        clock.pass(60)
        for _ in 0..<20 { #expect(limiter.record(client) == nil) }
        #expect(limiter.record(client) != nil, "no more than 20 are saved up")
    }
}
