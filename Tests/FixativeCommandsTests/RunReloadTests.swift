import Foundation
import TestSupport
import Testing

/// A service whose secrets and settings change while it runs, and one whose disk is full.
@Suite(.serialized) struct RunReloadTests {
    private static let (first, second) = ("first-token-0123456789", "second-token-0123456789")

    private func start(_ storage: String, _ environment: [String: String]) async throws -> (service: Program.Running, url: String)
    {
        let service = try Program.start(
            ["run", "--listen", "127.0.0.1:0", "--sweep-interval", "1", "--storage", storage],
            environment: environment.merging(["FIXATIVE_ALLOW_PRIVATE_HOSTS": "true"]) { $1 })
        try #require(try await service.says("\"serving\""))
        let words = try String(contentsOf: service.errors, encoding: .utf8)
        let url = try #require(words.firstMatch(of: /"address":"(http:[^"]+)"/)?.output.1.replacing("\\/", with: "/"))
        return (service, String(url))
    }

    private func status(_ url: String, token: String?, _ options: String = "") throws -> String {
        let header = token.map { "-H 'Authorization: Bearer \($0)'" } ?? ""
        return try shell("curl -s -o /dev/null -w '%{http_code}' --max-time 20 \(header) \(options) '\(url)'")
    }

    private func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    private func eventually(_ what: String, _ holds: () throws -> Bool) async throws {
        let patience = Date().addingTimeInterval(40)
        while Date() < patience {
            if try holds() { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("did not happen: \(what)")
    }

    @Test func aHangUpSignalReloadsKeysTokensAndSettings() async throws {
        let folder = try Folder()
        let simulator = try Program.start(["simulate", "--port", "0", "--tasks", "1"])
        try #require(try await simulator.says("export FIXATIVE_API_URL="))
        let said = try String(contentsOf: simulator.errors, encoding: .utf8)
        let upstream = String(try #require(said.firstMatch(of: /FIXATIVE_API_URL=(\S+)/)?.output.1))
        let (tokens, key, config) = (folder.path + "/tokens", folder.path + "/key", folder.path + "/config.json")
        try write(Self.first, tokens)
        try write(#"{"workers":1}"#, config)
        // The simulator calls keys that begin so unknown.
        try write("bad-key-0123456789", key)
        let (service, url) = try await start(
            folder.path + "/s",
            [
                "FIXATIVE_API_URL": upstream, "FIXATIVE_API_KEY_FILE": key, "FIXATIVE_READ_TOKEN_FILE": tokens,
                "FIXATIVE_CONFIG": config,
            ])
        let cookie = try shell("curl -s -D - -o /dev/null -d token=\(Self.first) '\(url)/gallery/sign-in'")
            .firstMatch(of: /fixative_reader=[0-9a-f]+/)?.output
        let signedIn = "-H 'Cookie: \(try #require(cookie))'"
        #expect(try status(url + "/api/outputs", token: nil, signedIn) == "200")
        try await eventually("not ready with a bad key") { try status(url + "/readyz", token: nil) == "503" }

        try write("short", tokens)
        kill(service.process.processIdentifier, SIGHUP)
        try #require(try await service.says("the new settings are invalid; the old ones stay in use"))
        #expect(try status(url + "/api/outputs", token: Self.first) == "200", "the old ones stay")

        try write(Self.second, tokens)
        try write("sk-good-key-0123456789", key)
        try write(#"{"workers":2,"umask":"027","notifyUrl":"http://127.0.0.1:9/"}"#, config)
        kill(service.process.processIdentifier, SIGHUP)
        try #require(try await service.says("\"reloaded\""))
        #expect(try status(url + "/api/outputs", token: Self.second) == "200")
        #expect(try status(url + "/api/outputs", token: Self.first) == "401")
        #expect(try status(url + "/api/outputs", token: nil, signedIn) == "401", "a session ends with its token")
        try await eventually("ready with the good key") { try status(url + "/readyz", token: nil) == "200" }
        service.process.terminate()
        let outcome = try service.finish()
        #expect(outcome.status == 0)
        #expect(outcome.errors.contains(#""changed":["workers","FIXATIVE_API_KEY","FIXATIVE_READ_TOKEN"]"#), "\(outcome.errors)")
        let warning = outcome.errors.split(separator: "\n").first { $0.contains("a changed setting needs a restart") }
        #expect(warning?.contains(#"["notifyUrl","umask"]"#) == true, "\(outcome.errors)")
        for secret in [Self.first, Self.second, "bad-key", "sk-good-key"] { #expect(!outcome.errors.contains(secret)) }
        simulator.process.terminate()
        _ = try simulator.finish()
    }

    /// Mounting takes root, without which the test is skipped with a printed line.
    @Test(arguments: [true, false]) func aFullDiskStopsOnlyWriting(_ isNew: Bool) async throws {
        let (folder, hook) = (try Folder(), "hook-secret-0123456789")
        guard try shell("mount -t tmpfs -o size=8m none '\(folder.path)' && echo ok").contains("ok") else {
            return print("skipped: a small disk can't be mounted")
        }
        defer { _ = try? shell("umount -l '\(folder.path)'") }
        let simulator = try Program.start(["simulate", "--port", "0", "--tasks", "1"])
        try #require(try await simulator.says("export FIXATIVE_API_URL="))
        let said = try String(contentsOf: simulator.errors, encoding: .utf8)
        let upstream = String(try #require(said.firstMatch(of: /FIXATIVE_API_URL=(\S+)/)?.output.1))
        let environment = [
            "FIXATIVE_API_URL": upstream, "FIXATIVE_API_KEY": "sk-of-a-test", "FIXATIVE_HOOK_SECRET": hook,
            "FIXATIVE_READ_TOKEN": Self.first,
        ]
        let storage = folder.path + "/s"
        if !isNew {
            let (service, _) = try await start(storage, environment)
            service.process.terminate()
            _ = try service.finish()
        }
        _ = try shell("dd if=/dev/zero of='\(folder.path)/filler' bs=4096 status=none 2>/dev/null; true")
        let (service, url) = try await start(storage, environment)
        func hooked() throws -> String { try status("\(url)/hooks/\(hook)", token: nil, #"-d '{"id":"task-1"}'"#) }
        #expect(try status(url + "/healthz", token: nil) == "200")
        #expect(try status(url + "/readyz", token: nil) == "503")
        #expect(try hooked() == "503")
        #expect(try status(url + "/v1/tasks", token: "sk-of-a-test") == "200", "the gateway still forwards requests")
        try FileManager.default.removeItem(atPath: folder.path + "/filler")
        try await eventually("a callback is taken once there is room") { try hooked() == "204" }
        try await eventually("ready once there is room") { try status(url + "/readyz", token: nil) == "200" }
        #expect(try status(url + "/api/outputs", token: Self.first) == "200")
        service.process.terminate()
        #expect(try service.finish().status == 0)
        simulator.process.terminate()
        _ = try simulator.finish()
    }
}
