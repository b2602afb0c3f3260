import ArchiveModel
import Foundation
import Provenance
import TestSupport
import Testing

@testable import FixativeCommands

@Suite("provenance")
struct ProvenanceCommandTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "ProvenanceTests/Fixtures").path

    private static let anchors = ["--trust-anchors", "\(fixtures)/anchors.pem", "--tsa-anchors", "\(fixtures)/tsa-anchors.pem"]

    private static func show(_ arguments: [String]) throws -> Program.Outcome {
        try Program.start(["provenance", "show"] + arguments).finish()
    }

    @Test(arguments: ["right-es256-png.png", "right-es256-jpeg.jpg", "right-es256-webp.webp"])
    func aSignedFileOutsideOfTheArchiveIsShown(_ name: String) throws {
        let file = "\(Self.fixtures)/\(name)"
        let trusted = try Self.show([file, "--format", "json"] + Self.anchors)
        #expect(trusted.status == 0, "\(trusted.errors)")
        let json = try JSONDecoder().decode(JSONValue.self, from: Data(trusted.output.utf8))
        #expect(json["state"] == .string("trusted") && json["signer"] != nil)
        let plain = try Self.show([file])
        #expect(plain.status == 0 && plain.output.contains("valid: the signature is right"))
    }

    @Test func aForgedFileIsRefused() throws {
        let folder = try Folder()
        var bytes = Array(try Data(contentsOf: URL(filePath: "\(Self.fixtures)/right-es256-jpeg.jpg")))
        bytes[bytes.count - 20] ^= 1
        try Data(bytes).write(to: URL(filePath: folder.path + "/forged.jpg"))
        let found = try Self.show([folder.path + "/forged.jpg"] + Self.anchors)
        #expect(found.status == 1)
        #expect(found.output.contains("invalid: the Content Credentials do not hold"))
        #expect(found.output.contains("assertion.dataHash.mismatch"))
        // What such a manifest says is not shown as a fact.
        #expect(!found.output.contains("signed by"))
    }

    @Test func aFileWithoutCredentialsIsNoError() throws {
        let found = try Self.show(["\(Self.fixtures)/anchors.pem"])
        #expect(found.status == 1 && found.output.contains("absent"))
        let missing = try Self.show(["/nowhere/at/all"])
        #expect(missing.status == 2 && !missing.errors.isEmpty)
        let list = try Self.show(["\(Self.fixtures)/right-es256-png.png", "--trust-list", "\(Self.fixtures)/right-es256-png.png"])
        #expect(list.status == 2 && list.errors.contains("can't be read"))
    }

    /// An archive of signed pictures, as the upstream delivers them.
    private static func archive(in folder: Folder) async throws -> String {
        let (pictures, storage) = (folder.path + "/pictures", folder.path + "/s")
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        for name in ["right-es256-png.png", "right-v1-stamped-jpeg.jpg"] {
            try FileManager.default.copyItem(atPath: "\(fixtures)/\(name)", toPath: "\(pictures)/\(name)")
        }
        let simulator = try Program.start(["simulate", "--port", "0", "--tasks", "4", "--images", pictures])
        try #require(try await simulator.says("export FIXATIVE_API_URL="))
        let said = try String(contentsOf: simulator.errors, encoding: .utf8)
        let url = try #require(said.firstMatch(of: /FIXATIVE_API_URL=(\S+)/)?.output.1)
        let environment = [
            "FIXATIVE_API_URL": String(url), "FIXATIVE_API_KEY": "sk-never-to-be-seen", "FIXATIVE_ALLOW_PRIVATE_HOSTS": "true",
        ]
        let archived = try Program.run("archive", "--since", "1000d", "--storage", storage, environment: environment)
        try #require(archived.status == 0, "\(archived.errors)")
        return storage
    }

    private static func json(_ outcome: Program.Outcome) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(outcome.output.utf8))
    }

    @Test func anArchiveIsReportedCheckedAndPacked() async throws {
        let folder = try Folder()
        let storage = try await Self.archive(in: folder)
        let report = try Self.json(try Program.run("provenance", "report", "--storage", storage, "--format", "json"))
        let group = try #require(report["groups"]?.array?.first)
        #expect(group["group"] == .string("valid") && group["valid"] == group["pictures"])
        let short = try Program.run("provenance", "--by", "agent", "--format", "csv", "--storage", storage)
        #expect(short.output.contains("gpt-image"))

        // With the signer's anchor the same pictures are trusted; the first verdict stays.
        let check = try Program.start(
            ["provenance", "check", "--storage", storage, "--format", "json"] + Self.anchors
        ).finish()
        #expect(check.status == 0, "\(check.errors)")
        #expect(try Self.json(check)["states"]?["trusted"] == group["pictures"])
        let rows = try Self.json(try Program.run("list", "--storage", storage, "--format", "json"))
        let task = try #require(rows["outputs"]?.array?.first?["taskId"]?.string ?? rows.array?.first?["taskId"]?.string)
        let shown = try Self.json(try Program.run("provenance", "show", task, "--storage", storage, "--format", "json"))
        #expect(shown["state"] == .string("valid"))
        #expect(shown["history"]?.array?.map { $0["state"] } == [.string("trusted")])

        let audit = try Program.run("audit", "--provenance", "--storage", storage, "--format", "json")
        #expect(try Self.json(audit)["outputs"] == group["pictures"])
        let far = try Program.run("provenance", "check", "--at", "2080-01-01", "--storage", storage)
        #expect(far.status == 1 && far.output.contains("worse"))

        let out = folder.path + "/evidence"
        let packed = try Program.run("audit", "evidence", task, out, "--storage", storage)
        #expect(packed.status == 0, "\(packed.errors)")
        let sums = try shell("cd '\(out)' && sha256sum -c SHA256SUMS && openssl x509 -in 0/chain.pem -noout -subject")
        #expect(sums.contains("0/manifest.c2pa: OK") && sums.contains("Fixative Test"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: out + "/lists").count == 5)
        let verified = try Program.run("verify", "--deep", "--storage", storage)
        #expect(verified.status == 0, "\(verified.output)")
    }

    @Test func groupsAreSummedUp() throws {
        let task = try #require(TaskID("a"))
        var report = ProvenanceReport(.signer)
        func add(_ state: CredentialFacts.State?, _ signer: String?) {
            var row = CredentialRow(id: OutputID(task: task, index: 0))
            (row.state, row.signer) = (state, signer)
            report.add(row)
        }
        for _ in 0..<2 { add(.trusted, "One") }
        add(.valid, "One")
        add(.invalid, "One")
        add(.absent, nil)
        add(nil, nil)
        #expect(report.groups.map(\.group) == ["One", "(absent)", "(invalid)", "(unchecked)"])
        #expect(report.groups[0].trusted == 2 && report.groups[0].valid == 1)
    }

    @Test func anOldTrustListIsNamed() {
        // The official lists are due on 2027-08-05T00:11:39Z.
        let due = Date(iso8601: "2027-08-05T00:11:39Z") ?? .distantPast
        let lists = [EmbeddedList.signers]
        #expect(!TrustListAge(lists, now: due).isOld)
        let old = TrustListAge(lists, now: due.addingTimeInterval(1))
        #expect(old.isOld && old.detail.contains("next update 2027-08-05") && old.detail.contains("--trust-list"))
    }
}
