import ArchiveModel
import Catalog
import Foundation
import GRDB
import Testing

/// Texts of other people come back as they were, byte for byte.
@Suite struct OpaqueTextTests {
    static let texts = [
        "a red\u{0} house by the sea", "\u{0}", "\u{0}\u{0}end", "\u{1A}", "\u{1A}\u{1B}", "\u{1A}\u{1A}\u{0}\u{1B}", "end\u{1A}",
        "e\u{301} \u{E9} \u{212B} \u{FFFD} \u{FEFF} \u{202E} \u{10FFFF}", "'; DROP TABLE task; --", "line\r\nend\u{2028}",
    ]

    private func same(_ one: String?, _ other: String) -> Bool { one.map { Array($0.utf8) } == Array(other.utf8) }

    @Test(arguments: texts) func everyTextOfATaskIsReadBackUnchanged(_ text: String) async throws {
        let (catalog, other) = try CatalogKind.sqlite.make()
        let request = RecordedRequest(
            model: text, prompt: text, size: text, resolution: text, imageURLs: [text], recordedAt: noon)
        let id = try taskID("t-1")
        try await catalog.resolve(id, request: request)
        func check(_ found: RecordedRequest?) {
            for read in [found?.model, found?.prompt, found?.size, found?.resolution, found?.imageURLs?.first] {
                #expect(same(read, text))
            }
        }
        check(try await other.request(of: id))
        check(try await other.queuedOutputs(limit: 1, now: noon).first?.request)
        let lease = try #require(try await catalog.leaseOutputs(limit: 1, now: noon, until: noon.plus(60)).first)
        check(lease.request)
        var ended = try record(id)
        ended.request = request
        ended.state = .unavailable
        ended.reason = text
        try await catalog.finish(lease, .ended(ended), now: noon)
        let entry = try #require(try await other.entries(EntryQuery(task: id)).first)
        check(entry.request)
        #expect(same(entry.reason, text))
        #expect(try await catalog.entries(EntryQuery(model: text)).count == 1)
        try await catalog.rebuild(outputs: [ended], tasks: [], unfinished: [], now: noon)
        check(try await other.request(of: id))
    }

    @Test func wordsAfterANULCharacterAreFound() async throws {
        let (catalog, _) = try CatalogKind.sqlite.make()
        try await catalog.rebuild(
            outputs: [try record(try taskID("t-1"), prompt: "a red\u{0}house\u{1A}by the sea")], tasks: [], unfinished: [],
            now: noon)
        for words in ["house", "red", "sea", "red house", "red\u{0}house"] {
            #expect(try await catalog.entries(EntryQuery(text: words)).count == 1, "\(words)")
        }
        #expect(try await catalog.entries(EntryQuery(text: "redhouse")).isEmpty)
    }

    @Test func idsWithDifferentBytesAreDifferentTasks() async throws {
        let (catalog, _) = try CatalogKind.sqlite.make()
        let ids = [try taskID("caf\u{E9}"), try taskID("cafe\u{301}")]
        _ = try await catalog.register(ids.map { TaskRegistration(id: $0, source: "test") }, now: noon)
        let leases = try await catalog.leaseTasks(limit: 10, now: noon, until: noon.plus(60))
        #expect(Set(leases.map(\.id)) == Set(ids))
        #expect(Set(leases.map { Array($0.id.text.utf8) }) == Set(ids.map { Array($0.text.utf8) }))
    }
}
