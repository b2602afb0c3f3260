import Foundation
import TestSupport
import Testing

@Suite struct UsageTests {
    @Test(
        "Wrong usage exits with 64 and names the right usage",
        arguments: [
            ["nonsense"], ["archive", "--watch"], ["archive", "a b"], ["list", "--verdict", "fine"], ["demo", "--tasks", "0"],
            ["audit", "--since", "yesterday"], ["show", "two words"], ["cat", "1234"], ["status", "--format", "csv"],
            ["verify", "--sample", "5"], ["verify", "--sample", "101%"], ["verify", "--for", "soon"], ["gc", "--grace", "59m"],
            ["submit", "--prompt", ""], ["simulate", "--port", "70000"], ["gallery"], ["list", "--limit", "0"],
            ["gallery", "out", "--base-url", "example.org"], ["gallery", "out", "--copy", "--link"], ["export", "bagit"],
            ["export", "zip"],
        ])
    func wrongUsageExitsWith64(_ arguments: [String]) throws {
        let outcome = try Program.start(arguments).finish()
        #expect(outcome.status == 64)
        #expect(!outcome.errors.isEmpty)
        #expect(outcome.output.isEmpty)
    }

    @Test(
        "Help and errors of a verb with table and json name only these two formats",
        arguments: [["archive"], ["retry"], ["status"], ["gallery", "out"], ["show", "task-1"]])
    func helpAndErrorsNameTheSupportedFormats(_ verb: [String]) throws {
        let help = try Program.start(verb + ["--help"]).finish()
        #expect(help.output.contains("table or json. (values: table, json; default: table)"))
        let refused = try Program.start(verb + ["--format", "csv"]).finish()
        #expect(refused.status == 64 && refused.errors.contains("'table' and 'json'") == true, "\(refused.errors)")
        #expect(!refused.errors.contains("'csv',") && !refused.errors.contains("and 'csv'"))
    }

    @Test func helpNamesEveryVerb() throws {
        let help = try Program.run("--help")
        #expect(help.status == 0)
        for verb in [
            "demo", "simulate", "submit", "archive", "status", "list", "show", "cat", "audit", "gallery", "export", "verify",
            "repair",
            "gc", "rebuild", "doctor",
        ] {
            #expect(help.output.contains("  \(verb) "))
            #expect(try Program.run(verb, "--help").status == 0)
        }
    }

    @Test(arguments: [
        ["status"], ["list"], ["audit"], ["verify"], ["rebuild"], ["repair"], ["gc"], ["gallery", "out"],
        ["export", "bagit", "out"],
        ["cat", String(repeating: "a", count: 64)],
    ])
    func aFolderThatIsNotAnArchiveIsRefused(_ arguments: [String]) throws {
        let folder = try Folder()
        let missing = try Program.start(arguments + ["--storage", folder.path + "/none"]).finish()
        #expect(missing.status == 2)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/none"))
        try Data().write(to: URL(filePath: folder.path + "/holiday.jpg"))
        let foreign = try Program.start(arguments + ["--storage", folder.path]).finish()
        #expect(foreign.status == 2)
        #expect(foreign.errors.contains("fixative-archive.json"))
        #expect(foreign.errors.split(separator: "\n").count <= 3)
    }

    @Test func everyVerbTakesTheCommonOptions() throws {
        let verbs = ["demo", "simulate", "archive", "status", "list", "audit", "verify", "repair", "gc", "rebuild", "doctor"]
        for verb in verbs + [
            "submit --prompt x", "gallery out", "export bagit out", "show t", "cat \(String(repeating: "a", count: 64))",
        ] {
            let common = ["--storage", "s", "--api-url", "http://x", "--allow-private-hosts", "-v", "--help"]
            #expect(try Program.start(verb.split(separator: " ").map(String.init) + common).finish().status == 0, "\(verb)")
        }
    }

    @Test func unwritableOutputIsAnError() throws {
        let status = try shell(
            "\(Program.executable.path) list --help > /dev/full; \(Program.executable.path) doctor > /dev/full; echo $?")
        #expect(status == "2\n")
    }

    @Test func archivingWithoutAKeySaysWhereToPutIt() throws {
        let folder = try Folder()
        let outcome = try Program.run("archive", "task-1", "--storage", folder.path + "/s")
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains("FIXATIVE_API_KEY"))
    }

    @Test func settingsComeFromFlagsThenTheEnvironmentThenTheFile() throws {
        let folder = try Folder()
        let storage = folder.path + "/s"
        try FileManager.default.createDirectory(atPath: storage, withIntermediateDirectories: true)
        let config = folder.path + "/config.json"
        try Data(#"{"apiUrl": "http://file.invalid"}"#.utf8).write(to: URL(filePath: config))
        func upstream(_ arguments: String..., environment: [String: String] = [:]) throws -> String {
            let environment = environment.merging(["FIXATIVE_CONFIG": config]) { $1 }
            return try Program.start(["doctor", "--storage", storage] + arguments, environment: environment).finish().output
        }
        #expect(try upstream().contains("http://file.invalid"))
        let environment = ["FIXATIVE_API_URL": "http://environment.invalid"]
        #expect(try upstream(environment: environment).contains("http://environment.invalid"))
        #expect(try upstream("--api-url", "http://flag.invalid", environment: environment).contains("http://flag.invalid"))
        for wrong in [#"{"workers": "many"}"#, #"{"apiUrl": 5}"#, #"{"allowPrivateHosts": "perhaps"}"#, #"{"downloads": 0}"#] {
            try Data(wrong.utf8).write(to: URL(filePath: config))
            #expect(
                try Program.run("doctor", "--config", config, "--storage", storage).errors.contains("the setting"), "\(wrong)")
        }
        try Data(#"{"downloads": 0}"#.utf8).write(to: URL(filePath: storage + "/fixative.json"))
        #expect(try Program.run("doctor", "--storage", storage).errors.contains("the setting downloads"))
        #expect(try Program.run("doctor", environment: ["FIXATIVE_WORKERS": "x", "FIXATIVE_STORAGE": storage + "2"]).status == 2)
        try Data("{ not json".utf8).write(to: URL(filePath: storage + "/fixative.json"))
        let broken = try Program.run("doctor", "--storage", storage)
        #expect(broken.status == 2)
        #expect(broken.errors.contains("fixative.json"))
    }
}
