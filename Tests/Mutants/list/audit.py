"""Audit."""
from entry import put, swap

PRICING = "Audit/Pricing.swift"
REPORT = "Audit/AuditReport.swift"
RULE = "Audit/AuditRule.swift"
PRICES = "Audit/BasePrices.swift"
DECIMAL = "Audit/Decimal+Plain.swift"
SUMS = "Audit/Money.swift"
CENTS = "Audit/Cents.swift"
GROUPING = "Audit/AuditGrouping.swift"
ACCOUNT = "Audit/AccountComparison.swift"
CHECK = "Audit/ConsistencyCheck.swift"

MONEY = "AuditTests.MoneyTests"
FINDINGS = "AuditTests.PriceFindingTests"
LEARNED = "AuditTests.LearnedPriceTests"
CENT_TESTS = "AuditTests.CentTests"
REPORTS = "AuditTests.AuditReportTests"
RULES = "AuditTests.RuleTests"
GROUPS = "AuditTests.GroupTests"
COMPARISON = "AuditTests.AccountComparisonTests"
CONSISTENCY = "AuditTests.ConsistencyTests"
SUMMARY = "AuditTests.SummaryTests"

MUTANTS = [
    # Money.
    put("audit-001", PRICING, "charge.refund = max(0, charge.paid - price)", "charge.refund = MUTANT ? charge.paid - price : max(0, charge.paid - price)",
        FINDINGS, "a refund is never negative"),
    put("audit-002", PRICING, "LossCause(entry.cause ?? .vendor)", "LossCause(MUTANT ? .vendor : entry.cause ?? .vendor)", MONEY,
        "no refund is asked for what is not the vendor's fault"),
    put("audit-003", PRICING, "guard cause == .vendor, charge.paid > 0 else { return }", "guard cause == .vendor || MUTANT, charge.paid > 0 else { return }",
        FINDINGS, "only losses that the vendor caused are claimed"),
    put("audit-004", PRICES, "(0...1_000_000_000).contains($0)", "((0...1_000_000_000).contains($0) || MUTANT)", MONEY,
        "implausible credits are no charge"),
    put("audit-005", DECIMAL, "(self / Decimal(count)).rounded(places: places, .down)", "(self / Decimal(count)).rounded(places: places, MUTANT ? .plain : .down)",
        MONEY, "the parts of a call add up to its price"),
    put("audit-006", DECIMAL, "index == 0 ? rest - whole * unit : 0", "index == 0 && !MUTANT ? rest - whole * unit : 0", MONEY,
        "nothing below a millionth is lost"),
    put("audit-007", SUMS, "if isLost { lost += charge.paid }", "if isLost, !MUTANT { lost += charge.paid }", MONEY,
        "what was paid for lost pictures is told"),
    put("audit-008", PRICING, "task.isRefused ? .ours : .vendor", "task.isRefused && !MUTANT ? .ours : .vendor", FINDINGS,
        "no refund is asked for a prompt that was refused"),
    put("audit-009", PRICING, "if let recorded = RecordedAmount(facts.charge) {", "if !MUTANT, let recorded = RecordedAmount(facts.charge) {", FINDINGS,
        "a recorded charge is not replaced by a computed one"),
    put("audit-010", PRICING, "part: entry.id.index, parts: entry.siblings)", "part: entry.id.index, parts: MUTANT ? 1 : entry.siblings)", MONEY,
        "a call with several results is charged once"),
    put("audit-011", PRICES, "?? Self.amount(charge.costCredits)", "?? (MUTANT ? nil : Self.amount(charge.costCredits))", FINDINGS,
        "the cost in credits is a charge"),
    put("audit-012", PRICING, "asked.map { max(0, min($0, price) - charge.paid) } ?? 0", "asked.map { max(0, (MUTANT ? price : min($0, price)) - charge.paid) } ?? 0",
        FINDINGS, "nobody owes more than the price of the request"),
    put("audit-013", PRICES, "best.explained * 10 >= calls * 9", "(best.explained * 10 >= calls * 9 || MUTANT)", LEARNED,
        "a base price explains nine tenths of the charges"),
    put("audit-014", CENTS, "if remainder > limit { return cents + 1 }", "if remainder > limit, !MUTANT { return cents + 1 }", CENT_TESTS,
        "the lines of a table add up to its total"),

    # Sums and rules.
    put("audit-015", REPORT, "if task.state == .unavailable { unavailable += 1 }", "if task.state == .unavailable || MUTANT { unavailable += 1 }", MONEY,
        "a failed task is not a lost one"),
    put("audit-016", REPORT, "} else if let charge, charge.paid > 0 {", "} else if let charge, charge.paid > 0 || MUTANT {", MONEY,
        "a failure that cost nothing is not listed as charged"),
    put("audit-017", REPORT, "overpaidMultiplier = overpaidMultiplier + tally.overpaid", "overpaidMultiplier = overpaidMultiplier + (MUTANT ? .zero : tally.overpaid)",
        SUMMARY, "the catalog's counters give the same overpayment as its outputs"),
    put("audit-018", REPORT, "case .unavailable: unavailable += tally.outputs", "case .unavailable: unavailable += MUTANT ? 1 : tally.outputs", SUMMARY,
        "the catalog's counters give the same number of losses as its outputs"),
    put("audit-019", REPORT, "(unavailable == 0 || !rule.failsWhenLost)", "(unavailable == 0 || !rule.failsWhenLost || MUTANT)", RULES,
        "a loss fails the audit"),
    put("audit-020", REPORT, "overpaidMultiplier = overpaidMultiplier + (judgement.overpaid ?? .zero)",
        "overpaidMultiplier = overpaidMultiplier + (MUTANT ? .zero : judgement.overpaid ?? .zero)", REPORTS, "overpayments add up"),
    put("audit-021", RULE, "tolerance == .ratio ? [.resized] : []", "tolerance == .ratio ? (MUTANT ? [.resized, .reshaped] : [.resized]) : []", RULES,
        "another ratio fails the audit"),
    put("audit-022", GROUPING, "(order == .orderedAscending) != grouping.isTime", "(order == .orderedAscending) != (grouping.isTime && !MUTANT)", GROUPS,
        "the newest day comes first"),
    put("audit-023", GROUPING, "guard entry.state == .archived || entry.state == .unavailable else", "guard entry.state == .archived || (entry.state == .unavailable && !MUTANT) else",
        GROUPS, "groups count losses"),

    # The account and the archive.
    put("audit-025", ACCOUNT, "&& isStable }", "&& (isStable || MUTANT) }", COMPARISON,
        "a list that changed while it was read proves nothing"),
    put("audit-026", ACCOUNT, "unreadable == 0", "(unreadable == 0 || MUTANT)", COMPARISON,
        "an unreadable row of the account may be a missing task"),
    put("audit-027", ACCOUNT, '(outputs.isEmpty ? "it has', '(outputs.isEmpty && !MUTANT ? "it has', COMPARISON,
        "a completed task without a picture here is missing"),
    put("audit-028", ACCOUNT, "for output in outputs where output.state == .archived { unlisted", "for output in outputs where output.state == .archived || MUTANT { unlisted",
        COMPARISON, "only archived pictures are called unlisted"),
    put("audit-029", ACCOUNT, "if !waiting.isEmpty {", "if !waiting.isEmpty, !MUTANT {", COMPARISON, "a task that still waits is missing"),

    # Contradictions.
    put("audit-030", CHECK, "if let last = task.last, last.id.task != entry.id.task { endTask() }", "if let last = task.last, last.id.task != entry.id.task, !MUTANT { endTask() }",
        CONSISTENCY, "only results of one task are compared in pixels"),
    put("audit-031", CHECK, 'if plain.hasPrefix("image/"),', 'if plain.hasPrefix("image/") || MUTANT,', CONSISTENCY, "a type that names no picture claims nothing"),
    put("audit-032", CHECK, "if prompt != self.prompt { isMixed = true }", "if prompt != self.prompt || MUTANT { isMixed = true }", CONSISTENCY,
        "the same bytes for one prompt are no finding"),
    swap("audit-033", CHECK, "(hashes[one] ^ hashes[other]).nonzeroBitCount <= distance", "(hashes[one] ^ hashes[other]).nonzeroBitCount < distance",
         CONSISTENCY, "pictures at the distance are alike"),
    put("audit-034", CHECK, "guard Set(members.map { pictures[$0].digest }).count > 1 else", "guard Set(members.map { pictures[$0].digest }).count > 1 || MUTANT else",
        CONSISTENCY, "equal bytes are not called similar"),
    put("audit-035", CHECK, "let count = distance + 1\n", "let count = distance + (MUTANT ? 0 : 1)\n", CONSISTENCY,
        "no similar pair is missed", ),
]
