package import Foundation
import SizeContract

/// The facts of one record that never change afterwards: one leaf of a seal's tree.
///
/// A record is rewritten when a verdict is appended or a derivative is remade. So the leaf has facts of the record and not its
/// bytes. It names the digest of the bytes too: while nobody rewrites the record, all of the record is proven.
package struct SealedOutput: Sendable, Hashable, Codable {
    package static let currentFormat = "fixative.sealed-output/1"

    /// The verdict on the Content Credentials, as it was first recorded.
    package struct Credentials: Sendable, Hashable, Codable {
        package var state: CredentialFacts.State
        package var checkedAt: Date
        package var spec: String
        /// The SHA-256 of the manifest store.
        package var store: Digest?
        package var trust: CredentialFacts.Trust?
        package var failures: [String]?
        package var manifest: String?
        package var generator: String?
        package var agent: String?
        package var signer: String?
        /// The SHA-256 of the signer's certificate in DER.
        package var certificate: Digest?
        /// The time in the manifest's time stamp, as its token writes it.
        package var signedAt: String?

        package init(_ facts: CredentialFacts) {
            state = facts.state
            checkedAt = facts.checkedAt
            spec = facts.spec
            store = facts.store?.sha256
            trust = facts.trust
            failures = facts.first.failures
            manifest = facts.claim?.label
            generator = facts.claim?.generator.name
            agent = facts.agent
            signer = facts.signerName
            certificate = facts.signer?.chain.first
            signedAt = facts.timeStamp?.time
        }
    }

    package var format = SealedOutput.currentFormat
    /// The ID of the archive.
    package var archive: String
    package var task: TaskID
    package var index: Int
    package var state: ArchiveRecord.State
    package var createdAt: Date?
    package var discoveredAt: Date
    package var endedAt: Date
    /// The SHA-256 of the record's file at the time of the seal.
    package var record: Digest
    package var original: BlobReference?
    package var earlierOriginals: [Digest]?
    /// The model that was ordered.
    package var model: String?
    /// The SHA-256 of the prompt in UTF-8. The prompt itself is not sealed: it may have to be forgotten.
    package var promptSHA256: Digest?
    package var verdict: String?
    package var credentials: Credentials?

    package init(_ record: ArchiveRecord, file: Digest, archive: String) {
        self.archive = archive
        task = record.task
        index = record.index
        state = record.state
        createdAt = record.createdAt
        discoveredAt = record.discoveredAt
        endedAt = record.endedAt
        self.record = file
        original = record.original
        earlierOriginals = record.earlierOriginals?.map(\.digest)
        model = record.request?.model
        promptSHA256 = record.request?.prompt.map { Digest(of: $0) }
        verdict = record.judgement?.verdict.rawValue
        credentials = (record.picture?.credentials).map(Credentials.init)
    }

    package var id: OutputID { OutputID(task: task, index: index) }

    /// The day whose folder holds the record.
    package var day: Date { createdAt ?? discoveredAt }

    /// The leaf: JSON in one line, with sorted keys and without white space.
    package func leaf() throws -> String { String(decoding: try JSONEncoder.archive(pretty: false).encode(self), as: UTF8.self) }

    /// The names of the sealed facts that a record contradicts; empty when it contradicts none.
    ///
    /// An output may be delivered again later. Its record then has a later end. It still has to name every sealed original.
    package func contradictions(in now: ArchiveRecord) -> [String] {
        var names: [String] = []
        func compare(_ name: String, _ isEqual: Bool) { if !isEqual { names.append(name) } }
        let known = Set((now.earlierOriginals ?? []).map(\.digest) + [now.original?.digest].compactMap { $0 })
        let sealed = (earlierOriginals ?? []) + [original?.digest].compactMap { $0 }
        compare("original", sealed.allSatisfy(known.contains))
        guard now.endedAt <= endedAt else { return names }
        let current = SealedOutput(now, file: record, archive: archive)
        compare("endedAt", now.endedAt == endedAt)
        compare("state", current.state == state)
        if !names.contains("original") { compare("original", current.original == original) }
        // Facts that were not known at the time of the seal may be added.
        compare("createdAt", createdAt == nil || current.createdAt == createdAt)
        compare("model", model == nil || current.model == model)
        compare("prompt", promptSHA256 == nil || current.promptSHA256 == promptSHA256)
        let hadRequest = model != nil || promptSHA256 != nil
        compare("verdict", !hadRequest || current.verdict == verdict)
        compare("credentials", credentials == nil || current.credentials == credentials)
        return names
    }
}
