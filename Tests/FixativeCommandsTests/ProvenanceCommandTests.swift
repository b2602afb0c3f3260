import ArchiveModel
import Foundation
import Provenance
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
        #expect(missing.status == 2 && missing.errors.contains("neither a file nor in the archive"))
        let list = try Self.show(["\(Self.fixtures)/right-es256-png.png", "--trust-list", "\(Self.fixtures)/right-es256-png.png"])
        #expect(list.status == 2 && list.errors.contains("can't be read"))
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
