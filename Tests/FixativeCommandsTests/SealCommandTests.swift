import ArchiveModel
import Foundation
import TestSupport
import Testing

@testable import FixativeCommands

/// Seals of the built program, checked by a third party with a shell, openssl and sha256sum.
@Suite(.serialized) struct SealCommandTests {
    /// Pictures that were archived just now, and the day of their records.
    private func archive(_ tasks: Int) throws -> (Folder, storage: String, day: String) {
        let folder = try Folder()
        let storage = folder.path + "/s"
        let demo = try Program.run("demo", "--tasks", "\(tasks)", "--faults", "none", "--storage", storage)
        try #require(demo.status == 0, "\(demo.errors)")
        let milliseconds = try shell("sqlite3 '\(storage)/catalog.sqlite' 'SELECT MAX(ended_at) FROM output'")
        let ended = try #require(Int64(milliseconds.trimmingCharacters(in: .whitespacesAndNewlines)))
        return (folder, storage, try shell("date -u -d @\(ended / 1000) +%F").trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private func task(_ storage: String) throws -> String {
        let query = "SELECT task.id FROM output JOIN task ON task.key = output.task WHERE output.state = 'archived' LIMIT 1"
        return try shell("sqlite3 '\(storage)/catalog.sqlite' \"\(query)\"").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Only these programs are on the path of the check.
    private func check(_ evidence: String, _ arguments: String, tools: String) throws -> String {
        _ = try shell(
            """
            mkdir -p '\(tools)' && for tool in sh openssl sha256sum cat cut fold tr grep sed date; do
            ln -sf "$(command -v $tool)" '\(tools)/'; done
            """)
        return try shell("cd '\(evidence)' && PATH='\(tools)' sh check-seal.sh \(arguments) 2>&1; echo status $?")
    }

    @Test func aThirdPartyChecksTheEvidenceWithOpenSSLAlone() throws {
        let (folder, storage, day) = try archive(5)
        let authority = try TimeStampAuthority()
        let sealed = try Program.run(
            "provenance", "seal", "--day", day, "--tsa", authority.url, "--storage", storage)
        try #require(sealed.status == 0, "\(sealed.errors)")
        #expect(sealed.output.contains("\(day)  5 records sealed, root ") && sealed.output.contains("time stamp added"))
        #expect(try Program.run("verify", "--storage", storage).status == 0)

        let evidence = folder.path + "/e"
        let packed = try Program.run("audit", "evidence", try task(storage), evidence, "--storage", storage)
        try #require(packed.status == 0, "\(packed.errors)")
        let tools = folder.path + "/tools"
        let right = try check(evidence, "0 '\(authority.root)'", tools: tools)
        #expect(right.hasSuffix("status 0\n"), "\(right)")
        for words in [
            "is the original that the leaf names", "record.json is unchanged", "lead to the root", "signed the time stamp",
        ] {
            #expect(right.contains(words), "\(right)")
        }
        #expect(try shell("cd '\(evidence)' && sha256sum -c --quiet SHA256SUMS && echo right") == "right\n")
        #expect(try shell("cd '\(evidence)' && grep -c seal README.txt") != "0\n")
        // The other tasks of the day are not in the package.
        #expect(
            try shell("cat '\(evidence)'/0/seal/*.json | grep -o '\"task\"' | wc -l").trimmingCharacters(
                in: .whitespacesAndNewlines) == "1")

        let other = try TimeStampAuthority()
        #expect(try check(evidence, "0 '\(other.root)'", tools: tools).hasSuffix("status 1\n"))
        let unnamed = try check(evidence, "0", tools: tools)
        #expect(unnamed.contains("name the root certificate") && unnamed.hasSuffix("status 0\n"))
    }

    @Test(arguments: [
        ("sed -i 's/\"index\":0/\"index\":7/' 0/seal/leaf.json", "leads to"),
        ("sed -i '1s/^[a-z]*/up/' 0/seal/path.txt", "neither left nor right"),
        ("sed -i '1y/0123456789/1234567890/' 0/seal/path.txt", "leads to"),
        ("printf x >> 0/original.*", "is not the original"),
        ("cp other.tst 0/seal/timestamp.tst", "over another root"),
        ("printf x | dd of=0/seal/timestamp.tst bs=1 seek=400 conv=notrunc status=none", "FAILED"),
    ])
    func aChangedPackageIsFound(_ change: String, _ words: String) throws {
        let (folder, storage, day) = try archive(2)
        let authority = try TimeStampAuthority()
        try #require(
            try Program.run("provenance", "seal", "--day", day, "--tsa", authority.url, "--storage", storage).status == 0)
        let evidence = folder.path + "/e"
        try #require(try Program.run("audit", "evidence", try task(storage), evidence, "--storage", storage).status == 0)
        // A right token over another hash.
        _ = try shell(
            """
            cd '\(authority.folder)' && openssl ts -query -digest \(Digest(of: "other")) -sha256 -cert -out o.tsq && \
            openssl ts -reply -config tsa.cnf -section good -queryfile o.tsq -token_out -out '\(evidence)/other.tst' 2>/dev/null
            """)
        _ = try shell("cd '\(evidence)' && chmod -R u+w . && \(change)")
        let found = try check(evidence, "0 '\(authority.root)'", tools: folder.path + "/tools")
        #expect(found.contains(words) && found.hasSuffix("status 1\n"), "\(found)")
    }

    @Test func anAuthorityThatIsDownIsAnErrorAndIsAskedAgainLater() throws {
        let (folder, storage, day) = try archive(1)
        defer { withExtendedLifetime(folder) {} }
        let authority = try TimeStampAuthority()
        let arguments = ["provenance", "seal", "--day", day, "--storage", storage]
        let down = try Program.start(arguments + ["--tsa", authority.url + "down"]).finish()
        #expect(down.status == 2 && down.output.contains("1 record sealed"))
        #expect(down.errors.contains("status 503") && down.errors.contains("Run the command again"))
        let plain = try Program.start(arguments).finish()
        #expect(plain.status == 0 && plain.output.contains("1 seal without a time stamp"))
        let environment = ["FIXATIVE_TSA": authority.url]
        let again = try Program.start(arguments + ["--format", "json"], environment: environment).finish()
        #expect(again.status == 0 && again.output.contains("\"stamped\" : [\n    \"\(day)\"\n  ]"))
        let unsafe = try Program.start(arguments + ["--tsa", "http://tsa.example/"]).finish()
        #expect(unsafe.status == 2 && unsafe.errors.contains("HTTPS"))
        #expect(try Program.run("provenance", "seal", "--day", "2999-01-01", "--storage", storage).status == 2)
        #expect(try Program.run("provenance", "seal", "--day", "today", "--storage", storage).status == 64)
    }

    @Test func aDayThatHasNotClosedIsNotSealed() throws {
        let (folder, storage, _) = try archive(1)
        defer { withExtendedLifetime(folder) {} }
        let report = try Program.run("provenance", "seal", "--storage", storage)
        #expect(report.status == 0 && report.output == "no record of a closed day is without a seal\n")
    }
}
