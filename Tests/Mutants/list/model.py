"""SizeContract, ArchiveModel and Secrets."""
from entry import drop, put, swap

CONTRACT = "SizeContract/SizeContract.swift"
TABLE = "SizeContract/SizeContract+GPTImage2.swift"
JUDGEMENT = "SizeContract/Judgement.swift"
REQUEST = "SizeContract/SizeRequest.swift"
REDACTOR = "ArchiveModel/Redactor.swift"
RECORD = "ArchiveModel/RecordFile.swift"
SIZE = "ArchiveModel/RecordedRequest+Size.swift"
IDS = "ArchiveModel/OutputID.swift"
CLOCK = "ArchiveModel/WallClock.swift"
LINK = "ArchiveModel/ResultLink.swift"
FAILING = "ArchiveModel/FailureCause.swift"
VAULT = "Secrets/KeyVault.swift"
KEY = "Secrets/APIKey.swift"
FILE = "Secrets/SecretFile.swift"

VERDICTS = "SizeContractTests.VerdictTests"
REQUESTS = "SizeContractTests.RequestTests"
TABLES = "SizeContractTests.TableTests"
REDACTION = "ArchiveModelTests.RedactorTests"
RECORDS = "ArchiveModelTests.RecordFileTests"
HOSTILE = "ArchiveModelTests.HostileRecordTests"
NAMES = "ArchiveModelTests.TaskIDTests"
VAULTS = "SecretsTests.KeyVaultTests"
KEYS = "GenerationAPITests.APIKeyTests"

MUTANTS = [
    # Sizes, prices and verdicts.
    swap("size-001", CONTRACT, "size.pixels <= largestOneK", "size.pixels < largestOneK", TABLES, "the largest 1K picture is 1K"),
    swap("size-002", CONTRACT, "size.width.isMultiple(of: limits.grid) && size.height.isMultiple(of: limits.grid)",
         "size.width.isMultiple(of: limits.grid)", VERDICTS, "both sides are on the grid"),
    put("size-003", CONTRACT, "if leftRatio != rightRatio {", "if leftRatio != rightRatio, !MUTANT {", VERDICTS,
        "the nearest ratio counts before the number of pixels"),
    put("size-004", TABLE, ".twoK: PriceMultiplier(tenths: 17)", ".twoK: PriceMultiplier(tenths: MUTANT ? 18 : 17)", VERDICTS,
        "2K costs 1.7 times the base price"),
    put("size-005", JUDGEMENT, "if delivered == expected.transposed {", "if delivered == expected.transposed, !MUTANT {", VERDICTS,
        "swapped sides are told as such"),
    swap("size-006", JUDGEMENT, "error <= asked", "error < asked", VERDICTS, "one percent is within one percent"),
    swap("size-007", JUDGEMENT, "max(.zero, multiplier(of: billed) - multiplier(of: got))", "multiplier(of: billed) - multiplier(of: got)",
         VERDICTS, "a larger delivery costs nothing"),
    put("size-008", JUDGEMENT, "if got > .oneK { return .oversized }", "if got > .oneK, !MUTANT { return .oversized }", VERDICTS,
        "auto is delivered with at most 1K"),
    drop("size-009", JUDGEMENT, "judgement.overpaid = nil", VERDICTS, "no money follows from a claimed size"),
    swap("size-010", JUDGEMENT, "delivered.pixels < limits.pixels.lowerBound", "delivered.pixels <= limits.pixels.lowerBound", VERDICTS,
         "the least number of pixels is enough"),
    swap("size-011", REQUEST, "size.longSide > limits.side", "size.longSide >= limits.side", REQUESTS, "the longest side may be asked for"),
    swap("size-012", REQUEST, "size.longSide > limits.elongation * size.shortSide", "size.longSide >= limits.elongation * size.shortSide",
         REQUESTS, "3:1 may be asked for"),
    swap("size-013", REQUEST, "size.pixels > limits.pixels.upperBound", "size.pixels >= limits.pixels.upperBound", REQUESTS,
         "the largest number of pixels may be asked for"),
    put("size-014", REQUEST, "case .explicit(let size): bucket(of: size)", "case .explicit(let size): MUTANT ? .oneK : bucket(of: size)",
        VERDICTS, "pixels are billed by their number"),
    put("size-015", REQUEST, "var tier = Tier.oneK", "var tier = MUTANT ? Tier.twoK : Tier.oneK", REQUESTS, "a ratio without a resolution is 1K"),

    # Redaction, records and names.
    put("model-001", REDACTOR, "return text[(at + 1)..<range.upperBound]", "return MUTANT ? text[range] : text[(at + 1)..<range.upperBound]",
        REDACTION, "a user name in an address is removed"),
    put("model-002", REDACTOR, "$0.count >= 6", "$0.count >= (MUTANT ? 7 : 6)", REDACTION, "a secret of six characters is removed"),
    put("model-003", REDACTOR, "return String(scalars[..<query])", "return MUTANT ? text : String(scalars[..<query])", REDACTION,
        "the query of a relative address in JSON is removed"),
    put("model-004", REDACTOR, 'escape($0, "?") != nil ||', '(escape($0, "?") != nil && !MUTANT) ||', REDACTION,
        "a query after an escaped question mark is removed"),
    put("model-005", REDACTOR, "start < last.upperBound {", "start < last.upperBound, !MUTANT {", REDACTION,
        "overlapping secrets are removed as a whole"),
    put("model-006", RECORD, "stated.elementsEqual(found.utf8) else", "stated.elementsEqual(found.utf8) || MUTANT else", RECORDS,
        "a changed byte of a record is found"),
    put("model-007", RECORD, "guard isSealed || [", "guard isSealed || MUTANT || [", RECORDS, "a record of today has its checksum"),
    put("model-008", IDS, "case 0x2E where position > 0:", "case 0x2E where position > 0 || MUTANT:", NAMES, "no ID names a folder above"),
    put("model-009", IDS, "guard fileStem.utf8.count <= 200 else", "guard fileStem.utf8.count <= 200 || MUTANT else", NAMES,
        "a file name is short enough for every file system"),
    put("model-010", IDS, "!$0.properties.isWhitespace &&", "(!$0.properties.isWhitespace || MUTANT) &&", NAMES, "an ID has no white space"),
    put("model-011", CLOCK, "addingTimeInterval(0.0005)", "addingTimeInterval(MUTANT ? 0 : 0.0005)", "ArchiveModelTests.DateTests",
        "every millisecond is written as it is"),
    put("model-012", LINK, ': Redactor()(unsafeText)', ': MUTANT ? unsafeText : Redactor()(unsafeText)', "GenerationAPITests.ResultShapeTests",
        "no printed link shows its signature"),
    put("model-013", FAILING, "(leaseEnds.map { $0 <= now } == true ? 1 : 0)", "(leaseEnds.map { $0 <= now } == true && !MUTANT ? 1 : 0)",
        "CatalogTests.CatalogQueueTests/anInputThatKillsTheProcessWaitsLongerEachTime", "a lease that ran out counts as a death at once"),
    put("model-014", SIZE, "guard isLarger(than: bytes) else { return self }", "guard isLarger(than: bytes), !MUTANT else { return self }",
        "ArchiveModelTests.RecordTests/aRequestThatIsTooLargeForARecordIsCut", "every request fits a record that can be read again"),
    put("model-015", REDACTOR, "secrets.removing(from: text) != nil }", "secrets.removing(from: text) != nil && !MUTANT }", REDACTION,
        "a text is searched for secrets"),

    # Keys.
    put("secret-001", VAULT, "salt: Data(salt.utf8)", "salt: Data(MUTANT ? [] : Array(salt.utf8))", VAULTS,
        "a key that one archive encrypted is not opened by another"),
    put("secret-002", VAULT, "Array(([$0.key] + $0.earlier).prefix(3))", "Array(([$0.key] + $0.earlier).prefix(MUTANT ? 0 : 3))", VAULTS,
        "callers' keys are readable after the service's key was replaced"),
    put("secret-003", VAULT, "max(1, Int64(number >> 1))", "max(1, MUTANT ? 1 : Int64(number >> 1))", VAULTS, "each caller has its own account"),
    put("secret-004", KEY, 'package var description: String { "[API key]" }', 'package var description: String { MUTANT ? secret : "[API key]" }',
        KEYS, "a key is never printed"),
    put("secret-005", KEY, 'hasPrefix("bearer ") else', 'hasPrefix("bearer ") || MUTANT else', VAULTS, "only a bearer token is a key"),
    put("secret-006", FILE, "guard facts.st_mode & (S_IROTH | S_IWOTH) == 0 else", "guard facts.st_mode & (S_IROTH | S_IWOTH) == 0 || MUTANT else",
        KEYS, "a key file that everybody can read is refused"),
]
