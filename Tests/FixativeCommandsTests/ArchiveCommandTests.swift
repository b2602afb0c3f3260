import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct ArchiveCommandTests {
    private static let key = "sk-never-to-be-seen-42"

    /// A simulator in a process of its own, and the environment that leads to it.
    private func withUpstream(
        _ options: String..., body: (_ environment: [String: String]) async throws -> Void
    ) async throws {
        let simulator = try Program.start(["simulate", "--port", "0"] + options)
        try #require(try await simulator.says("export FIXATIVE_API_URL="), "the simulator did not start")
        let said = try String(contentsOf: simulator.errors, encoding: .utf8)
        let url = try #require(said.firstMatch(of: /FIXATIVE_API_URL=(\S+)/)?.output.1)
        try await body(["FIXATIVE_API_URL": String(url), "FIXATIVE_API_KEY": Self.key, "FIXATIVE_ALLOW_PRIVATE_HOSTS": "true"])
        simulator.process.terminate()
        #expect(try simulator.finish().status == 0)
    }

    @Test func watchingSurvivesARestartAndStopsCleanly() async throws {
        let folder = try Folder()
        try await withUpstream("--tasks", "3", "--rate", "60") { environment in
            let arguments = ["archive", "--since", "24h", "--watch", "--sweep-interval", "1", "--storage", folder.path + "/s"]
            for round in 1...2 {
                let worker = try Program.start(arguments, environment: environment)
                try #require(try await worker.says("archived ", times: 3), "the worker of round \(round) ended")
                worker.process.terminate()
                let outcome = try worker.finish()
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            #expect(try Program.run("verify", "--deep", "--storage", folder.path + "/s").status == 0)
        }
    }

    @Test func aBadKeyExitsWith2AndKeepsTheQueue() async throws {
        let folder = try Folder()
        try await withUpstream("--tasks", "2") { environment in
            let storage = folder.path + "/s"
            let bad = try Program.run(
                "archive", "task-1", "--storage", storage,
                environment: environment.merging(["FIXATIVE_API_KEY": "bad-key-12345"]) { $1 })
            #expect(bad.status == 2)
            #expect(bad.errors.contains("FIXATIVE_API_KEY"))
            #expect(!bad.errors.contains("bad-key-12345"))
            #expect(try Program.run("status", "--storage", storage).output.contains("held"))
            let unknown = try Program.run("archive", "--patience", "0", "--storage", storage, environment: environment)
            #expect(unknown.status == 1)
            #expect(unknown.output.contains("does not know the task"))
            #expect(unknown.output.contains("the same command or 'fixative run' continues"))
            #expect(try Program.run("list", "--failing", "--storage", storage).output.contains("task-1"))
            #expect(try Program.run("list", "--lost", "--storage", storage).output.contains("task-1") == false)
        }
    }

    @Test func statusExitsWith1WhileATaskIsHeldOrFails() async throws {
        let folder = try Folder()
        try await withUpstream("--tasks", "1") { environment in
            func status(_ storage: String) throws -> Int32 { try Program.run("status", "--storage", storage).status }
            let (calm, troubled) = (folder.path + "/calm", folder.path + "/troubled")
            _ = try Program.run("archive", "--since", "24h", "--storage", calm, environment: environment)
            #expect(try status(calm) == 0)
            let bad = environment.merging(["FIXATIVE_API_KEY": "bad-key-12345"]) { $1 }
            _ = try Program.run("archive", "task-1", "--storage", troubled, environment: bad)
            #expect(try Program.run("list", "--failing", "--storage", troubled).status == 0, "it is held but has not failed")
            #expect(try status(troubled) == 1)
            _ = try Program.run("archive", "--patience", "0", "--storage", troubled, environment: environment)
            #expect(try Program.run("list", "--failing", "--storage", troubled).status == 1)
            #expect(try status(troubled) == 1)
        }
    }

    @Test func theGalleryShowsAWaitingTaskUntilItIsGivenUp() async throws {
        let folder = try Folder()
        try await withUpstream("--tasks", "1") { environment in
            let storage = folder.path + "/s"
            let index = folder.path + "/g/index.html"
            func page(_ options: String...) throws -> (html: String, output: String) {
                let running = try Program.start(["gallery", folder.path + "/g", "--storage", storage] + options)
                let outcome = try running.finish()
                #expect(outcome.status == 0, "\(outcome.errors)")
                return (try String(contentsOfFile: index, encoding: .utf8), outcome.output)
            }
            _ = try Program.run(
                "archive", "task-unknown", "--since", "24h", "--patience", "0", "--storage", storage, environment: environment)
            let waiting = try page().html
            #expect(waiting.contains("<h2>Still waiting (1)</h2>") && waiting.contains("<code>task-unknown</code>"))
            #expect(waiting.contains("does not know the task") && waiting.contains(/2[34] h \d+ min left/))
            #expect(!(try page("--query", "lighthouse").html.contains("task-unknown")), "it has no prompt with this word")
            _ = try Program.run("give-up", "task-unknown", "--storage", storage)
            #expect(!(try page().html.contains("waiting")))
            #expect(try page().output.contains("0 files written"))
        }
    }

    @Test func aManifestIsReadPastItsBadLines() async throws {
        let folder = try Folder()
        try await withUpstream("--tasks", "4") { environment in
            let storage = folder.path + "/s"
            // The account's own list names the ids; the manifest adds what was asked.
            let first = try Program.run("archive", "--since", "24h", "--storage", storage, environment: environment)
            #expect(first.status == 0, "\(first.errors)")
            let list = try Program.run("list", "--storage", storage, "--format", "csv").output
            let ids = list.matches(of: /task-unified-\d+-\w+/).map { String($0.output) }
            #expect(ids.count == 4)
            #expect(try Program.run("audit", "--storage", storage).status == 0, "unrequested outputs do not fail the audit")
            let manifest = """
                {"task_id":"\(ids[0])","size":"3840x2160","prompt":"a lighthouse"}
                oops
                """
            let second = try Program.run(
                "archive", "--from", "-", "--storage", storage, environment: environment, input: manifest)
            #expect(second.status == 1)
            #expect(second.errors.contains("line 2"))
            #expect(
                try Program.run("list", "--query", "lighthouse", "--storage", storage, "--format", "csv").output.contains(ids[0]))
            #expect(try Program.run("audit", "--storage", storage, "--format", "csv").output.contains("3840x2160"))
        }
    }

    @Test func aSubmissionIsRecordedAndArchived() async throws {
        let folder = try Folder()
        try await withUpstream("--tasks", "0") { environment in
            let storage = folder.path + "/s"
            let submit = try Program.run(
                "submit", "--prompt", "a paper boat", "--size", "16:9", "--wait", "--storage", storage, environment: environment)
            #expect(submit.status == 0, "\(submit.errors)")
            let id = try #require(submit.output.split(separator: "\n").first)
            let audit = try Program.run("audit", "--storage", storage, "--format", "json")
            #expect(audit.status == 0)
            #expect(audit.output.contains("\"verdict\" : \"exact\""))
            #expect(try Program.run("show", String(id), "--storage", storage).output.contains("a paper boat"))
            let refused = try Program.run(
                "submit", "--prompt", "x", "--size", "1000x1000", "--storage", storage, environment: environment)
            #expect(refused.status == 64)
            #expect(refused.errors.contains("not a multiple of 16"))
        }
    }

    @Test func neitherKeyNorQueryIsWrittenAnywhere() async throws {
        let folder = try Folder()
        try await withUpstream("--tasks", "10", "--faults", "hostile", "--seed", "9") { environment in
            let outcome = try Program.run(
                "archive", "--since", "24h", "-v", "--patience", "3", "--storage", folder.path + "/s", environment: environment)
            for text in [Self.key, "sig="] {
                #expect(!outcome.output.contains(text))
                #expect(!outcome.errors.contains(text))
                #expect(folder.files(holding: text) == [])
            }
        }
    }

    @Test func giveUpLeavesAWorkersTaskAlone() async throws {
        let folder = try Folder()
        try await withUpstream("--tasks", "0") { environment in
            let storage = folder.path + "/s"
            _ = try Program.run("archive", "task-unknown", "--patience", "0", "--storage", storage, environment: environment)
            func lease(until end: String) throws {
                _ = try shell(
                    """
                    sqlite3 '\(storage)/catalog.sqlite' "UPDATE task SET state = 'leased', lease_token = lease_token + 1,
                    lease_expires_at = (unixepoch() \(end)) * 1000"
                    """)
            }
            try lease(until: "+ 600")
            let early = try Program.run("give-up", "task-unknown", "--storage", storage)
            #expect(early.status == 1 && early.output.isEmpty, "\(early.output)")
            #expect(early.errors.contains("a worker is fetching the task task-unknown now"), "\(early.errors)")
            // The worker was killed, and its lease has run out.
            try lease(until: "- 600")
            let ended = try Program.run("give-up", "task-unknown", "--storage", storage)
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(ended.output.contains("ended  task-unknown"))
        }
    }

    @Test func retryReopensALostTaskAndReportsItsState() async throws {
        let folder = try Folder()
        try await withUpstream("--tasks", "2") { environment in
            let storage = folder.path + "/s"
            let none = try Program.run("retry", "--storage", storage, environment: environment)
            #expect(none.status == 2, "there is no archive yet")
            _ = try Program.run("archive", "task-unknown", "--patience", "0", "--storage", storage, environment: environment)
            // Nothing is given up while its window is open, unless a person says so.
            let early = try Program.run("retry", "--patience", "0", "--storage", storage, environment: environment)
            #expect(early.errors.contains("retry      0 tasks"))
            let ended = try Program.run("give-up", "task-unknown", "--storage", storage)
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(try Program.run("list", "--lost", "--storage", storage).output.contains("ended by a person"))
            #expect(try Program.run("list", "--failing", "--storage", storage).status == 0, "nothing fails any more")
            let all = try Program.run("retry", "--patience", "0", "--storage", storage, environment: environment)
            #expect(all.errors.contains("retry      1 task"))
            #expect(all.status == 1)
            #expect(all.output.contains("waiting  task-unknown: the upstream does not know the task"))
            let named = try Program.run("retry", "task-nobody", "--storage", storage, environment: environment)
            #expect(named.status == 1)
            #expect(named.errors.contains("the archive has no task task-nobody"))
        }
    }
}
