import Foundation
import TestSupport
import Testing

/// The upstream's API through the service, with curl.
@Suite(.serialized) struct GatewayTests {
    private static let (key, token, hook) = ("sk-gateway-own-0123456789", "gateway-token-0123456789", "hook-secret-0123456789")

    private struct Ways {
        var direct: String
        var through: String
        var storage: String
        var service: Program.Running

        /// - Returns: The status line and headers in lower case but the date, and the body.
        func ask(_ base: String, _ path: String, key: String? = GatewayTests.key, _ options: String = "") throws -> (
            head: [String], body: String
        ) {
            let authorization = key.map { "-H 'Authorization: Bearer \($0)'" } ?? ""
            let answer = try shell("curl -s -i --path-as-is --max-time 20 \(authorization) \(options) '\(base)\(path)'")
            let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
            let head = (parts.first ?? "").split(separator: "\r\n").map { $0.lowercased() }.filter { !$0.hasPrefix("date:") }
            return (head.sorted(), parts.count > 1 ? String(parts[1]) : "")
        }

        /// Makes a task.
        func create(_ body: String, key: String? = GatewayTests.key, _ options: String = "") throws -> (
            status: String, id: String
        ) {
            let answer = try ask(through, "/v1/images/generations", key: key, "\(options) --data-binary '\(body)'")
            let id = answer.body.firstMatch(of: /"id":"(task-[^"]+)"/)?.output.1 ?? ""
            return (answer.head.first { $0.hasPrefix("http/") } ?? "", String(id))
        }

        /// Of the catalog, by the program that everybody has.
        func row(_ sql: String) throws -> String {
            try shell("sqlite3 -readonly -cmd '.timeout 5000' '\(storage)/catalog.sqlite' \"\(sql)\"").trimmingCharacters(
                in: .whitespacesAndNewlines)
        }

        /// Waits until a query of the catalog gives a value.
        func wait(for value: String, _ sql: String) async throws {
            for _ in 0..<200 {
                if try row(sql) == value { return }
                try await Task.sleep(for: .milliseconds(50))
            }
            Issue.record("\(sql) gives \(try row(sql)), not \(value)")
        }
    }

    private func withGateway(_ options: [String] = [], _ body: (Ways) async throws -> Void) async throws {
        let folder = try Folder()
        let simulator = try Program.start(["simulate", "--port", "0", "--tasks", "3"])
        try #require(try await simulator.says("export FIXATIVE_API_URL="))
        let said = try String(contentsOf: simulator.errors, encoding: .utf8)
        let upstream = try #require(said.firstMatch(of: /FIXATIVE_API_URL=(\S+)/)?.output.1)
        let storage = folder.path + "/s"
        let service = try Program.start(
            ["run", "--listen", "127.0.0.1:0", "--sweep-interval", "3600", "--storage", storage] + options,
            environment: [
                "FIXATIVE_API_URL": String(upstream), "FIXATIVE_API_KEY": Self.key, "FIXATIVE_ALLOW_PRIVATE_HOSTS": "true",
                "FIXATIVE_GATEWAY_TOKEN": Self.token, "FIXATIVE_HOOK_SECRET": Self.hook,
            ])
        try #require(try await service.says("\"serving\""))
        let words = try String(contentsOf: service.errors, encoding: .utf8)
        let url = try #require(words.firstMatch(of: /"address":"(http:[^"]+)"/)?.output.1.replacing("\\/", with: "/"))
        try await body(Ways(direct: String(upstream), through: String(url), storage: storage, service: service))
        service.process.terminate()
        let outcome = try service.finish()
        #expect(outcome.status == 0, "\(outcome.errors)")
        for secret in ["sk-gateway", "sk-caller", Self.token, Self.hook] {
            #expect(!outcome.errors.contains(secret))
            #expect(try shell("grep -rlF '\(secret)' '\(storage)' || true") == "")
        }
        simulator.process.terminate()
        _ = try simulator.finish()
    }

    @Test func answersPassUnchanged() async throws {
        try await withGateway { ways in
            let list = try ways.ask(ways.direct, "/v1/tasks?page=1&page_size=3")
            let ids = list.body.matches(of: /"id":"(task-[^"]+)"/).map { String($0.output.1) }
            try #require(ids.count == 3)
            let batch = #"-d '{"task_ids":["\#(ids[0])","\#(ids[1])","task-unknown"]}'"#
            for (path, options) in [
                ("/v1/tasks?page=1&page_size=3", ""), ("/v1/tasks?page=0", ""), ("/v1/tasks/\(ids[0])", ""),
                ("/v1/tasks/task-unknown", ""), ("/v1/tasks/batch", batch),
                ("/v1/tasks/batch", "-d 'no json'"),
                ("/v1/credits", ""), ("/v1/nothing-of-the-kind", ""),
                ("/v1/images/generations", #"-d '{"prompt":"x","size":"7x7"}'"#),
            ] {
                // Links are signed anew at each reading, by the second.
                let plain: (String) -> String = { $0.replacing(/(exp|sig)=[0-9a-f]+/, with: "") }
                let (direct, through) = (try ways.ask(ways.direct, path, options), try ways.ask(ways.through, path, options))
                #expect(through.head == direct.head, "\(path)")
                #expect(plain(through.body) == plain(direct.body), "\(path)")
            }
            #expect(try ways.ask(ways.through, "/v1/../api/outputs").head.first?.hasPrefix("http/1.1 404") != true)
        }
    }

    @Test func aRequestIsRecordedAndItsResultArchived() async throws {
        try await withGateway { ways in
            let body = #"{"model":"gpt-image-2-beta","prompt":"a fox in the snow","size":"16:9","resolution":"2K","seed":1.50}"#
            let made = try ways.create(body, "-H 'Idempotency-Key: k-1'")
            #expect(made.status == "http/1.1 200 ok" && !made.id.isEmpty)
            try await ways.wait(
                for: "gateway|a fox in the snow|16:9|2K",
                "SELECT source, prompt, size, resolution FROM task WHERE id = '\(made.id)'")
            try await ways.wait(
                for: "archived|exact",
                "SELECT output.state, verdict FROM output JOIN task ON task.key = task WHERE id = '\(made.id)'")
            let again = try ways.create(body, "-H 'Idempotency-Key: k-1'")
            #expect(again.id == made.id, "the caller's key reaches the upstream")
            let other = try ways.create(#"{"prompt":"something else","size":"1:1"}"#, "-H 'Idempotency-Key: k-1'")
            #expect(other.id == made.id)
            try await ways.wait(for: "1", "SELECT COUNT(*) FROM submission")
            #expect(try ways.row("SELECT prompt FROM task WHERE id = '\(made.id)'") == "a fox in the snow")
            let record = try shell("cat '\(ways.storage)'/records/*/*/*/\(made.id).task.json")
            #expect(record.contains("a fox in the snow") && !record.contains("something else"))
            try await ways.wait(for: "0", "SELECT COUNT(*) FROM submission WHERE task IS NULL")

            #expect(try ways.create(#"{"prompt":"a hen"}"#, key: Self.token).status == "http/1.1 200 ok")
            try await ways.wait(for: "auto", "SELECT size FROM task WHERE prompt = 'a hen'")
            #expect(try ways.create(#"{"prompt":"","size":"9:9"}"#).status == "http/1.1 400 bad request")
            try await ways.wait(for: "0", "SELECT COUNT(*) FROM submission WHERE task IS NULL")
        }
    }

    @Test func nobodySpendsCreditsWithoutAKey() async throws {
        try await withGateway { ways in
            for key in [nil, "sk-caller-0123456789", "gateway-token-0123456780", ""] {
                let made = try ways.create(#"{"prompt":"x"}"#, key: key)
                #expect(made.status == "http/1.1 401 unauthorized")
            }
            // A token stands for the key in what pictures take, and in nothing else.
            #expect(try ways.ask(ways.through, "/v1/tasks", key: Self.token).head.contains("http/1.1 200 ok"))
            for (path, options) in [
                ("/v1/credits", ""), ("/v1/tasks/task-1", "-X DELETE"),
                ("/v1/videos/generations", "-d '{}'"),
            ] {
                let answer = try ways.ask(ways.through, path, key: Self.token, options)
                #expect(answer.head.contains("http/1.1 403 forbidden"), "\(path)")
            }
            let refused = try ways.ask(ways.through, "/v1/tasks", key: nil).body
            #expect(refused.contains(#""type":"authentication_error""#))
        }
    }

    @Test func aCallersKeyReadsItsTasksWhenForwardingIsOn() async throws {
        try await withGateway(["--forward-authorization"]) { ways in
            // A task of the own list needs no other key, and the simulator lists all tasks.
            try #require(try await ways.service.says("\"swept\""))
            let made = try ways.create(#"{"prompt":"an owl"}"#, key: "sk-caller-0123456789")
            #expect(made.status == "http/1.1 200 ok")
            try await ways.wait(for: "1", "SELECT COUNT(*) FROM caller_key JOIN task ON task.key = task WHERE id = '\(made.id)'")
            try await ways.wait(
                for: "archived", "SELECT output.state FROM output JOIN task ON task.key = task WHERE id = '\(made.id)'")
            // The simulator calls keys that begin so unknown: its word is passed on, and the service's own source goes on.
            #expect(try ways.create(#"{"prompt":"x"}"#, key: "bad-0123456789").status == "http/1.1 401 unauthorized")
            #expect(try ways.ask(ways.through, "/healthz").head.contains("http/1.1 200 ok"))
        }
    }

    @Test func invalidSizesAreRefusedBeforeTheyCost() async throws {
        try await withGateway(["--validate"]) { ways in
            for (size, resolution) in [("100x100", nil), ("4000x1000", nil), ("5:7", nil), ("1:1", "8K"), ("1025x1024", nil)] {
                let more = resolution.map { #","resolution":"\#($0)""# } ?? ""
                let answer = try ways.ask(
                    ways.through, "/v1/images/generations", #"-d '{"prompt":"x","size":"\#(size)"\#(more)}'"#)
                #expect(answer.head.contains("http/1.1 400 bad request"), "\(size)")
                let error = try #require(
                    (try JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any])?["error"] as? [String: Any]
                )
                #expect(error["type"] as? String == "invalid_request_error")
                #expect(error["param"] as? String == (resolution == nil ? "size" : "resolution"))
            }
            #expect(try ways.create(#"{"prompt":"x","size":"1024x1024"}"#).status == "http/1.1 200 ok")
            // Of another model nothing is known here, so that is the upstream's to judge.
            let other = #"-d '{"prompt":"x","model":"another","size":"7x7"}'"#
            #expect(
                try ways.ask(ways.through, "/v1/images/generations", other).body
                    == ways.ask(ways.direct, "/v1/images/generations", other).body)
        }
    }

    @Test func aCallbackIsAddedWhenTheCallerHasNone() async throws {
        let folder = try Folder()
        // The port is found first, since the address is told before the service listens.
        let port = try shell(
            "python3 -c 'import socket; s=socket.socket(); s.bind((\"127.0.0.1\",0)); print(s.getsockname()[1])'"
        )
        .trimmingCharacters(in: .whitespacesAndNewlines)
        _ = folder
        try await withGateway(["--public-url", "http://127.0.0.1:\(port)/", "--listen", "127.0.0.1:\(port)"]) { ways in
            let made = try ways.create(#"{"prompt":"a callback"}"#)
            #expect(made.status == "http/1.1 200 ok")
            // Without the callback the task, which takes four seconds, would be read again only after its pace.
            try await ways.wait(for: "resolved", "SELECT state FROM task WHERE id = '\(made.id)'")
            let own = try ways.create(#"{"prompt":"his own","callback_url":"http://127.0.0.1:9/x"}"#)
            #expect(own.status == "http/1.1 200 ok")
        }
    }

    @Test func anArchiveFailureDoesNotAffectTheCaller() async throws {
        try await withGateway { ways in
            // Another program holds the catalog; the service can't write to it.
            let holder = try HeldCatalog(ways.storage + "/catalog.sqlite")
            let made = try shell(
                "curl -s -o /dev/null -w '%{http_code} %{time_total}' --max-time 20 -H 'Authorization: Bearer \(Self.key)' -d '{\"prompt\":\"while locked\"}' '\(ways.through)/v1/images/generations'"
            ).split(separator: " ")
            #expect(made.first == "200")
            #expect(Double(made.last ?? "") ?? 99 < 5, "nobody waits for the lock")
            try holder.release()
            try await ways.wait(for: "gateway", "SELECT source FROM task WHERE prompt = 'while locked'")
        }
    }
}
