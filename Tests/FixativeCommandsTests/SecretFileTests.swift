import Archiver
import ArgumentParser
import Foundation
import Networking
import Testing

@testable import FixativeCommands

@Suite struct SecretFileTests {
    private let variable = "FIXATIVE_HOOK_SECRET"

    private func file(_ text: String, mode: Int = 0o600, in folder: Folder) throws -> String {
        let path = folder.path + "/secrets"
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    @Test func secretsAreReadFromTheEnvironmentAndAFile() throws {
        let folder = try Folder()
        let path = try file("second-secret-0123456\r\n\n  third-secret-01234567\n", in: folder)
        let environment = [variable: "first-secret-01234567, other-secret-01234567", variable + "_FILE": path]
        #expect(
            try secrets("HOOK_SECRET", in: environment)
                == ["first-secret-01234567", "other-secret-01234567", "second-secret-0123456", "third-secret-01234567"])
        #expect(try secrets("HOOK_SECRET", in: [:]) == [])
        #expect(try secrets("READ_TOKEN", in: environment) == [])
    }

    /// Percent-encoded by hand, as RFC 3986 has it.
    @Test func allSecretsOfTheServiceAreHiddenInEachForm() throws {
        let service = try ServiceSecrets(in: [
            "FIXATIVE_READ_TOKEN": "read-token.01234567", "FIXATIVE_ADMIN_TOKEN": "admin~token_0123456",
            "FIXATIVE_GATEWAY_TOKEN": "gateway\"token-0123456", variable: "hook+secret=%123456",
            "FIXATIVE_NOTIFY_SECRET": "whsec_0123456789abcdef==, short",
        ])
        #expect(
            Set(service.all) == [
                "read-token.01234567", "admin~token_0123456", "gateway\"token-0123456", "gateway%22token-0123456",
                "hook+secret=%123456", "hook%2Bsecret%3D%25123456", "whsec_0123456789abcdef==", "whsec_0123456789abcdef%3D%3D",
            ])
    }

    @Test func aReloadAddsSecretsToTheLog() {
        let log = ServiceLog(.text, verbose: false, secrets: ["old-secret-0123456789"])
        log.hide(["new-secret-0123456789", "old-secret-0123456789"])
        #expect(log.secrets == ["old-secret-0123456789", "new-secret-0123456789"])
        #expect(LiveRedactor(log.secrets)("to /hooks/new-secret-0123456789") == "to /hooks/[removed]")
    }

    @Test func anUntrustedFileIsExplainedWithoutItsContents() throws {
        let folder = try Folder()
        for (text, mode, words) in [
            ("first-secret-01234567\n", 0o644, "chmod 600 \(folder.path)/secrets"), ("short\n", 0o600, "at least 16"),
            ("with/slash/0123456789\n", 0o600, "printable ASCII"), ("with space 0123456789\n", 0o600, "printable ASCII"),
            ("\n \n", 0o600, "is empty"),
        ] {
            let path = try file(text, mode: mode, in: folder)
            let error = #expect(throws: SettingsError.self) { try secrets("HOOK_SECRET", in: [variable + "_FILE": path]) }
            let said = error?.description ?? ""
            #expect(said.contains(words) && said.contains(variable + "_FILE"), "\(said)")
            #expect(!said.contains("first-secret") && !said.contains("short\n"))
        }
        let none = #expect(throws: SettingsError.self) { try secrets("HOOK_SECRET", in: [variable + "_FILE": "/nowhere"]) }
        #expect(none?.description.contains("no such file") == true)
        let whole = #expect(throws: SettingsError.self) { try secrets("HOOK_SECRET", in: [variable + "_FILE": folder.path]) }
        #expect(whole?.description.contains("it is a folder") == true)
    }

    @Test func resultHostsComeFromFlagsEnvironmentAndFile() async throws {
        let folder = try Folder()
        let (storage, file) = (folder.path + "/s", folder.path + "/config.json")
        try FileManager.default.createDirectory(atPath: storage, withIntermediateDirectories: true)
        try Data(#"{"resultHosts":["files.example","*.cdn.example"]}"#.utf8).write(to: URL(filePath: file))
        let common = try CommonOptions.parse(["--storage", storage, "--config", file])
        #expect(
            try await Settings.load(common).resultHosts
                == [.init("files.example"), .init("*.cdn.example")].compactMap { $0 })
        let work = try WorkOptions.parse(["--result-host", "a.example", "--result-host", "b.example"])
        #expect(
            try await Settings.load(common, work: work).resultHosts == [.init("a.example"), .init("b.example")].compactMap { $0 })
        for text in [#"{"resultHosts":7}"#, #"{"resultHosts":["https://a.example/"]}"#, #"{"resultHosts":true}"#] {
            try Data(text.utf8).write(to: URL(filePath: file))
            await #expect(throws: SettingsError.self) { try await Settings.load(common) }
        }
        let outcome = try Program.run(
            "archive", "--storage", folder.path + "/t",
            environment: ["FIXATIVE_API_KEY": "k", "FIXATIVE_RESULT_HOSTS": "files.example,a:b"])
        #expect(outcome.status == 2 && outcome.errors.contains("'a:b'"), "\(outcome.errors)")
    }
}
