import Archiver
import ArgumentParser
import Foundation
import Testing

@testable import FixativeCommands

/// Which settings an archive may hold, and which addresses the key is sent to.
@Suite struct SettingsTests {
    private func load(_ archive: String, _ environment: [String: String] = [:]) async throws -> (Settings, [String]) {
        let folder = try Folder()
        try Data(archive.utf8).write(to: URL(filePath: folder.path + "/fixative.json"))
        let common = try CommonOptions.parse(["--storage", folder.path])
        var warnings: [String] = []
        let settings = try await Settings.load(common, environment: environment) { warnings.append($0) }
        return (settings, warnings)
    }

    @Test func onlyTheWaitOptionWaitsForTheWholeWindow() throws {
        for (arguments, seconds) in [([], 60), (["--patience", "5"], 5), (["--wait"], nil)] as [([String], TimeInterval?)] {
            #expect(try ArchiveCommand.parse(arguments).patience.seconds == seconds)
            #expect(try RetryCommand.parse(arguments).patience.seconds == seconds)
        }
        #expect(throws: (any Error).self) { try ArchiveCommand.parse(["--wait", "--patience", "5"]) }
    }

    @Test func anArchiveMaySetOnlyHarmlessOptions() async throws {
        let (settings, warnings) = try await load(
            #"""
            {"apiUrl":"https://evil.example","insecureApi":true,"allowPrivateHosts":true,"resultHosts":["evil.example"],
             "notifyUrl":"https://evil.example/hook","trustList":"x","workers":2,"sweepInterval":60,"maxPixels":1000}
            """#)
        #expect(settings.apiURL == "https://api.evolink.ai")
        #expect(!settings.allowsInsecureAPI && !settings.allowsPrivateHosts && settings.resultHosts.isEmpty)
        #expect(settings.notifyURL == nil)
        #expect(settings.workers == 2 && settings.sweepInterval == 60 && settings.maxPixels == 1000)
        #expect(warnings.count == 1)
        for key in ["allowPrivateHosts", "apiUrl", "insecureApi", "notifyUrl", "resultHosts", "trustList"] {
            #expect(warnings.first?.contains(key) == true, "\(key)")
        }
        #expect(warnings.first?.contains("FIXATIVE_API_URL") == true)
    }

    @Test func anArchiveCannotRaiseLimitsOrDelayPictures() async throws {
        let (settings, warnings) = try await load(
            #"""
            {"maxBytes":1,"maxSide":99999,"maxResults":1,"sweepInterval":604800,"leaseSeconds":86400,"perHostRate":0.0000001}
            """#)
        #expect(settings.maxBytes == 67_108_864 && settings.maxSide == 16_384 && settings.maxResults == 100)
        #expect(settings.sweepInterval == 3600 && settings.leaseSeconds == 600 && settings.perHostRate == 0.1)
        #expect(warnings.count == 6)
        let (own, none) = try await load(
            #"{"sweepInterval":604800,"perHostRate":0}"#, ["FIXATIVE_SWEEP_INTERVAL": "86400", "FIXATIVE_MAX_BYTES": "1"])
        #expect(own.sweepInterval == 86_400 && own.maxBytes == 1 && own.perHostRate == 0 && none == [])
    }

    @Test func anOverriddenSettingCausesNoWarning() async throws {
        let (settings, warnings) = try await load(
            #"{"apiUrl":"https://evil.example"}"#, ["FIXATIVE_API_URL": "https://good.example"])
        #expect(settings.apiURL == "https://good.example")
        #expect(warnings == [])
    }

    @Test(
        arguments: [
            ("https://api.example", true), ("https://api.example:8443/base", true), ("http://127.0.0.1:8080", true),
            ("http://127.8.9.1", true), ("http://[::1]:9", true), ("http://localhost:1", true), ("HTTPS://API.example", true),
            ("http://[::ffff:127.0.0.1]", true), ("http://10.0.0.1", false), ("http://api.example", false),
            ("http://localhost.example", false), ("http://127.0.0.1.example", false), ("http://[::2]", false),
            ("http://0.0.0.0", false), ("http://[::ffff:10.0.0.1]", false),
        ])
    func theKeyIsSentOnlyOverAProtectedConnection(_ text: String, _ isProtected: Bool) throws {
        #expect(try APIAddress(text).isProtected == isProtected)
    }

    @Test(
        arguments: [
            "", "https://", "ftp://api.example", "https://user@api.example", "https://user:word@api.example",
            "https://api.example\\@evil.example", "https://api.example/?x=1", "https://api.example#x", "https://api example",
            "https://\u{E4}pi.example", "https://api.example:0", "https://api.example:65536",
            "https://api.example:18446744073709551616", "https://api.example\r\nHost: evil.example", "//api.example",
            "api.example",
        ])
    func anAmbiguousAddressIsRefused(_ text: String) {
        #expect(throws: SettingsError.self) { try APIAddress(text) }
    }
}
