import ArchiveModel
import AsyncHTTPClient
import Catalog
import Foundation
import GenerationAPI
import Secrets
import Testing

@testable import Archiver

@Suite struct TaskReadersTests {
    @Test func tasksAreReadWithTheirOwnKeyAndLostKeysAreMarked() async throws {
        let archive = try TestArchive()
        let own = try #require(APIKey("sk-own-0123456789"))
        let client = GenerationClient(baseURL: "http://127.0.0.1:9", key: own, http: .shared, clock: archive.clock)
        func readers(_ key: APIKey) -> TaskReaders {
            TaskReaders(own: client, catalog: archive.catalog, vault: KeyVault(key, salt: "archive"))
        }
        let ids = try ["task-ours", "task-a", "task-b", "task-c"].map { try #require(TaskID($0)) }
        _ = try await archive.catalog.register(
            ids.map { TaskRegistration(id: $0, source: "gateway") }, now: archive.clock.now)
        let (one, two) = (try #require(APIKey("sk-one-0123456789")), try #require(APIKey("sk-two-0123456789")))
        try await archive.catalog.keep(try readers(own).seal(one, for: [ids[1], ids[2]]))
        try await archive.catalog.keep(try readers(own).seal(two, for: [ids[3]]))

        let readings = try await readers(own).batches(of: ids)
        #expect(readings.count == 3)
        #expect(readings.first { !$0.isCallers }?.tasks == [ids[0]])
        #expect(readings.filter(\.isCallers).map { Set($0.tasks) }.contains([ids[1], ids[2]]))
        #expect(readings.allSatisfy { !$0.isKeyLost })

        // After the service's key was changed.
        let later = try await readers(two).batches(of: ids)
        #expect(later.first { !$0.isCallers }?.tasks == [ids[0]])
        #expect(later.first { $0.isKeyLost }?.tasks == Array(ids.dropFirst()))
        #expect(try await TaskReaders(own: client, catalog: archive.catalog).batches(of: ids).map(\.tasks) == [ids])
    }

    @Test func aKnownTaskKeepsItsFirstKey() async throws {
        let archive = try TestArchive()
        let own = try #require(APIKey(TestArchive.key))
        let caller = try #require(APIKey("sk-caller-0123456789"))
        let (archiver, downloader) = try archive.archiver("http://127.0.0.1:9", vault: KeyVault(own, salt: "archive"))
        let (known, new) = (try #require(TaskID("task-known")), try #require(TaskID("task-new")))
        try await archiver.register([TaskRegistration(id: known, source: "sweep")])
        try await archiver.register([known, new].map { TaskRegistration(id: $0, source: "gateway") }, caller: caller)
        #expect(try await archive.catalog.sealedKeys(of: [known, new]).keys.map(\.text) == ["task-new"])
        await downloader.shutdown()
    }
}
