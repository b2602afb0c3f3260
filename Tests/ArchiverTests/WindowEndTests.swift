import ArchiveModel
import Archiver
import Catalog
import Foundation
import GenerationAPI
import Testing

/// When a window closes, by the clock of this machine and by that of the API.
@Suite struct WindowEndTests {
    private static let names = ["refused", "unknown", "unfinished"]

    /// An API whose tasks were created 49 hours ago by the clock of this machine: for all of them, that is the end.
    /// - Parameter ahead: Seconds that the clock of this machine is ahead of the API's; `nil` for an API that does not tell its time.
    private static func api(_ clock: JumpClock, ahead: TimeInterval?) throws -> RawHost {
        let created = Int(clock.now.timeIntervalSince1970) - 49 * 3600
        return try RawHost { _, head in
            let port = head.firstMatch(of: /host: 127\.0\.0\.1:(\d+)/)?.output.1 ?? ""
            let (status, body) =
                if head.hasPrefix("get /v1/tasks/refused") {
                    (
                        200,
                        #"{"id":"refused","status":"completed","created":\#(created),"results":["http://127.0.0.1:\#(port)/a.png"]}"#
                    )
                } else if head.hasPrefix("get /v1/tasks/unfinished") {
                    (200, #"{"id":"unfinished","status":"processing","created":\#(created)}"#)
                } else {
                    (404, #"{"error":{"message":"no such task","type":"invalid_request_error"}}"#)
                }
            // It is held against the machine's own clock, which makes no jumps.
            let date = ahead.map { RawHost.dateLine(ahead: $0) } ?? ""
            return Array(
                """
                HTTP/1.1 \(status) OK\r\n\(date)Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\
                Connection: close\r\n\r\n\(body)
                """.utf8)
        }
    }

    private static func states(_ archive: TestArchive) async throws -> [String] {
        var states: [String] = []
        for name in names {
            let id = try #require(TaskID(name))
            let task = try #require(try await archive.catalog.task(id))
            let outputs = try await archive.catalog.entries(EntryQuery(task: task.id))
            states.append(outputs.first?.state.rawValue ?? task.state.rawValue)
        }
        return states
    }

    @Test(arguments: [9, -9, 50, nil] as [TimeInterval?])
    func noWindowClosesWhileTheClockIsWrong(hours: TimeInterval?) async throws {
        let archive = try TestArchive()
        let begun = archive.clock.now - 49 * 3600
        let tasks = try Self.names.map { TaskRegistration(id: try #require(TaskID($0)), source: "test", createdAt: begun) }
        _ = try await archive.catalog.register(tasks, now: begun)
        let wrong = try Self.api(archive.clock, ahead: hours.map { $0 * 3600 })
        for _ in 1...3 {
            let summary = try await archive.run(wrong.url) { $0.patience = 0 }
            #expect(summary.unavailable == 0 && summary.waiting == 3)
            #expect(try await Self.states(archive) == ["waiting", "waiting", "waiting"])
        }
        // The same tasks end as soon as the clocks agree.
        let right = try Self.api(archive.clock, ahead: 0)
        _ = try await archive.run(right.url) { $0.patience = 120 }
        #expect(try await Self.states(archive) == ["unavailable", "unavailable", "unavailable"])
    }

    /// As `--wait` and `--patience 60` make it; the host refuses every link.
    @Test(arguments: [nil, 60] as [TimeInterval?])
    func aRunEndsAfterItsPatienceOrWithTheWindow(patience: TimeInterval?) async throws {
        let archive = try TestArchive()
        let start = archive.clock.now
        let task = try #require(TaskID("refused"))
        let api = try RawHost { _, head in
            let port = head.firstMatch(of: /host: 127\.0\.0\.1:(\d+)/)?.output.1 ?? ""
            let created = Int(start.timeIntervalSince1970)
            let body =
                head.hasPrefix("get /v1/")
                ? #"{"id":"refused","status":"completed","created":\#(created),"results":["http://127.0.0.1:\#(port)/a.png"]}"#
                : ""
            return Array(
                """
                HTTP/1.1 \(body.isEmpty ? 404 : 200) OK\r\n\(RawHost.dateLine())Content-Length: \(body.utf8.count)\r\n\
                Connection: close\r\n\r\n\(body)
                """.utf8)
        }
        let summary = try await archive.run(api.url, tasks: [TaskRegistration(id: task, source: "test")]) {
            $0.patience = patience
        }
        let hours = archive.clock.now.timeIntervalSince(start) / 3600
        if patience == nil {
            // Three refusals over ten minutes after the deadline.
            #expect(hours > 24.1 && hours < 25)
            #expect(summary.unavailable == 1 && summary.waiting == 0)
        } else {
            #expect(hours < 1)
            #expect(summary.unavailable == 0 && summary.waiting == 1)
        }
    }
}
