package import ArchiveModel
package import Foundation

/// Finds pictures whose Content Credentials contradict the order, each other, or the time.
package struct ProvenanceFindings: Sendable {
    package enum Kind: String, Sendable, Encodable, CaseIterable {
        /// The manifest was changed, or its signature does not hold, or it can't be read.
        case invalid
        /// No Content Credentials.
        case unsigned
        /// Archived by an earlier program, and not checked since.
        case unchecked
        /// Made by other software than the model that was ordered.
        case otherAgent
        /// Signed before the task was created: a picture that was made for someone else.
        case signedBeforeTask
        /// One manifest on two different pictures.
        case sameCredential
        /// An ordinary checker calls it invalid soon. This is no fault of the picture.
        case turnsInvalid
    }

    package struct Finding: Sendable, Encodable, Hashable {
        package var kind: Kind
        package var taskId: TaskID
        package var index: Int
        package var detail: String

        init(_ kind: Kind, _ id: OutputID, _ detail: String) {
            (self.kind, taskId, index, self.detail) = (kind, id.task, id.index, detail)
        }
    }

    /// Days before a certificate's end in which a picture is reported.
    package static let warningDays = 90
    /// Seconds by which the clocks of the signer and of the upstream may differ.
    private static let clockTolerance: TimeInterval = 60

    private let now: Date
    private var findings: [Finding] = []
    private var firstOfManifest: [String: (digest: Digest, id: OutputID)] = [:]
    package private(set) var pictures = 0

    package init(now: Date) { self.now = now }

    package mutating func add(_ row: CredentialRow) {
        pictures += 1
        switch row.state {
        case nil: findings.append(Finding(.unchecked, row.id, "'fixative provenance check' checks it"))
        case .absent: findings.append(Finding(.unsigned, row.id, "it has no Content Credentials"))
        case .unreadable: findings.append(Finding(.invalid, row.id, "its Content Credentials can't be read"))
        case .invalid: findings.append(Finding(.invalid, row.id, "its Content Credentials do not hold"))
        case .valid, .trusted: addBelievable(row)
        }
        compareManifests(row)
    }

    private mutating func addBelievable(_ row: CredentialRow) {
        if let agent = row.agent, let model = row.model, !Self.isSame(agent: agent, model: model) {
            findings.append(Finding(.otherAgent, row.id, "\(model) was ordered; the picture says \(agent)"))
        }
        if let signed = row.signedAt, let created = row.createdAt, signed < created.addingTimeInterval(-Self.clockTolerance) {
            let detail = "signed at \(signed.iso8601), but its task was created at \(created.iso8601)"
            findings.append(Finding(.signedBeforeTask, row.id, detail))
        }
        if let end = row.turnsInvalidAt, end < now.addingTimeInterval(TimeInterval(Self.warningDays) * 86_400) {
            let verb = end < now ? "turned" : "turns"
            findings.append(Finding(.turnsInvalid, row.id, "\(verb) invalid at \(end.iso8601); the recorded verdict stays"))
        }
    }

    /// A manifest is bound to the bytes of one file, so that a second picture with it was tampered with.
    private mutating func compareManifests(_ row: CredentialRow) {
        guard let manifest = row.manifest, let digest = row.digest else { return }
        guard let first = firstOfManifest[manifest] else {
            firstOfManifest[manifest] = (digest, row.id)
            return
        }
        guard first.digest != digest else { return }
        findings.append(Finding(.sameCredential, row.id, "\(manifest) is also on \(first.id), a different picture"))
    }

    /// Whether the agent's name is that of the model, or of its family: `gpt-image` for `gpt-image-2`.
    package static func isSame(agent: String, model: String) -> Bool {
        let agent = words(agent)
        let model = words(model)
        guard !agent.isEmpty, !model.isEmpty else { return true }
        return model.starts(with: agent) || agent.starts(with: model)
    }

    /// The letters and numbers of a name, as words.
    private static func words(_ name: String) -> [String] {
        name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }

    /// All findings, by kind and then by task.
    package var sorted: [Finding] {
        let order = Dictionary(uniqueKeysWithValues: Kind.allCases.enumerated().map { ($1, $0) })
        return findings.sorted { one, other in
            let (first, second) = (order[one.kind] ?? 0, order[other.kind] ?? 0)
            return (first, one.taskId.text, one.index) < (second, other.taskId.text, other.index)
        }
    }
}
