import Foundation
import TestSupport
import Testing

@Suite struct ListAndAuditTests {
    private func json(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8)) }

    @Test func listsContinueAtACursorAndAuditsAddUp() throws {
        let folder = try Folder()
        let storage = ["--storage", folder.path + "/s"]
        let demo = try Program.run(
            "demo", "--tasks", "7", "--faults", "none", "--storage", folder.path + "/s", "--format", "json")
        #expect(demo.status == 0, "\(demo.errors)")
        func run(_ arguments: String...) throws -> Program.Outcome { try Program.start(arguments + storage).finish() }

        let whole = try run("list", "--format", "csv")
        #expect(!whole.errors.contains("--after"), "output to a file is complete")
        let lines = whole.output.split(separator: "\r\n").dropFirst()
        #expect(lines.count >= 7)
        var pieces: [Substring] = []
        var more: [String] = []
        repeat {
            let piece = try Program.start(["list", "--format", "csv", "--limit", "2"] + more + storage).finish()
            pieces += piece.output.split(separator: "\r\n").dropFirst()
            let cursor = piece.errors.firstMatch(of: /--after (\S+)/)?.output.1
            more = cursor.map { ["--after", String($0)] } ?? []
        } while !more.isEmpty && pieces.count < 100
        #expect(pieces == Array(lines))

        let listed = try #require(try json(try run("list", "--format", "json").output) as? [[String: Any]])
        #expect(listed.count == lines.count)
        #expect(try run("list", "--format", "json", "--query", "nobodyasksthis").output == "[]\n")
        #expect(try run("list", "--lost", "--format", "json").output == "[]\n")

        let audit = try #require(try json(try run("audit", "--format", "json").output) as? [String: Any])
        #expect(Set(audit.keys) == ["chargedFailures", "lost", "outputs", "summary"])
        #expect((audit["outputs"] as? [Any])?.count == lines.count)
        let quick = try run("audit", "--summary", "--format", "json")
        let summary = try #require((try json(quick.output) as? [String: Any])?["summary"] as? NSDictionary)
        var counted = try #require(audit["summary"] as? [String: Any])
        #expect(counted.removeValue(forKey: "money") != nil)
        let rows = counted as NSDictionary
        #expect(summary == rows, "counters and rows agree")
        #expect(summary["outputs"] as? Int == lines.count)
        let table = try run("audit").output
        let quickTable = try run("audit", "--summary").output.split(separator: "\n")
        for line in quickTable where !line.hasPrefix("overpaid") { #expect(table.contains("\n\(line)\n")) }
    }

    @Test(
        "Wrong options of list and audit are refused",
        arguments: [
            ["list", "--after", "x"], ["list", "--after", "12.task"], ["list", "--all", "--limit", "3"],
            ["audit", "--summary", "--format", "csv"], ["list", "--tier", "8K"],
        ])
    func wrongListAndAuditOptionsAreRefused(_ arguments: [String]) throws {
        let outcome = try Program.start(arguments).finish()
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
    }

    @Test func aClosedPipeEndsAListWithSuccess() throws {
        let folder = try Folder()
        let demo = try Program.run("demo", "--tasks", "3", "--faults", "none", "--storage", folder.path + "/s")
        #expect(demo.status == 0, "\(demo.errors)")
        // PIPESTATUS is bash's.
        let status = try shell(
            "bash -c '\(Program.executable.path) list --format json --storage \(folder.path)/s | true; echo ${PIPESTATUS[0]}'")
        #expect(status == "0\n")
    }
}
