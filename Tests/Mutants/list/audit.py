"""Audit."""
from entry import put, swap

PRICING = "Audit/Pricing.swift"
REPORT = "Audit/AuditReport.swift"
RULE = "Audit/AuditRule.swift"
ACCOUNT = "Audit/AccountComparison.swift"
CHECK = "Audit/ConsistencyCheck.swift"

MONEY = "AuditTests.MoneyTests"
REPORTS = "AuditTests.AuditReportTests"
RULES = "AuditTests.RuleTests"
GROUPS = "AuditTests.GroupTests"
COMPARISON = "AuditTests.AccountComparisonTests"
CONSISTENCY = "AuditTests.ConsistencyTests"
SUMMARY = "AuditTests.SummaryTests"

MUTANTS = [
    # Money.
    swap("audit-001", PRICING, "max(0, price(billed) - price(delivered))", "price(billed) - price(delivered)", MONEY,
         "a larger delivery is not charged again"),
    put("audit-002", PRICING, "(entry.cause ?? .vendor) == .vendor", "((entry.cause ?? .vendor) == .vendor || MUTANT)", MONEY,
        "no refund is asked for what is not the vendor's fault"),
    put("audit-003", PRICING, "let isRefundKnown = key.billed != nil ||", "let isRefundKnown = MUTANT || key.billed != nil ||", MONEY,
        "without a request the refund is unknown"),
    put("audit-004", PRICING, "(0...1_000_000_000).contains($0)", "((0...1_000_000_000).contains($0) || MUTANT)", MONEY,
        "implausible credits are no charge"),
    put("audit-005", PRICING, "(self / Decimal(count)).rounded(places: places, .down)", "(self / Decimal(count)).rounded(places: places, MUTANT ? .plain : .down)",
        MONEY, "the parts of a call add up to its price"),
    put("audit-006", PRICING, "index == 0 ? rest - whole * unit : 0", "index == 0 && !MUTANT ? rest - whole * unit : 0", MONEY,
        "nothing below a millionth is lost"),
    put("audit-007", PRICING, "if isLost { lost += charge.paid }", "if isLost, !MUTANT { lost += charge.paid }", MONEY,
        "what was paid for lost pictures is told"),
    put("audit-008", PRICING, "refund: task.state == .unavailable ? 0 : paid)", "refund: task.state == .unavailable && !MUTANT ? 0 : paid)", SUMMARY,
        "no refund is asked for a task whose pictures were made and lost"),
    put("audit-009", PRICING, "refund: key.isPicture ? missing : paid,", "refund: key.isPicture || MUTANT ? missing : paid,", MONEY,
        "bytes that are no picture give a full refund"),
    put("audit-010", PRICING, "part: entry.id.index, parts: entry.siblings)", "part: entry.id.index, parts: MUTANT ? 1 : entry.siblings)", MONEY,
        "a call with several results is charged once"),
    put("audit-011", PRICING, "credits: source == .recordedCredits ? entry.credits : nil,", "credits: source == .recordedCredits && !MUTANT ? entry.credits : nil,",
        MONEY, "the recorded credits are the charge"),
    put("audit-012", PRICING, "let part = key.billed.map { (credits * gap / price($0)).rounded(places: Self.places) }",
        "let part = key.billed.map { (credits * gap / (MUTANT ? 1 : price($0))).rounded(places: Self.places) }", MONEY,
        "the share of undelivered pixels is that of the billed price"),

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
    put("audit-022", RULE, "grouping == .day ? groups.reversed() : groups", "grouping == .day && !MUTANT ? groups.reversed() : groups", GROUPS,
        "the newest day comes first"),
    put("audit-023", RULE, "guard entry.state == .archived || entry.state == .unavailable else", "guard entry.state == .archived || (entry.state == .unavailable && !MUTANT) else",
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
