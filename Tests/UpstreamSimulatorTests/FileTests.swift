import ArchiveModel
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Networking
import Testing

@testable import UpstreamSimulator

/// The storage host.
struct FileTests {
    private static func withFile(
        _ change: @escaping @Sendable (inout SimulatorOptions) -> Void = { _ in },
        test: @escaping @Sendable (Bench, SimulatedTask, String) async throws -> Void
    ) async throws {
        try await Bench.run(change) { bench in
            let task = try #require(try await bench.simulator.populate(tasks: 1).first)
            try await test(bench, task, try #require(try await bench.links(of: task.id).first))
        }
    }

    @Test func aResultIsServedWithItsHeaders() async throws {
        try await Self.withFile { bench, task, link in
            let response = try await bench.fetch(link)
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "image/png")
            #expect(response.headers[.contentLength] == String(response.body.readableBytes))
            #expect(response.headers[.eTag]?.hasPrefix("\"") == true)
            #expect(response.headers[.lastModified]?.hasSuffix(" GMT") == true)
            #expect(response.headers[.acceptRanges] == "bytes")
            let size = try #require(task.outputs.first?.size)
            #expect(PictureHeader.size(of: Data(response.body.readableBytesView), format: .png) == size)
        }
    }

    @Test func aHEADAnswerHasHeadersAndNoBody() async throws {
        try await Self.withFile { bench, _, link in
            let whole = try await bench.fetch(link)
            let head = try await bench.fetch(link, method: .head)
            #expect(head.status == .ok)
            #expect(head.body.readableBytes == 0)
            #expect(head.headers[.contentLength] == whole.headers[.contentLength])
            #expect(head.headers[.eTag] == whole.headers[.eTag])
        }
    }

    @Test func aPictureIsMadeOnce() async throws {
        try await Self.withFile { bench, _, link in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 1...8 { group.addTask { _ = try await bench.fetch(link) } }
                try await group.waitForAll()
            }
            #expect(bench.pictures.count == 1)
        }
    }

    @Test func aRangeIsServed() async throws {
        try await Self.withFile { bench, _, link in
            let whole = try await bench.fetch(link)
            let bytes = Array(whole.body.readableBytesView)
            let part = try await bench.fetch(link, headers: [.range: "bytes=10-19"])
            #expect(part.status == .partialContent)
            #expect(Array(part.body.readableBytesView) == Array(bytes[10...19]))
            #expect(part.headers[.contentRange] == "bytes 10-19/\(bytes.count)")
            #expect(part.headers[.contentLength] == "10")
            let beyond = try await bench.fetch(link, headers: [.range: "bytes=\(bytes.count)-"])
            #expect(beyond.status == .rangeNotSatisfiable)
            #expect(beyond.headers[.contentRange] == "bytes */\(bytes.count)")
        }
    }

    @Test func aRangeOfAnotherVersionGivesTheWholeFile() async throws {
        try await Self.withFile { bench, _, link in
            let etag = try #require(try await bench.fetch(link).headers[.eTag])
            let date = try #require(try await bench.fetch(link).headers[.lastModified])
            for (condition, status) in [(etag, 206), (date, 206), ("\"other\"", 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 200)] {
                let response = try await bench.fetch(link, headers: [.range: "bytes=0-0", .ifRange: condition])
                #expect(response.status.code == status)
            }
        }
    }

    @Test func aChangedLinkIsRefused() async throws {
        try await Self.withFile { bench, task, link in
            let later = link.replacing(/exp=[0-9]+/, with: "exp=9999999999")
            for wrong in [later, link + "0", String(link.prefix { $0 != "?" }), link.replacing("/0.", with: "/1.")] {
                let response = try await bench.fetch(wrong)
                #expect(response.status == .forbidden)
            }
        }
    }

    @Test func aLinkWorksForTwentyFourHours() async throws {
        try await Bench.run { bench in
            let id = try #require(try await bench.create(["prompt": .string("x")]).json?["id"]?.string)
            bench.clock.advance(by: .seconds(4))
            let link = try #require(try await bench.call(.get, "/v1/tasks/\(id)").json?.links.first)
            bench.clock.advance(by: .seconds(24 * 3600 - 1))
            #expect(try await bench.fetch(link).status == .ok)
            bench.clock.advance(by: .seconds(1))
            #expect([403, 404, 410].contains(try await bench.fetch(link).status.code))
            #expect(try await bench.call(.get, "/v1/tasks/\(id)").json?.links == [link])
        }
    }

    @Test func aKeySentToStorageIsAViolation() async throws {
        try await Self.withFile { bench, _, link in
            #expect(bench.simulator.violations.isEmpty)
            let response = try await bench.fetch(link, headers: Bench.key)
            #expect(response.status == .badRequest)
            #expect(bench.simulator.violations.map(\.kind) == [.keySentToStorage])
            #expect(!(bench.simulator.violations.first?.path.contains("sig=") ?? true))
        }
    }

    @Test(
        arguments: [
            (nil, .whole), ("bytes=0-4", .part(0..<5)), ("bytes=5-", .part(5..<10)), ("bytes=-3", .part(7..<10)),
            ("bytes=-30", .part(0..<10)), ("bytes=8-99", .part(8..<10)), ("bytes=10-", .unsatisfiable),
            ("bytes=-0", .unsatisfiable),
            ("bytes=4-2", .whole), ("bytes=0-1,3-4", .whole), ("lines=1-2", .whole), ("bytes=a-b", .whole), ("bytes=-", .whole),
        ] as [(String?, ByteRange)])
    func aRangeHeaderIsRead(header: String?, expected: ByteRange) {
        #expect(ByteRange(header, length: 10) == expected)
    }

    /// The example of RFC 9110, section 5.6.7.
    @Test func datesAreWrittenAsInTheHTTPStandard() {
        #expect(HTTPDate.text(Date(timeIntervalSince1970: 784_111_777)) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
