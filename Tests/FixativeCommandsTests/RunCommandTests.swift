import Foundation
import TestSupport
import Testing

/// The service as it runs, asked by curl.
@Suite(.serialized) struct RunCommandTests {
    static let (reader, admin, hook) = ("reader-token-0123456789", "admin-token-0123456789", "hook-secret-0123456789")

    struct Service {
        var url: String
        var storage: String
        /// Where manifests are dropped.
        var drop: String
        var program: Program.Running

        /// - Returns: Status and body; the header lines, in lower case, when `head` is set.
        func ask(_ path: String, token: String? = admin, _ options: String = "") throws -> (
            status: Int, body: String, headers: [String]
        ) {
            let authorization = token.map { "-H 'Authorization: Bearer \($0)'" } ?? ""
            let answer = try shell("curl -s -i --path-as-is --max-time 20 \(authorization) \(options) '\(url)\(path)'")
            let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
            let lines = (parts.first ?? "").split(separator: "\r\n").map { $0.lowercased() }
            let status = Int(lines.first?.split(separator: " ").dropFirst().first ?? "") ?? 0
            return (status, parts.count > 1 ? String(parts[1]) : "", Array(lines.dropFirst()))
        }

        func json(_ path: String) throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: Data(try ask(path).body.utf8)) as? [String: Any] ?? [:]
        }
    }

    func withService(
        tasks: Int = 3,
        tokens: [String: String] = ["FIXATIVE_READ_TOKEN": reader, "FIXATIVE_ADMIN_TOKEN": "old-token-0123456789," + admin],
        _ body: (Service) async throws -> Void
    ) async throws {
        let folder = try Folder()
        let simulator = try Program.start(["simulate", "--port", "0", "--tasks", "\(tasks)"])
        try #require(try await simulator.says("export FIXATIVE_API_URL="))
        let said = try String(contentsOf: simulator.errors, encoding: .utf8)
        let upstream = try #require(said.firstMatch(of: /FIXATIVE_API_URL=(\S+)/)?.output.1)
        var environment = [
            "FIXATIVE_API_URL": String(upstream), "FIXATIVE_API_KEY": "sk-never-to-be-seen-43",
            "FIXATIVE_ALLOW_PRIVATE_HOSTS": "true",
            "FIXATIVE_HOOK_SECRET": Self.hook,
        ]
        environment.merge(tokens) { $1 }
        let (storage, drop) = (folder.path + "/s", folder.path + "/drop")
        try FileManager.default.createDirectory(atPath: drop, withIntermediateDirectories: false)
        let program = try Program.start(
            [
                "run", "--listen", "127.0.0.1:0", "--since", "1000d", "--sweep-interval", "1", "--log-format", "text",
                "--storage", storage, "--watch-dir", drop,
            ],
            environment: environment)
        try #require(try await program.says("serving "))
        let words = try String(contentsOf: program.errors, encoding: .utf8)
        let url = try #require(words.firstMatch(of: /serving +(http:\S+),/)?.output.1)
        try #require(try await program.says("archived ", times: tasks), "\(words)")
        try await body(Service(url: String(url), storage: storage, drop: drop, program: program))
        program.process.terminate()
        let outcome = try program.finish()
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            !outcome.errors.contains("sk-never") && !outcome.errors.contains(Self.admin) && !outcome.errors.contains(Self.hook))
        simulator.process.terminate()
        _ = try simulator.finish()
    }

    @Test func onlyReadersFindArchivedOutputs() async throws {
        try await withService { service in
            #expect(try service.ask("/healthz", token: nil).status == 200)
            #expect(try service.ask("/readyz", token: nil).status == 200)
            for (token, status) in [
                (nil, 401), ("wrong-token-0123456789", 401), (Self.reader, 200), (Self.admin, 200), ("old-token-0123456789", 200),
            ] {
                #expect(try service.ask("/api/outputs", token: token).status == status, "\(token ?? "none")")
            }
            #expect(try service.ask("/api/tasks", token: Self.reader, "-d '{}'").status == 403)
            #expect(try service.ask("/api/tasks", token: nil, "-d '{}'").status == 401)

            var names: [String] = []
            var path = "/api/outputs?limit=1"
            while names.count < 50 {
                let page = try service.json(path)
                for output in page["outputs"] as? [[String: Any]] ?? [] { names += [output["name"] as? String].compactMap { $0 } }
                guard let next = page["next"] as? String else { break }
                path = "/api/outputs?limit=1&cursor=\(next)"
            }
            let rows = try shell("sqlite3 '\(service.storage)/catalog.sqlite' 'SELECT COUNT(*) FROM output'")
            #expect(names.count == Int(rows.trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(Set(names).count == names.count)
            let whole = try service.json("/api/outputs/\(names[0])")
            #expect((whole["record"] as? [String: Any])?["format"] as? String == "fixative.output/2")
            #expect(try (service.json("/api/audit")["summary"] as? [String: Any])?["outputs"] as? Int == names.count)
            let task = names[0].split(separator: "-").dropLast().joined(separator: "-")
            #expect(try (service.json("/api/tasks/\(task)")["outputs"] as? [Any])?.isEmpty == false)
        }
    }

    @Test func filesAreServedWithTheirOwnType() async throws {
        try await withService(tasks: 1) { service in
            let output = try #require((try service.json("/api/outputs")["outputs"] as? [[String: Any]])?.first)
            let original = try #require(output["original"] as? [String: Any])
            let (path, digest) = (try #require(original["path"] as? String), try #require(original["sha256"] as? String))
            let authorization = "-H 'Authorization: Bearer \(Self.reader)'"
            #expect(try shell("curl -s \(authorization) '\(service.url)\(path)' | sha256sum | cut -c1-64") == digest + "\n")
            let head = try service.ask(path, "-I")
            for line in [
                "etag: \"\(digest)\"", "x-content-type-options: nosniff",
                "content-type: \(original["mediaType"] as? String ?? "")", "accept-ranges: bytes",
            ] {
                #expect(head.headers.contains(line), "\(line)")
            }
            #expect(head.headers.contains("content-length: \(original["bytes"] as? Int ?? -1)"))
            #expect(try service.ask(path, "-H 'If-None-Match: W/\"\(digest)\"'").status == 304)
            let parts = try shell(
                "(curl -s \(authorization) -r 0-99 '\(service.url)\(path)'; curl -s \(authorization) -r 100- '\(service.url)\(path)') | sha256sum | cut -c1-64"
            )
            #expect(parts == digest + "\n")
            #expect(try service.ask(path, "-r 99999999999-").status == 416)
            let name = try #require(output["name"] as? String)
            #expect(try service.ask("/thumbs/\(name)", "-I").status == 200)
            for path in [
                "/blobs/sha256/\(digest.dropLast())", "/blobs/sha256/\(String(repeating: "0", count: 64))",
                "/blobs/sha256/../../catalog.sqlite", "/blobs/sha256/%2e%2e%2fcatalog.sqlite", "/thumbs/nobody-0", "/thumbs/-1",
                "/blobs",
            ] {
                #expect(try service.ask(path).status == 404, "\(path)")
            }
        }
    }

    @Test func aCallbackIsOnlyAHint() async throws {
        try await withService(tasks: 1) { service in
            let post = "-X POST -H 'Content-Type: application/json' --data-binary @-"
            func call(_ secret: String, _ body: String) throws -> Int {
                let status = try shell(
                    "printf '%s' '\(body)' | curl -s -o /dev/null -w '%{http_code}' \(post) '\(service.url)/hooks/\(secret)'")
                return Int(status) ?? 0
            }
            #expect(try call("wrong", #"{"id":"task-forged"}"#) == 404)
            #expect(
                try call(Self.hook, #"{"id":"task-forged","status":"completed","results":["http://127.0.0.1:9/evil.png"]}"#)
                    == 204)
            #expect(try call(Self.hook, #"{"id":"task-forged"}"#) == 204)
            #expect(try call(Self.hook, "no json") == 400)
            #expect(try call(Self.hook, #"{"id":"has space"}"#) == 400)
            let large = try shell(
                "head -c 300000 /dev/zero | tr '\\0' 'x' | curl -s -o /dev/null -w '%{http_code}' \(post) '\(service.url)/hooks/\(Self.hook)'"
            )
            #expect(large == "400", "it has no ID at its beginning")
            // Read in vain, and then again: the upstream has never heard of it.
            for _ in 0..<300 {
                let hints = "SELECT attempts FROM task_hint WHERE id = 'task-forged'"
                if Int(
                    try shell("sqlite3 -readonly '\(service.storage)/catalog.sqlite' \"\(hints)\"").trimmingCharacters(
                        in: .newlines)) ?? 0 > 1
                {
                    break
                }
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(try service.ask("/api/tasks/task-forged").status == 404)
            #expect(try shell("grep -rl task-forged '\(service.storage)/records' || true") == "", "and leaves no record")
        }
    }

    @Test func aTaskListIsAcceptedAsAWholeOrNotAtAll() async throws {
        try await withService(tasks: 1) { service in
            let bad = try service.ask("/api/tasks", #"-d '{"tasks":[{"task_id":"task-a"},{"task_id":"a b"}]}'"#)
            #expect(bad.status == 422 && bad.body.contains("not a task ID"))
            #expect(bad.headers.contains("content-type: application/problem+json"))
            #expect(try service.ask("/api/tasks/task-a").status == 404)
            #expect(
                try service.ask("/api/tasks", #"-d '{"tasks":[{"task_id":"task-a","size":"16:9","resolution":"2K"}]}'"#).status
                    == 202)
            #expect(try (service.json("/api/tasks/task-a")["requested"] as? [String: Any])?["size"] as? String == "16:9")
            #expect(try service.ask("/api/outputs?verdict=splendid").status == 400)
            #expect(try service.ask("/api/outputs?verdict=exact&verdict=exact").status == 400)
            #expect(try service.ask("/api/outputs?limit=0").status == 400)
        }
    }

    @Test func aDroppedManifestIsRead() async throws {
        try await withService(tasks: 1) { service in
            let lines = #"{"task_id":"task-dropped","size":"16:9","resolution":"2K"}"# + "\nno task\n"
            try Data(lines.utf8).write(to: URL(filePath: service.drop + "/a.jsonl"), options: .atomic)
            #expect(try await service.program.says("the manifest a.jsonl of the watched folder: 1 tasks, 1 problems"))
            let task = try service.json("/api/tasks/task-dropped")
            #expect(task["source"] as? String == "watch-dir")
            #expect((task["requested"] as? [String: Any])?["size"] as? String == "16:9")
            #expect(try shell("cd '\(service.drop)' && find . -type f | sort") == "./done/a.jsonl\n./done/a.jsonl.problems.txt\n")
        }
    }

    @Test func theServiceIsLocalAndReadOnlyWithoutAToken() async throws {
        try await withService(tasks: 1, tokens: [:]) { service in
            let list = try service.ask("/api/outputs", token: nil)
            #expect(list.status == 200)
            let change = try service.ask("/api/tasks", token: nil, #"-d '{"tasks":[{"task_id":"task-a"}]}'"#)
            #expect(change.status == 403)
        }
        let folder = try Folder()
        let open = try Program.run(
            "run", "--listen", "0.0.0.0:0", "--storage", folder.path + "/s", environment: ["FIXATIVE_API_KEY": "k"])
        #expect(open.status == 2 && open.errors.contains("can be reached from other machines"))
        let taken = try shell(
            "python3 -c 'import socket,subprocess,sys; s=socket.socket(); s.bind((\"127.0.0.1\",0)); s.listen(); print(subprocess.run([sys.argv[1],\"run\",\"--listen\",\"127.0.0.1:%d\" % s.getsockname()[1],\"--storage\",sys.argv[2],\"--api-url\",\"http://127.0.0.1:9\"],env={\"FIXATIVE_API_KEY\":\"k\"},stderr=subprocess.STDOUT,stdout=subprocess.PIPE,text=True).stdout)' '\(Program.executable.path)' '\(folder.path)/t'"
        )
        #expect(taken.contains("can't listen on 127.0.0.1:") && taken.contains(": another program uses it"), "\(taken)")
        let weak = try Program.run(
            "run", "--storage", folder.path + "/s", environment: ["FIXATIVE_API_KEY": "k", "FIXATIVE_ADMIN_TOKEN": "short"])
        #expect(weak.status == 2 && weak.errors.contains("FIXATIVE_ADMIN_TOKEN") && !weak.errors.contains("'short'"))
    }
}
