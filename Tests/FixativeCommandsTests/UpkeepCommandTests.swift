import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct UpkeepCommandTests {
    /// Three pictures, archived by the demonstration.
    private func archive() throws -> (Folder, String) {
        let folder = try Folder()
        let storage = folder.path + "/s"
        let demo = try Program.run("demo", "--tasks", "3", "--faults", "none", "--storage", storage)
        try #require(demo.status == 0, "\(demo.errors)")
        return (folder, storage)
    }

    private func flip(_ path: String, at offset: Int) throws {
        let script =
            "chmod u+w '\(path)' && printf '\\377\\376' | dd of='\(path)' bs=1 seek=\(offset) conv=notrunc status=none && chmod 444 '\(path)'"
        _ = try shell(script)
    }

    @Test func verifyFindsRepairFixesAndGcCleansUp() throws {
        let (folder, storage) = try archive()
        defer { withExtendedLifetime(folder) {} }
        #expect(try Program.run("verify", "--deep", "--storage", storage).status == 0)
        let thumbnail = try shell("sqlite3 '\(storage)/catalog.sqlite' 'SELECT thumb_digest FROM output LIMIT 1'").prefix(64)
        let path = "\(storage)/blobs/sha256/\(thumbnail.prefix(2))/\(thumbnail)"
        try flip(path, at: 300)

        let found = try Program.run("verify", "--sample", "100%", "--format", "csv", "--storage", storage)
        #expect(found.status == 1)
        #expect(found.output.hasPrefix("finding,where,what\r\ncorrupt,\(thumbnail),"))
        let trial = try Program.run("repair", "--dry-run", "--storage", storage)
        #expect(trial.status == 1)
        #expect(trial.output.contains("remadeDerivative"))
        let mended = try Program.run("repair", "--format", "json", "--storage", storage)
        #expect(mended.status == 0, "\(mended.errors)")
        #expect(mended.output.contains("\"action\" : \"remadeDerivative\""))
        #expect(try shell("sha256sum < '\(path)'").prefix(64) == thumbnail)
        #expect(try Program.run("verify", "--deep", "--for", "1h", "--format", "json", "--storage", storage).status == 0)

        let stray = "\(storage)/ingest/0f8fad5b-d9cb-469f-a165-708677289501"
        try Data("x".utf8).write(to: URL(filePath: stray))
        let collected = try Program.run("gc", "--storage", storage)
        #expect(collected.status == 0)
        #expect(collected.output == "0 files (0 B) deleted, 0 pictures kept, 0 too young or in use again, 1 unfinished file\n")
        #expect(!FileManager.default.fileExists(atPath: stray))
    }

    @Test func aDamagedCatalogIsReportedAndRebuilt() throws {
        let (folder, storage) = try archive()
        defer { withExtendedLifetime(folder) {} }
        let before = try Program.run("list", "--format", "json", "--storage", storage).output
        _ = try shell("head -c 30000 /dev/urandom > '\(storage)/catalog.sqlite'")
        let found = try Program.run("verify", "--storage", storage)
        #expect(found.status == 1)
        #expect(found.output.contains("damagedCatalog"))
        let mended = try Program.run("repair", "--storage", storage)
        #expect(mended.status == 1, "the possible loss of waiting tasks is reported")
        #expect(mended.output.contains("archive --since 24h"))
        #expect(try Program.run("verify", "--deep", "--storage", storage).status == 0)
        #expect(try Program.run("list", "--format", "json", "--storage", storage).output == before)
        #expect(try Program.run("repair", "--storage", storage).status == 0)
    }

    @Test func anArchiveOfANewerVersionIsRefused() throws {
        let (folder, storage) = try archive()
        defer { withExtendedLifetime(folder) {} }
        _ = try shell("sed -i 's/\"version\" : 1/\"version\" : 9/' '\(storage)/fixative-archive.json'")
        for verb in ["verify", "repair", "gc", "rebuild", "status", "list"] {
            let outcome = try Program.run(verb, "--storage", storage)
            #expect(outcome.status == 2, "\(verb)")
            #expect(outcome.errors.contains("version 9"), "\(verb)")
        }
    }
}
