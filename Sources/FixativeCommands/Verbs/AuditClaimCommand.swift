import ArchiveModel
import ArchiveStore
import ArgumentParser
import Audit
import BlobStore
import Foundation
import SizeContract
import UnixSignals

struct AuditClaimCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claim", abstract: "Pack a claim for the refunds of a period, with all evidence.",
        discussion: """
            The package contains a letter (claim.html and claim.md), a table with a line for each output (claim.csv), the \
            evidence of each call, and digests that 'sha256sum -c SHA256SUMS' checks. Only what the vendor caused is claimed. \
            The same archive and the same arguments give the same bytes.
            """)

    @Argument(
        help: ArgumentHelp("The path of a new ZIP file (it must end in .zip) or of a new or empty folder.", valueName: "out"))
    var out: String

    @OptionGroup(title: "Filters") var filter: AuditFilter

    @Option(help: ArgumentHelp("Only calls of this account: its number, 0 for the archive's own account.", valueName: "number"))
    var account: Int64?

    @Flag(help: "Record the claim in the archive, so that later claims leave its outputs out.")
    var mark = false

    @OptionGroup(title: "Money") var price: PriceOptions
    @OptionGroup var form: AuditFormatOption
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard filter.since != nil, filter.until != nil else {
            throw ValidationError(
                "a claim needs a period; give --since and --until, such as --since 2026-10-01 --until 2026-11-01")
        }
        guard !price.net else { throw ValidationError("--net can't be combined with a claim: it is for refunds alone") }
        try form.requireTableOrJSON()
    }

    func run() async throws {
        let settings = try await Settings.load(common)
        let archive = try Archive(settings, creating: false, reading: true)
        let marked = try await ClaimReader(archive).marked()
        let reader = try await AuditReader(archive, filter, price, prices: settings.prices)
        let claim = try await ClaimReader(archive).claim(try scope(archive), reader, marked: marked)
        if let warning = reader.warning(claim.summary) { Terminal.complain("WARNING: \(warning)") }
        var outcome = Outcome(claim, out: claim.lines.isEmpty ? nil : out)
        if !claim.lines.isEmpty {
            let credentials = CredentialFiles(archive, settings.decoders, isRepeatable: true)
            defer { credentials.close() }
            outcome.files = try await Self.endingAtSignals { [out] in
                try await ClaimPackage(archive, claim, credentials).write(to: out)
            }
            if mark { outcome.isMarked = try await record(claim, archive, marked) }
        }
        Terminal.write(form.format == .json ? try Rendering.json(outcome) : outcome.text)
    }

    private func scope(_ archive: Archive) throws -> ClaimScope {
        let now = archive.clock.now
        guard let since = filter.since(now), let until = filter.until(now), since < until else {
            throw SettingsError("the period is empty: --since must be before --until")
        }
        var others: [String] = []
        if let query = filter.query { others.append("prompts with \u{201C}\(query)\u{201D}") }
        if let verdict = filter.verdict { others.append("pictures judged \(verdict.rawValue)") }
        if let tier = filter.tier { others.append("pictures requested as \(tier)") }
        return ClaimScope(
            archive: archive.files.archiveID, since: since, until: until, calendar: filter.calendar, account: account,
            model: filter.model, others: others)
    }

    /// The package exists already, so an interruption leaves no mark without a claim.
    private func record(_ claim: Claim, _ archive: Archive, _ marked: [ClaimRecord]) async throws -> Bool {
        let record = claim.record(markedAt: archive.clock.now)
        guard try await archive.files.claims.create(try record.bytes(), as: record.id, after: Set(marked.map(\.id))) else {
            throw SettingsError(
                "another process marked a claim meanwhile, so \(out) may claim outputs twice. Delete it and run the command again"
            )
        }
        return true
    }

    /// Runs `work`, and cancels it on SIGTERM or SIGINT.
    private static func endingAtSignals(_ work: @escaping @Sendable () async throws -> Int) async throws -> Int {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        return try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                for await _ in signals { return nil }
                return nil
            }
            defer { group.cancelAll() }
            guard let files = try await group.next(), let files else {
                throw SettingsError("interrupted; no claim was written")
            }
            return files
        }
    }
}

extension AuditFormatOption {
    func requireTableOrJSON() throws {
        guard format == .table || format == .json else { throw ValidationError("--format takes table or json here") }
    }
}

extension AuditClaimCommand {
    /// What the command reports.
    struct Outcome: Encodable {
        struct Sum: Encodable {
            var unit: String
            var charged: String
            var owed: String
            var claimedBefore: String
            var open: String
        }

        var id: ClaimID?
        var out: String?
        var calls: Int
        var outputs: Int
        var claimedBefore: Int
        var open: Int
        var refundsUnknown: Int
        var sums: [Sum]
        var files = 0
        var isMarked = false

        private let amounts: [(unit: String, owed: Decimal)]

        private enum CodingKeys: String, CodingKey {
            case id, out, calls, outputs, claimedBefore, open, refundsUnknown, sums, files, isMarked
        }

        init(_ claim: Claim, out: String?) {
            id = claim.lines.isEmpty ? nil : claim.id
            self.out = out
            calls = claim.claimedCalls
            outputs = claim.lines.count
            claimedBefore = claim.earlier.values.reduce(0, +)
            open = claim.open.count
            refundsUnknown = claim.summary.money?.refundsUnknown ?? 0
            sums = claim.sums.map {
                Sum(
                    unit: $0.unit, charged: $0.charged.plain, owed: $0.owed.plain, claimedBefore: $0.earlier.plain,
                    open: $0.open.plain)
            }
            amounts = claim.sums.filter { $0.owed > 0 }.map { ($0.unit, $0.owed) }
        }

        var text: String {
            var text = ""
            if let id, let out {
                let owed = amounts.map { "\(Cents.text($0.owed)) \($0.unit)" }.joined(separator: " and ")
                text += "\(out): \(id), \(owed) for \(Rendering.count(outputs, "output")) of \(Rendering.count(calls, "call")), "
                text += "\(Rendering.count(files, "file"))\(isMarked ? ", marked" : "")\n"
            } else {
                text += "nothing to claim, so nothing was written\n"
            }
            if claimedBefore > 0 { text += "claimed before: \(Rendering.count(claimedBefore, "output"))\n" }
            if open > 0 { text += "not yet claimed: \(Rendering.count(open, "output")); they are not archived yet\n" }
            if refundsUnknown > 0 {
                text += "refund unknown: \(refundsUnknown); the base price of their model is unknown. Give --base-price\n"
            }
            return text
        }
    }
}
