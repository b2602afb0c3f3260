import ArchiveModel
import ArchiveStore
import ArgumentParser
import Audit
import Foundation

struct AuditClaimsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "claims", abstract: "List the claims that were marked, with their sums.")

    @OptionGroup var form: AuditFormatOption
    @OptionGroup var common: CommonOptions

    func validate() throws { try form.requireTableOrJSON() }

    private struct Whole: Encodable {
        struct Line: Encodable {
            var id: ClaimID
            var markedAt: Date
            var since: Date
            var until: Date
            var account: Int64?
            var model: String?
            var outputs: Int
            var sums: [ClaimRecord.Sum]
        }

        var claims: [Line]
    }

    func run() async throws {
        let archive = try Archive(try await Settings.load(common), creating: false, reading: true)
        let claims = try await ClaimReader(archive).marked()
        Terminal.write(form.format == .json ? try Self.json(claims) : Self.table(claims))
    }

    private static func json(_ claims: [ClaimRecord]) throws -> String {
        try Rendering.json(
            Whole(
                claims: claims.map {
                    Whole.Line(
                        id: $0.id, markedAt: $0.markedAt, since: $0.since, until: $0.until, account: $0.account, model: $0.model,
                        outputs: $0.items.count, sums: $0.sums)
                }))
    }

    private static func table(_ claims: [ClaimRecord]) -> String {
        guard !claims.isEmpty else { return "no claim was marked\n" }
        var table = Table(columns: [
            .init("CLAIM"), .init("MARKED"), .init("SINCE"), .init("UNTIL"), .init("ACCOUNT"), .init("MODEL"),
            .init("OUTPUTS", .right), .init("CHARGED", .right), .init("OWED", .right), .init("UNIT"),
        ])
        for claim in claims {
            for (number, sum) in claim.sums.enumerated() {
                let facts = [
                    claim.id.text, Rendering.minute(claim.markedAt), Rendering.minute(claim.since), Rendering.minute(claim.until),
                    claim.account.map { "\($0)" } ?? "all", claim.model ?? "all", "\(claim.items.count)",
                ]
                // A claim in several units has a line for each.
                table.rows.append(
                    (number == 0 ? facts : facts.map { _ in "" })
                        + [cents(sum.charged), cents(sum.owed), sum.unit])
            }
        }
        return table.text + "times are in UTC\n"
    }

    private static func cents(_ amount: String) -> String { Decimal(plain: amount).map(Cents.text) ?? amount }
}
