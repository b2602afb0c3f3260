import Foundation
import TestSupport
import Testing

/// Claims of an account that charges wrongly, as a finance person sends them.
@Suite(.serialized) struct AuditClaimCommandTests {
    /// The folder of a demo's archive, made once; it stays until the process ends.
    private static let demo = Result {
        let path = FileManager.default.temporaryDirectory.appending(path: "fixative-claims-\(UUID().uuidString)").path
        let made = try Program.run(
            "demo", "--tasks", "40", "--seed", "5", "--faults", "real", "--billing", "wrong", "--storage", path + "/s",
            "--format", "json")
        try #require(made.status == 0, "\(made.errors)")
        return path
    }

    private static let period = ["--since", "2000-01-01", "--until", "2100-01-01"]

    private func claim(_ storage: String, _ out: String, _ arguments: [String] = []) throws -> Program.Outcome {
        try Program.start(["audit", "claim", out] + Self.period + arguments + ["--storage", storage]).finish()
    }

    /// A copy of the demo's archive.
    private func copy() throws -> (folder: Folder, storage: String) {
        let folder = try Folder()
        _ = try shell("cp -a '\(try Self.demo.get())/s' '\(folder.path)/s'")
        return (folder, folder.path + "/s")
    }

    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private func python(_ storage: String, _ claim: String, _ options: [String] = []) throws -> String {
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Interop/claims.py").path
        return try shell("python3 '\(script)' '\(storage)' '\(claim)' \(options.joined(separator: " "))")
    }

    /// Python reads the records alone: see `Tests/Interop/claims.py`.
    @Test(arguments: [[], ["--base-price", "4"], ["--credit-price", "0.0147"]])
    func anotherProgramAgreesWithEveryFigure(_ prices: [String]) throws {
        let folder = try Folder()
        let storage = try Self.demo.get() + "/s"
        let made = try claim(storage, folder.path + "/claim", prices)
        #expect(made.status == 0, "\(made.errors)")
        #expect(try python(storage, folder.path + "/claim", prices).contains(" differ 0 pass"))
        let audit = try Program.start(["audit", "--format", "json"] + prices + ["--storage", storage]).finish()
        let money = try #require((try json(audit.output)["summary"] as? [String: Any])?["money"] as? [String: Any])
        let again = try claim(storage, folder.path + "/again.zip", prices + ["--format", "json"])
        let sums = try #require(try json(again.output)["sums"] as? [[String: Any]])
        #expect(sums.first?["owed"] as? String == money["refund"] as? String)
    }

    @Test func theSameArgumentsGiveTheSameBytes() throws {
        let folder = try Folder()
        let storage = try Self.demo.get() + "/s"
        for name in ["a.zip", "b.zip", "a", "b"] { #expect(try claim(storage, "\(folder.path)/\(name)").status == 0) }
        let checks = try shell(
            """
            cd '\(folder.path)' && cmp a.zip b.zip && diff -r a b && unzip -tq a.zip && mkdir c && cd c && unzip -q ../a.zip \
            && sha256sum --quiet -c SHA256SUMS && diff -r ../a . && echo same
            """)
        #expect(checks.hasSuffix("same\n"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a", "a.zip", "b", "b.zip", "c"])
    }

    @Test func aMarkedClaimIsNotClaimedAgain() throws {
        let (folder, storage) = try copy()
        // Of one account alone, so that something is left.
        let first = try claim(storage, folder.path + "/first", ["--mark", "--tier", "4K", "--format", "json"])
        #expect(first.status == 0, "\(first.errors)")
        let id = try #require(try json(first.output)["id"] as? String)
        let second = try claim(storage, folder.path + "/second", ["--mark"])
        #expect(second.status == 0 && second.output.contains(", marked\n") && second.output.contains("claimed before: "))
        #expect(
            try python(storage, folder.path + "/second", ["--without", folder.path + "/first/claim.csv"]).contains(
                " differ 0 pass"))
        #expect(try String(contentsOfFile: folder.path + "/second/claim.md", encoding: .utf8).contains(id))
        let third = try claim(storage, folder.path + "/third.zip")
        #expect(third.status == 0 && third.output.hasPrefix("nothing to claim"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/third.zip"))

        let listed = try Program.run("audit", "claims", "--format", "json", "--storage", storage).output
        let claims = try #require(try json(listed)["claims"] as? [[String: Any]])
        #expect(claims.count == 2 && claims.first?["id"] as? String == id)
        #expect(try Program.run("audit", "claims", "--storage", storage).output.contains(id))

        // The marks are records: they survive the loss of the catalog, and a collection.
        _ = try shell("rm -f '\(storage)'/catalog.sqlite*")
        #expect(try Program.run("rebuild", "--storage", storage).status == 0)
        #expect(try Program.run("gc", "--storage", storage).status == 0)
        #expect(try Program.run("audit", "claims", "--format", "json", "--storage", storage).output == listed)
        #expect(try claim(storage, folder.path + "/fourth.zip").output.hasPrefix("nothing to claim"))
        let verified = try Program.run("verify", "--storage", storage)
        #expect(verified.status == 0 && verified.output.contains("2 claims compared"), "\(verified.output)")
    }

    @Test func aDamagedMarkPreventsFurtherClaims() throws {
        let (folder, storage) = try copy()
        #expect(try claim(storage, folder.path + "/claim", ["--mark"]).status == 0)
        _ = try shell("sed -i 's/\"owed\"/\"Owed\"/' '\(storage)'/records/claims/*.json")
        let refused = try claim(storage, folder.path + "/next")
        #expect(refused.status == 2 && refused.errors.contains("is damaged"))
        let verified = try Program.run("verify", "--storage", storage)
        #expect(verified.status == 1 && verified.output.contains("damagedClaim"))
    }

    @Test func nothingIsOverwritten() throws {
        let folder = try Folder()
        let storage = try Self.demo.get() + "/s"
        _ = try shell("cd '\(folder.path)' && mkdir full empty && touch full/file there.zip file")
        for (name, words) in [("full", "is not empty"), ("there.zip", "already exists"), ("file", "already exists")] {
            let refused = try claim(storage, "\(folder.path)/\(name)")
            #expect(refused.status == 2 && refused.errors.contains(words), "\(name): \(refused.errors)")
        }
        #expect(try claim(storage, folder.path + "/empty/").status == 0)
        #expect(FileManager.default.fileExists(atPath: folder.path + "/empty/SHA256SUMS"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["empty", "file", "full", "there.zip"])
    }

    @Test func aClaimNeedsAPeriodAndHasItsOwnRules() throws {
        let storage = try Self.demo.get() + "/s"
        func status(_ arguments: String...) throws -> Int32 {
            try Program.start(["audit", "claim", "/nonexistent/claim"] + arguments + ["--storage", storage]).finish().status
        }
        #expect(try status("--since", "2026-01-01") == 64)
        #expect(try status("--since", "2026-01-01", "--until", "2026-02-01", "--net") == 64)
        #expect(try status("--since", "2026-01-01", "--until", "2026-02-01", "--format", "html") == 64)
        #expect(try status("--since", "2026-02-01", "--until", "2026-01-01") == 2)
        #expect(try status("--since", "2000-01-01", "--until", "2100-01-01") == 2, "a folder that does not exist")
        let other = try claim(storage, "/nonexistent/claim", ["--account", "99"])
        #expect(other.status == 0 && other.output.hasPrefix("nothing to claim"))
    }
}
