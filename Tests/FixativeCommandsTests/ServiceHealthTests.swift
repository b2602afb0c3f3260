import Foundation
import TestSupport
import Testing

/// What fails in a service, and how the rest goes on.
@Suite(.serialized) struct ServiceHealthTests {
    private static let reader = "reader-token-0123456789"

    /// Starts a service that has nothing to archive; `upstream` is an address of the API.
    private func withService(
        _ upstream: String, key: String = "sk-of-a-test", _ options: [String], in folder: Folder,
        _ body: (_ ask: (String, String?) throws -> (status: String, body: String)) async throws -> Void
    ) async throws {
        let service = try Program.start(
            ["run", "--listen", "127.0.0.1:0", "--sweep-interval", "1", "--storage", folder.path + "/s"] + options,
            environment: [
                "FIXATIVE_API_URL": upstream, "FIXATIVE_API_KEY": key, "FIXATIVE_ALLOW_PRIVATE_HOSTS": "true",
                "FIXATIVE_READ_TOKEN": Self.reader,
            ])
        try #require(try await service.says("\"serving\""))
        let words = try String(contentsOf: service.errors, encoding: .utf8)
        let url = try #require(words.firstMatch(of: /"address":"(http:[^"]+)"/)?.output.1.replacing("\\/", with: "/"))
        try await body { path, token in
            let authorization = token.map { "-H 'Authorization: Bearer \($0)'" } ?? ""
            let answer = try shell("curl -s -w '\\n%{http_code}' --max-time 20 \(authorization) '\(url)\(path)'")
            let lines = answer.split(separator: "\n", omittingEmptySubsequences: false)
            return (String(lines.last ?? ""), lines.dropLast().joined(separator: "\n"))
        }
        let begun = Date()
        service.process.terminate()
        let outcome = try service.finish()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(Date().timeIntervalSince(begun) < 10)
    }

    private func eventually(_ what: String, _ holds: () throws -> Bool) async throws {
        let patience = Date().addingTimeInterval(30)
        while Date() < patience {
            if try holds() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("did not happen: \(what)")
    }

    @Test func aFailedPartIsRestartedAndHealthReportsIt() async throws {
        let folder = try Folder()
        let simulator = try Program.start(["simulate", "--port", "0", "--tasks", "0"])
        try #require(try await simulator.says("export FIXATIVE_API_URL="))
        let said = try String(contentsOf: simulator.errors, encoding: .utf8)
        let upstream = String(try #require(said.firstMatch(of: /FIXATIVE_API_URL=(\S+)/)?.output.1))
        let drop = folder.path + "/not-mounted-yet"
        try await withService(upstream, ["--watch-dir", drop], in: folder) { ask in
            try await eventually("not ready without its folder") {
                let answer = try ask("/readyz", Self.reader)
                return answer.status == "503" && answer.body.contains("watch-dir has stopped")
            }
            let stranger = try ask("/readyz", nil)
            #expect(stranger.status == "503" && stranger.body.contains(#""sources":"failing""#))
            #expect(!stranger.body.contains(folder.path), "a caller without a token learns no paths")
            #expect(try ask("/healthz", nil).status == "200")
            try FileManager.default.createDirectory(atPath: drop, withIntermediateDirectories: false)
            try await eventually("ready once the folder is there") { try ask("/readyz", nil).status == "200" }
        }
        simulator.process.terminate()
        _ = try simulator.finish()
    }

    @Test func aRefusedKeyOrAnAbsentAPIDoesNotStopTheService() async throws {
        let simulator = try Program.start(["simulate", "--port", "0", "--tasks", "0"])
        try #require(try await simulator.says("export FIXATIVE_API_URL="))
        let said = try String(contentsOf: simulator.errors, encoding: .utf8)
        let upstream = String(try #require(said.firstMatch(of: /FIXATIVE_API_URL=(\S+)/)?.output.1))
        // The simulator calls keys that begin so unknown.
        try await withService(upstream, key: "bad-of-a-test", [], in: try Folder()) { ask in
            try await eventually("not ready with a bad key") {
                let answer = try ask("/readyz", Self.reader)
                return answer.status == "503" && answer.body.contains("401")
            }
            #expect(try ask("/api/outputs", Self.reader).status == "200")
            #expect(try ask("/gallery/", Self.reader).status == "200")
        }
        simulator.process.terminate()
        _ = try simulator.finish()
        // Nobody listens there any more.
        try await withService(upstream, [], in: try Folder()) { ask in
            try await eventually("the sweep's failure shows") {
                let answer = try ask("/readyz", Self.reader)
                return answer.status == "503" && answer.body.contains("sweep has stopped")
            }
            #expect(try ask("/healthz", nil).status == "200")
        }
    }

    @Test func aLockedCatalogDoesNotDelayTheShutdown() async throws {
        let folder = try Folder()
        let secret = "hook-secret-0123456789"
        // Nobody listens there.
        let service = try Program.start(
            ["run", "--listen", "127.0.0.1:0", "--sweep-interval", "1", "--storage", folder.path + "/s"],
            environment: [
                "FIXATIVE_API_URL": "http://127.0.0.1:9", "FIXATIVE_API_KEY": "sk-of-a-test",
                "FIXATIVE_ALLOW_PRIVATE_HOSTS": "true", "FIXATIVE_HOOK_SECRET": secret,
            ])
        try #require(try await service.says("\"serving\""))
        let words = try String(contentsOf: service.errors, encoding: .utf8)
        let url = try #require(words.firstMatch(of: /"address":"(http:[^"]+)"/)?.output.1.replacing("\\/", with: "/"))
        let holder = try HeldCatalog(folder.path + "/s/catalog.sqlite")
        let answer = try shell(
            "curl -s -o /dev/null -D - -w '\\n%{time_total}' --max-time 40 -d '{\"id\":\"task-1\"}' '\(url)/hooks/\(secret)'")
        #expect(answer.contains(" 503 ") && answer.lowercased().contains("retry-after: "))
        #expect(Double(answer.split(separator: "\n").last ?? "") ?? 99 < 5)
        let begun = Date()
        service.process.terminate()
        let outcome = try service.finish()
        #expect(Date().timeIntervalSince(begun) < 10.5)
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains(#""message":"cut off""#))
        try holder.release()
        #expect(try shell("sqlite3 '\(folder.path)/s/catalog.sqlite' 'PRAGMA integrity_check'") == "ok\n")
    }

    @Test func logLinesAreJSONWithTheirTaskIDs() async throws {
        let folder = try Folder()
        let simulator = try Program.start(["simulate", "--port", "0", "--tasks", "2"])
        try #require(try await simulator.says("export FIXATIVE_API_URL="))
        let said = try String(contentsOf: simulator.errors, encoding: .utf8)
        let upstream = String(try #require(said.firstMatch(of: /FIXATIVE_API_URL=(\S+)/)?.output.1))
        let service = try Program.start(
            ["run", "--listen", "127.0.0.1:0", "--since", "1000d", "--storage", folder.path + "/s", "-v"],
            environment: [
                "FIXATIVE_API_URL": upstream, "FIXATIVE_API_KEY": "sk-never-to-be-seen-43",
                "FIXATIVE_ALLOW_PRIVATE_HOSTS": "true",
            ])
        try #require(try await service.says(#""message":"archived""#, times: 2))
        service.process.terminate()
        let outcome = try service.finish()
        let lines = outcome.errors.split(separator: "\n")
        var archived: Set<String> = []
        for line in lines {
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "a line is one object: \(line)")
            #expect(json["time"] is String && json["level"] is String && json["message"] is String)
            if json["message"] as? String == "archived", let task = json["task"] as? String { archived.insert(task) }
        }
        let known = try shell("sqlite3 '\(folder.path)/s/catalog.sqlite' 'SELECT id FROM task ORDER BY id'").split(
            separator: "\n")
        #expect(archived.sorted() == known.map(String.init))
        #expect(!outcome.errors.contains("sk-never") && !outcome.errors.contains("sig="))
        simulator.process.terminate()
        _ = try simulator.finish()
    }
}
