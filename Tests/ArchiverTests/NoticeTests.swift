import ArchiveModel
import Archiver
import Catalog
import Foundation
import Testing
import UpstreamSimulator

/// What an archiver does is noted for whoever is to be told outside.
@Suite struct NoticeTests {
    @Test func aTaskAtRiskIsNotedOnlyOnce() async throws {
        let archive = try TestArchive()
        try await archive.catalog.keepNotices(100)
        try await withSimulator(.none, tasks: 1, clock: archive.clock) { _, url, tasks in
            var task = try #require(tasks.first).registration
            task.createdAt = archive.clock.now.addingTimeInterval(-23 * 3600)
            // The key is refused, so that it stays where it is.
            for _ in 0..<2 { _ = try await archive.run(url, key: "bad-key-0123", tasks: [task]) }
            let notices = try await archive.catalog.dueNotices(limit: 9, now: archive.clock.now)
            #expect(notices.map(\.type) == ["task.at_risk"])
            let notice = try JSONDecoder.archive.decode(Notice.self, from: Data(try #require(notices.first).body.utf8))
            #expect(notice.data.taskId == task.id)
            #expect(notice.data.deadline == task.createdAt?.addingTimeInterval(24 * 3600))
            #expect(notice.data.reason?.contains(" min left") == true)
        }
    }

    @Test func everyTaskAtRiskIsReported() async throws {
        let archive = try TestArchive()
        try await archive.catalog.keepNotices(1000)
        try await withSimulator(.none, tasks: 1, clock: archive.clock) { _, url, _ in
            let createdAt = archive.clock.now.addingTimeInterval(-23 * 3600)
            let tasks = try (0..<150).map {
                TaskRegistration(id: try #require(TaskID("task-of-many-\($0)")), source: "test", createdAt: createdAt)
            }
            // The key is refused, so that they stay where they are. A run looks as it begins and as it ends.
            let summary = try await archive.run(url, key: "bad-key-0123", tasks: tasks)
            #expect(summary.atRisk == 150)
            let notices = try await archive.catalog.dueNotices(limit: 1000, now: archive.clock.now)
            #expect(notices.count == 150 && notices.allSatisfy { $0.type == "task.at_risk" })
            let told = archive.events.count {
                if case .atRisk = $0 { true } else { false }
            }
            #expect(told == 150, "each once")
        }
    }

    @Test func everyEndCausesExactlyOneNotice() async throws {
        let archive = try TestArchive()
        try await archive.catalog.keepNotices(1000)
        try await withSimulator(.hostile, seed: 7, tasks: 30, clock: archive.clock) { _, url, tasks in
            let summary = try await archive.run(url, tasks: tasks.map(\.registration))
            let notices = try await archive.catalog.dueNotices(limit: 1000, now: archive.clock.now.addingTimeInterval(3600))
            let types = Dictionary(grouping: notices, by: \.type).mapValues(\.count)
            #expect((types["output.archived"] ?? 0) + (types["output.mismatch"] ?? 0) == summary.archived)
            #expect((types["output.unavailable"] ?? 0) == summary.unavailable)
            let ended = try await archive.catalog.endedTasks(limit: 1000)
            #expect((types["task.unavailable"] ?? 0) == ended.count)
            let text = notices.map(\.body).joined()
            #expect(!text.contains("sig=") && !text.contains("http") && !text.contains(TestArchive.key))
        }
    }
}
