import ArchiveModel
import Foundation
import Markup
import Mustache
import SizeContract

/// The letter that comes with a claim, as HTML to print and as Markdown.
package struct ClaimLetter {
    private let claim: Claim
    private let id: ClaimID
    private let contract: SizeContract

    package init(_ claim: Claim) {
        self.claim = claim
        id = claim.id
        contract = SizeContract.contract(model: claim.scope.model ?? claim.models.first)
    }

    // MARK: Content

    private struct Fact {
        var label: String
        var text: String
        var isTotal = false
    }

    private var title: String { "Claim for refunds \(id)" }

    private var greeting: String {
        """
        We compared what we requested with what was delivered and charged. For \(Self.count(claim.lines.count, "output")) of \
        \(Self.count(claim.claimedCalls, "call")) we were charged more than your documentation says. We ask you to refund \
        \(amounts(\.owed)).
        """
    }

    private var facts: [Fact] {
        let (scope, calendar) = (claim.scope, claim.scope.calendar)
        let models = scope.model.map { [$0] } ?? claim.models
        var facts = [
            Fact(label: "Claim", text: id.text),
            Fact(
                label: "Period",
                text:
                    "calls created from \(calendar.minute(scope.since)) to before \(calendar.minute(scope.until)), \(calendar.name)"
            ),
            Fact(label: "Account", text: Self.name(ofAccount: scope.account)),
            Fact(label: scope.model == nil && models.count > 1 ? "Models" : "Model", text: models.joined(separator: ", ")),
        ]
        if !scope.others.isEmpty { facts.append(Fact(label: "Only", text: scope.others.joined(separator: ", "))) }
        facts += [
            Fact(label: "Ended calls in the period", text: "\(Self.count(claim.calls)), charged \(amounts(\.chargedInPeriod))"),
            Fact(
                label: "Claimed here",
                text:
                    "\(Self.count(claim.lines.count, "output")) of \(Self.count(claim.claimedCalls, "call")), charged \(amounts(\.charged))"
            ),
            Fact(label: "Owed", text: amounts(\.owed), isTotal: true),
        ]
        if !claim.earlier.isEmpty {
            let names = claim.earlier.keys.sorted().map(\.text).joined(separator: ", ")
            facts.append(
                Fact(
                    label: "Claimed before",
                    text:
                        "\(Self.count(claim.earlier.values.reduce(0, +), "output")) of this period, \(amounts(\.earlier)): \(names). They are not part of this claim"
                ))
        }
        return facts
    }

    private static func name(ofAccount account: Int64?) -> String {
        guard let account else { return "all accounts" }
        return account == 0 ? "0 (our own account)" : "\(account)"
    }

    /// One amount for each unit in which there is any.
    private func amounts(_ path: KeyPath<Claim.Sums, Decimal>) -> String {
        let known = claim.sums.filter { $0[keyPath: path] > 0 }.map { "\(Cents.text($0[keyPath: path])) \($0.unit)" }
        return known.isEmpty ? "0.00 \(claim.summary.money?.unit ?? PriceList.credits)" : known.joined(separator: " and ")
    }

    private struct ReasonRow {
        var title: String
        var lines: String
        var amount: String
        var isTotal = false
    }

    /// The rows of each unit add up to its total.
    private var reasonRows: [ReasonRow] {
        claim.sums.filter { $0.owed > 0 }.flatMap { sums in
            var rounding = CentRounding()
            for reason in sums.reasons { rounding.add(reason.owed) }
            var lines = rounding.lines
            let rows = sums.reasons.map { reason in
                ReasonRow(
                    title: reason.reason.title, lines: Self.count(reason.lines), amount: "\(lines.text(reason.owed)) \(sums.unit)"
                )
            }
            return rows + [
                ReasonRow(title: "Owed", lines: "", amount: "\(Cents.text(sums.owed)) \(sums.unit)", isTotal: true)
            ]
        }
    }

    private var reasons: [RefundReason] {
        RefundReason.allCases.filter { reason in claim.sums.contains { $0.reasons.contains { $0.reason == reason } } }
    }

    /// The price table: class, pixels, factor, and the price of each model.
    private var classes: [[String]] {
        func megapixels(_ pixels: Int) -> String { "\(Decimal(pixels) / 1_000_000)" }
        let pixels: [Tier: String] = [
            .oneK: "up to \(megapixels(contract.largestOneK)) megapixels",
            .twoK: "up to \(megapixels(contract.largestTwoK)) megapixels",
            .fourK: "more",
        ]
        return Tier.allCases.map { tier in
            let factor = contract.multiplier(of: tier)
            let prices = basePrices.map { ($0.amount.times(tenths: factor.tenths)).plain + " \($0.unit)" }
            return [tier.rawValue, pixels[tier] ?? "", "base price x \(factor)"] + prices
        }
    }

    private var basePrices: [(model: String, amount: Decimal, unit: String, isLearned: Bool)] {
        (claim.summary.money?.basePrices ?? []).compactMap { price in
            guard let amount = price.price.flatMap({ Decimal(plain: $0) }), let unit = price.unit else { return nil }
            return (price.model ?? "unnamed model", amount, unit, price.origin == .learned)
        }
    }

    private var priceNote: String {
        let words = basePrices.map { price in
            "\(price.amount.plain) \(price.unit) for \(price.model) (\(price.isLearned ? "from the charges of our account" : "as we know it"))"
        }
        let rule = "A ratio is in the class of its resolution, exact pixels in the class of their number, and auto is always 1K."
        return words.isEmpty ? rule : "\(rule) The base price is \(words.joined(separator: ", "))."
    }

    /// The rows of the size table that the claim needs: ratio, 1K, 2K, 4K.
    private var sizes: [[String]] {
        var asked: Set<AspectRatio> = []
        for line in claim.lines {
            if case .cell(let cell) = line.request.flatMap({ $0.sizeRequest(in: contract) }) { asked.insert(cell.ratio) }
        }
        return contract.ratios.filter(asked.contains).map { ratio in
            [ratio.description] + Tier.allCases.map { contract.size(ratio, at: $0)?.description ?? "" }
        }
    }

    private var openNote: String {
        guard !claim.open.isEmpty else { return "" }
        let charge = claim.sums.contains { $0.open > 0 } ? " For them we were charged \(amounts(\.open))." : ""
        return """
            We still try to fetch \(Self.count(claim.open.count, "output")) of this period. They are not claimed yet; \
            not-yet-claimed.csv lists them.\(charge)
            """
    }

    private var files: [(name: String, text: String)] {
        [
            (
                "claim.csv",
                "each claimed output: task ID, creation, prompt, request, promised and delivered pixels, charge, refund, reason, SHA-256"
            ),
            (
                "evidence/",
                "a folder for each call: the originals byte for byte, your answer about the task, the headers of the storage host, our records. A file that several calls have in common is in the first one's folder"
            ),
        ] + (claim.open.isEmpty ? [] : [("not-yet-claimed.csv", "outputs that may be claimed later")])
            + [("SHA256SUMS", "the digest of every file; check them with: sha256sum -c SHA256SUMS")]
    }

    private static let amountNote = "Amounts have two places. The exact amounts are in claim.csv."

    // MARK: Markdown

    package var markdown: String {
        let plain = Self.plain
        func table(_ head: [String], _ rows: [[String]], right: Set<Int> = []) -> String {
            let rule = head.indices.map { right.contains($0) ? "---:" : "---" }
            return ([head, rule] + rows.map { $0.map(plain) }).map { "| \($0.joined(separator: " | ")) |\n" }.joined()
        }
        var text = "# \(title)\n\n\(plain(greeting))\n\n"
        text += table(["", ""], facts.map { [$0.label, $0.text] })
        text += "\n## By reason\n\n"
        text += table(["Reason", "Outputs", "Owed"], reasonRows.map { [$0.title, $0.lines, $0.amount] }, right: [1, 2])
        text += "\n" + reasons.map { "- **\($0.title)**: \($0.sentence)\n" }.joined()
        text += "\n\(Self.amountNote)\n\n## Your documented tables\n\nFrom the reference page of \(contract.model):\n\n"
        text += table(["Class", "Pixels", "Price"] + basePrices.map { plain($0.model) }, classes)
        text += "\n\(plain(priceNote))\n"
        if !sizes.isEmpty { text += "\n" + table(["Ratio"] + Tier.allCases.map(\.rawValue), sizes) }
        if !openNote.isEmpty { text += "\n## Not yet claimed\n\n\(openNote)\n" }
        return text + "\n## Enclosed\n\n" + files.map { "- \($0.name): \($0.text)\n" }.joined()
    }

    /// Text that Markdown does not interpret.
    private static func plain(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar.properties.generalCategory == .control {
                result += " "
            } else {
                if "\\`*_[]<>|#".unicodeScalars.contains(scalar) { result += "\\" }
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    // MARK: HTML

    package func html() throws -> [UInt8] {
        Templates.registerEscaping()
        let template = try MustacheTemplate(string: String(decoding: PackageResources.claim_mustache, as: UTF8.self))
        func cells(_ rows: [[String]]) -> [[String: Any]] { rows.map { ["cells": $0] } }
        let context: [String: Any] = [
            "title": title, "style": String(decoding: PackageResources.claim_css, as: UTF8.self), "greeting": greeting,
            "facts": facts.map { ["label": $0.label, "text": $0.text, "class": $0.isTotal ? "total" : ""] },
            "rows": reasonRows.map {
                ["title": $0.title, "lines": $0.lines, "amount": $0.amount, "class": $0.isTotal ? "total" : ""]
            },
            "reasons": reasons.map { ["title": $0.title, "sentence": $0.sentence] }, "amountNote": Self.amountNote,
            "page": contract.model, "models": basePrices.map(\.model), "classes": cells(classes), "priceNote": priceNote,
            "hasSizes": !sizes.isEmpty, "tiers": Tier.allCases.map(\.rawValue), "sizes": cells(sizes),
            "openNote": openNote, "hasOpen": !openNote.isEmpty,
            "files": files.map { ["name": $0.name, "text": $0.text] },
        ]
        return Array(template.render(context).utf8)
    }

    /// Formats a number as `12,345`.
    private static func count(_ number: Int) -> String {
        number.formatted(.number.locale(Locale(identifier: "en_US")))
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(count(number)) \(noun)\(number == 1 ? "" : "s")" }
}

extension RefundReason {
    fileprivate var title: String {
        switch self {
        case .overcharged: "Charged above the requested class"
        case .undelivered: "Smaller picture than charged"
        case .noPicture: "No picture in the delivered bytes"
        case .failed: "Call failed, but was charged"
        case .lost: "Picture could not be fetched"
        }
    }

    /// Cites the table that the vendor documents.
    fileprivate var sentence: String {
        switch self {
        case .overcharged:
            "By your price table, a call costs the price of the class that it requests; the charge is above this price, and the part above it is owed."
        case .undelivered:
            "By your size and price tables, the delivered pixels are in a smaller class than the charge pays for; the difference between the charge and the price of the delivered class is owed."
        case .noPicture:
            "Your size table promises a picture for each request; the delivered bytes are no picture, so the whole charge is owed."
        case .failed:
            "Your price table states the price of a picture; the call failed on your side and has no picture, so the whole charge is owed."
        case .lost:
            "Your size table promises a picture for each request; your API or its storage host did not deliver it before its link expired, so the whole charge is owed."
        }
    }
}
