import ArchiveModel
import Foundation
import TestSupport
import Testing

/// An archive whose newest picture says something about itself.
private struct SignedArchive {
    let folder: Folder
    let storage: [String]
    let record: ArchiveRecord

    init() throws {
        let folder = try Folder()
        let path = folder.path + "/s"
        storage = ["--storage", path]
        let demo = try Program.run(
            "demo", "--tasks", "3", "--faults", "none", "--storage", folder.path + "/s", "--format", "json")
        #expect(demo.status == 0, "\(demo.errors)")
        let files = FileManager.default.enumerator(atPath: path + "/records")?.allObjects as? [String] ?? []
        var signed: ArchiveRecord?
        for file in files.sorted() where file.hasSuffix(".json") && signed == nil {
            let url = URL(filePath: "\(path)/records/\(file)")
            guard case .output(var record) = try RecordFile.read(Array(try Data(contentsOf: url))), record.picture != nil else {
                continue
            }
            record.picture?.credentials = Self.credentials
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: url.path)
            try Data(try RecordFile.bytes(of: .output(record))).write(to: url)
            signed = record
        }
        record = try #require(signed)
        let rebuild = try Program.start(["rebuild"] + storage).finish()
        #expect(rebuild.status == 0, "\(rebuild.errors)")
        self.folder = folder
    }

    private static var credentials: CredentialFacts {
        var facts = CredentialFacts(state: .trusted, checkedAt: Date(milliseconds: 1_795_348_800_000))
        let day = Date(milliseconds: 1_795_348_800_000)
        var signer = CredentialFacts.Signer(serial: "1", algorithm: "ES256", notBefore: day, notAfter: day, chain: [])
        signer.name = "Test Media Service"
        facts.signer = signer
        facts.actions = [CredentialFacts.Action(action: "c2pa.created", agent: "gpt-image")]
        facts.timeStamp = .init(time: "2026-11-22T12:00:00.5Z", authority: "Clock", trusted: true, vendors: false)
        return facts
    }

    func run(_ arguments: String...) throws -> Program.Outcome { try Program.start(arguments + storage).finish() }

    func names(_ arguments: String...) throws -> [String] {
        let outcome = try Program.start(["list", "--format", "json"] + arguments + storage).finish()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let rows = try JSONDecoder().decode(JSONValue.self, from: Data(outcome.output.utf8))
        return (rows.array ?? []).compactMap { $0["name"]?.string }
    }
}

@Suite("list by credentials, and lost credentials") struct CredentialListTests {
    @Test func listsAreNarrowedByCredentials() throws {
        let archive = try SignedArchive()
        let name = archive.record.id.name
        #expect(try archive.names("--signer", "Test Media Service") == [name])
        #expect(try archive.names("--agent", "gpt-image") == [name])
        #expect(try archive.names("--credentials", "trusted") == [name])
        #expect(try archive.names("--credentials", "invalid") == [])
        #expect(try archive.names("--credentials", "trusted", "--agent", "another") == [])
        let list = try archive.run("list", "--format", "json", "--signer", "Test Media Service")
        let credentials = try JSONDecoder().decode(JSONValue.self, from: Data(list.output.utf8)).array?.first?["credentials"]
        #expect(credentials?["clock"] == .string("listed") && credentials?["agent"] == .string("gpt-image"))
        #expect(try archive.run("list", "--credentials", "nonsense").status == 64)
        #expect(try archive.run("list", "--failing", "--agent", "gpt-image").status == 64)
    }

    /// The preview is a smaller JPEG of the original, made without its manifest: a copy as other sites make it.
    @Test func anOriginalIsFoundByTheLikenessOfItsCopy() throws {
        let archive = try SignedArchive()
        let preview = try #require(archive.record.derivative(.preview)?.blob.digest)
        let copy = archive.folder.path + "/copy.jpg"
        let blob = "\(archive.storage[1])/blobs/sha256/\(preview.hex.prefix(2))/\(preview.hex)"
        try FileManager.default.copyItem(atPath: blob, toPath: copy)
        let found = try archive.run("provenance", "show", copy)
        #expect(found.status == 0, "\(found.errors)")
        #expect(found.output.contains("absent: the file has no Content Credentials"))
        #expect(found.output.contains("match by likeness, no proof"))
        #expect(found.output.contains("\(archive.record.id)") && found.output.contains("signed by Test Media Service"))
        let json = try JSONDecoder().decode(
            JSONValue.self, from: Data(try archive.run("provenance", "show", copy, "--format", "json").output.utf8))
        #expect(json["state"] == .string("absent"))
        let likeness = json["likenesses"]?.array?.first
        #expect(likeness?["taskId"] == .string(archive.record.id.task.text))
        #expect((likeness?["differingBits"]?.integer ?? 64) <= 6)
        #expect(likeness?["credentials"]?["state"] == .string("trusted"))
    }

    @Test func aFileIsWrittenAsCrJSON() throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "ProvenanceTests/Fixtures").path
        let shown = try Program.run("provenance", "show", "\(fixtures)/right-es256-png.png", "--format", "crjson")
        #expect(shown.status == 0, "\(shown.errors)")
        let json = try JSONDecoder().decode(JSONValue.self, from: Data(shown.output.utf8))
        #expect(json["manifests"]?.array?.first?["signature"]?["algorithm"] == .string("es256"))
    }
}
