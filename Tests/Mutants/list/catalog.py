"""Catalog. Most mutations are inside of SQL, where an argument must stay in use."""
from entry import put, swap

TASKS = "Catalog/SQLiteCatalog+Tasks.swift"
OUTPUTS = "Catalog/SQLiteCatalog+Outputs.swift"
CLAIM = "Catalog/SQLiteCatalog+Claim.swift"
QUEUE = "Catalog/SQLiteCatalog+Queue.swift"
PATIENCE = "Catalog/SQLiteCatalog+Patience.swift"
KEYS = "Catalog/SQLiteCatalog+CallerKeys.swift"
HINTS = "Catalog/SQLiteCatalog+Hints.swift"
LINKS = "Catalog/SQLiteCatalog+Links.swift"
OUTBOX = "Catalog/SQLiteCatalog+Outbox.swift"
SUBMISSIONS = "Catalog/SQLiteCatalog+Submissions.swift"
PAGES = "Catalog/SQLiteCatalog+Pages.swift"
CATALOG = "Catalog/SQLiteCatalog.swift"
ROW = "Catalog/Row+Untrusted.swift"
OPENING = "Catalog/OpeningLock.swift"

QUEUES = "CatalogTests.CatalogQueueTests/"
LEASES = "CatalogTests.QueueRuleTests"
WINDOW = "CatalogTests.CatalogWindowTests/"
EXTREMES = "CatalogTests.ExtremeNumbersTests/"
DEATHS = QUEUES + "anInputThatKillsTheProcessWaitsLongerEachTime"
SECRET = QUEUES + "aLinkSignatureIsNeverInTheFile"

MUTANTS = [
    # Leases and their tokens.
    put("catalog-001", TASKS, "lease_expires_at = NULL WHERE id = :id AND state = 'leased' AND lease_token = :token\"",
        "lease_expires_at = NULL WHERE id = :id AND state = 'leased' AND (lease_token = :token OR \\(MUTANT ? 1 : 0))\"", LEASES,
        "a worker that has lost the lease of a task writes nothing"),
    put("catalog-002", TASKS, "SET lease_expires_at = :until WHERE id = :id AND state = 'leased' AND lease_token = :token\"",
        "SET lease_expires_at = :until WHERE id = :id AND state = 'leased' AND (lease_token = :token OR \\(MUTANT ? 1 : 0))\"",
        QUEUES + "onlyItsHolderCanExtendATaskLease", "only its holder extends the lease of a task"),
    put("catalog-003", OUTPUTS, "AND lease_token = :token AND task", "AND (lease_token = :token OR \\(MUTANT ? 1 : 0)) AND task",
        QUEUES + "aWriteUnderALostLeaseIsRefusedAndChangesNothing", "a worker that has lost the lease of an output writes nothing"),
    put("catalog-004", QUEUE, "(state = 'leased' AND lease_expires_at <= :now))",
        "(state = 'leased' AND (lease_expires_at <= :now OR \\(MUTANT ? 1 : 0))))",
        WINDOW + "chosenOutputsAreLeasedOnceInTheGivenOrder", "an output is leased to one worker at a time"),
    put("catalog-005", QUEUE, "((state = 'waiting' AND due_at <= :now)", "((state = 'waiting' AND (due_at <= :now OR \\(MUTANT ? 1 : 0)))",
        LEASES, "an output is not leased before it is due"),
    swap("catalog-006", CLAIM, '"MIN(deaths * deaths * 10000, 1800000)"', '"MIN(deaths * 10000, 1800000)"', DEATHS,
         "an input that kills the process waits longer each time"),
    put("catalog-007", QUEUE, "by: \"(state = 'leased')\")", "by: \"(state = 'leased') * \\(MUTANT ? 0 : 1)\")", DEATHS,
        "a lease that ran out is a death"),
    put("catalog-008", TASKS, "by: \"(state = 'leased')\")", "by: \"(state = 'leased') * \\(MUTANT ? 0 : 1)\")",
        QUEUES + "tasksLeasedDuringACrashAreLeasedSeparately", "a task that was read at a death is read alone"),

    # The order of the queue.
    put("catalog-010", CLAIM, "(deadline ?? now) < now ? 1 : 0", "(deadline ?? now) < now && !MUTANT ? 1 : 0",
        QUEUES + "theEarliestDeadlineGoesFirstAndPassedOnesLast", "what has passed its deadline comes last"),
    put("catalog-011", CLAIM, "guard accounts.count > 1 else", "guard accounts.count > 1, !MUTANT else", WINDOW + "noAccountHidesOthersInTheQueue",
        "no account hides the others in the queue"),
    put("catalog-012", TASKS, "AND attempts = 0 AND due_at > ?1", "AND (attempts = 0 OR \\(MUTANT ? 1 : 0)) AND due_at > ?1",
        QUEUES + "anEndedTaskIsReadAtOnceUnlessAReadingFailed", "a callback does not shorten the wait after a failure"),
    put("catalog-013", TASKS, "MAX(COALESCE(created_at, 0), discovered_at) > ?3", "(MAX(COALESCE(created_at, 0), discovered_at) > ?3 OR \\(MUTANT ? 1 : 0))",
        LEASES, "a task whose links have expired is not read again"),
    put("catalog-014", TASKS, "COALESCE(cause, '') <> 'person'", "COALESCE(cause, '') <> \\(MUTANT ? \"'x'\" : \"'person'\")", LEASES,
        "what a person has given up stays so"),
    put("catalog-015", TASKS, "state = 'unavailable' AND misses > 0 AND", "state = 'unavailable' AND misses > \\(MUTANT ? -1 : 0) AND", LEASES,
        "only a task that was given up as unknown is reopened by a list"),
    put("catalog-016", TASKS, "known?.filled(from: request) ?? request", "(MUTANT ? nil : known?.filled(from: request)) ?? request",
        QUEUES + "aRequestIsCompletedWithoutLosingKnownFields", "a later request does not replace known fields"),
    put("catalog-017", TASKS, "attempts = \\(increased(\"attempts\")),", "attempts = \\(increased(\"attempts\", by: MUTANT ? \"0\" : \"1\")),",
        QUEUES + "missesAndReadingsOfATaskAreCounted", "failed readings are counted"),
    put("catalog-018", OUTPUTS, "attempts = \\(increased(\"attempts\")),", "attempts = \\(increased(\"attempts\", by: MUTANT ? \"0\" : \"1\")),",
        QUEUES + "aPostponedOutputIsNotDueBeforeItsTime", "failed tries are counted"),
    put("catalog-019", OUTPUTS, "SET state = 'waiting', due_at = :due_at, reason = :reason, lease_expires_at = NULL \\(Self.held)",
        "SET state = 'waiting', due_at = :due_at, reason = :reason, attempts = attempts + \\(MUTANT ? 1 : 0), lease_expires_at = NULL \\(Self.held)",
        WINDOW + "aPauseDoesNotCountAsAFailedTry", "a pause of the host is no failed try"),
    put("catalog-020", PATIENCE, "CASE WHEN COALESCE(not_before, 0) BETWEEN", "CASE WHEN COALESCE(\\(MUTANT ? \"0\" : \"not_before\"), 0) BETWEEN",
        QUEUES + "aStartRetriesFailuresButRespectsRequestedPauses", "a start of the program respects a requested pause"),
    put("catalog-021", PATIENCE, "ELSE attempts < :most OR", "ELSE attempts < :most OR \\(MUTANT ? 1 : 0) OR",
        QUEUES + "aStartRetriesFailuresButRespectsRequestedPauses", "a start does not use up the last tries"),
    put("catalog-022", QUEUE, "AND output.verdict = 'undecodable')", "AND \\(MUTANT ? \"1\" : \"output.verdict = 'undecodable'\"))",
        WINDOW + "retryReopensOnlyLostOrBrokenOutputs", "a whole picture is not fetched again"),

    # Secrets.
    put("catalog-025", LINKS, '"PRAGMA secure_delete = ON"', '(MUTANT ? "PRAGMA secure_delete = OFF" : "PRAGMA secure_delete = ON")', SECRET,
        "the key of stored links is overwritten"),
    put("catalog-026", LINKS, "WHERE NOT EXISTS (SELECT 1 FROM output WHERE state = 'waiting')",
        "WHERE NOT EXISTS (SELECT 1 FROM output WHERE state = 'waiting' AND \\(MUTANT ? 0 : 1))",
        "CatalogTests.QueueRuleTests", "the key of stored links stays while a link is needed"),
    put("catalog-027", KEYS, "COALESCE(created_at, 0)) < ?)", "COALESCE(created_at, 0)) < ? AND \\(MUTANT ? 0 : 1))",
        QUEUES + "callerKeysAreKeptPerTaskAndForgottenWithTime", "callers' keys are forgotten with time"),

    # Notices, submissions and hints.
    put("catalog-030", OUTBOX, "guard isKept == true else", "guard isKept == true || MUTANT else",
        "CatalogTests.CatalogOutboxTests/noNoticeIsKeptUnlessNoticesAreOn", "no notice is kept for nobody"),
    put("catalog-032", SUBMISSIONS, "WHERE task IS NOT NULL AND recorded_at", "WHERE (task IS NOT NULL OR \\(MUTANT ? 1 : 0)) AND recorded_at",
        QUEUES + "onlyCompletedSubmissionsAreForgottenWithTime", "a request without a task is not forgotten"),
    put("catalog-033", SUBMISSIONS, "WHERE key = ? AND task IS NULL", "WHERE key = ? AND (task IS NULL OR \\(MUTANT ? 1 : 0))",
        LEASES, "the request of a task is not dropped"),
    put("catalog-034", HINTS, 'row.counter("attempts") < oftenRead ?', '(row.counter("attempts") < oftenRead || MUTANT) ?',
        "ArchiverTests.HintReaderTests/aFullTableDropsAHintAfterThreeFailedReadings", "an invented hint gives way after three readings"),

    # The file.
    put("catalog-040", CATALOG, '"PRAGMA synchronous = FULL"', '(MUTANT ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL")',
        "CatalogTests.SQLiteOnLinuxTests/theCatalogIsInWALModeAndEveryCommitIsSynchronised", "a commit survives a power cut"),
    put("catalog-041", CATALOG, "guard unknown.isEmpty else", "guard unknown.isEmpty || MUTANT else",
        "CatalogTests.MigrationTests/aNewerSchemaIsRefusedWithAdviceAndUnchanged", "a later schema is refused"),
    put("catalog-042", CATALOG, "if let difference = try database.read(Self.schemaDamage).first {",
        "if let difference = try database.read(Self.schemaDamage).first, !MUTANT {", "CatalogTests.FileProblemTests/aCatalogWithAnotherSchemaIsDamaged",
        "a catalog with a foreign trigger is refused"),
    put("catalog-043", PAGES, "o.idx > :index)", "o.idx > :index OR \\(MUTANT ? 1 : 0))", "CatalogTests.CatalogPageTests/allPagesTogetherAreTheList",
        "a page repeats nothing of the one before"),
    put("catalog-044", PAGES, "(low % day == 0 ? 0 : 1)", "(low % day == 0 || MUTANT ? 0 : 1)", "CatalogTests.CatalogSummaryTests/theCountersFollowEveryChange",
        "a sum from a time within a day leaves out what came before"),
    put("catalog-045", PAGES, "hasMore ? last : nil", "hasMore && !MUTANT ? last : nil", "CatalogTests.CatalogPageTests/allPagesTogetherAreTheList",
        "a list does not end with its first page"),

    # A catalog from elsewhere, and several processes.
    put("catalog-050", ROW, "{ Swift.min(Swift.max(self, 0), most) }", "{ MUTANT ? self : Swift.min(Swift.max(self, 0), most) }",
        EXTREMES + "anAbsurdFileSizeIsReadWithinBounds", "a number of a row is read within bounds"),
    swap("catalog-051", ROW, '"MIN(MAX(\\(count), 0), \\(Largest.count)) + \\(amount)"', '"\\(count) + \\(amount)"',
         EXTREMES + "aTaskWithTheLargestNumbersDelaysNoOther", "the largest number in a row keeps no other row from being leased"),
    put("catalog-052", OPENING, "while flock(descriptor, LOCK_EX) != 0,", "while !MUTANT, flock(descriptor, LOCK_EX) != 0,",
        "CatalogTests.OpeningTests", "one process at a time opens a catalog"),
    put("catalog-053", TASKS, "registrationBatch = 500", "registrationBatch = MUTANT ? 100_000 : 500",
        "CatalogTests.SortKeyTests/aLongListIsRegisteredInParts", "a long list does not keep the catalog locked"),
]
