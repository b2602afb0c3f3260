"""Archiver: retries, pipeline, tasks, sources."""
from entry import drop, put, swap

BODIES = "Archiver/Pipeline/Archiver+Candidates.swift"
CAUSES = "ArchiveModel/FailureCause.swift"
OUTPUTS = "Archiver/Pipeline/Archiver+Outputs.swift"
FILER = "Archiver/Pipeline/RecordFiler.swift"
RETRY = "Archiver/Pipeline/RetryDecision.swift"
RESOLVE = "Archiver/Resolve/Archiver+Resolve.swift"
RESULTS = "Archiver/Resolve/Archiver+Results.swift"
ANSWERS = "Archiver/Resolve/SharedAnswers.swift"
READERS = "Archiver/Resolve/TaskReaders.swift"
SUSPECTS = "Archiver/Run/Archiver+Suspects.swift"
RISK = "Archiver/Run/AtRisk+Archiver.swift"
SWEEP = "Archiver/Sources/AccountSweep.swift"
SOURCES = "Archiver/Sources/Archiver+Sources.swift"
HINTS = "Archiver/Sources/HintReader.swift"
GUARD = "Archiver/Sources/KeyGuard.swift"
MANIFEST = "Archiver/Sources/Manifest.swift"
FOLDER = "Archiver/Sources/ManifestFolder.swift"

DECISION = "ArchiverTests.RetryDecisionTests"
DELIVERY = "ArchiverTests.DeliveryTests/"
CANDIDATES = "ArchiverTests.CandidateTests/aHostCannotFillTheDiskWithUnusableFiles ArchiverTests.CandidateTests/theLeastUsefulAndOldestCandidatesAreDropped"
RULES = "ArchiverTests.ArchiverRuleTests"
SWEEPS = "ArchiverTests.SweepTests/"
GAPS = "ArchiverTests.IncompleteListTests/"
MANIFESTS = "ArchiverTests.ManifestFolderTests/"
KEY = "ArchiverTests.ContradictionTests/aKeyRepeatedByTheAPIIsStoredNowhere"
MANY = "ArchiverTests.ManyResultsTests/"

MUTANTS = [
    # Whether and when a failure is tried again.
    put("archiver-060", RETRY, "history.refusals >= Self.refusalsToClose", "history.refusals >= (MUTANT ? 1 : Self.refusalsToClose)",
        DECISION, "one refusal after the deadline is not the end"),
    put("archiver-061", RETRY, "refusedFor >= Self.refusalSpan", "(refusedFor >= Self.refusalSpan || MUTANT)", RULES,
        "refusals within ten minutes are not the end"),
    put("archiver-062", RETRY, "deadline.addingTimeInterval(Self.grace)\n            ? nil", "deadline.addingTimeInterval(MUTANT ? 3600 : Self.grace)\n            ? nil",
        DECISION, "without refusals an output is tried for a day after its deadline"),
    put("archiver-063", RETRY, "history.causeInWindow ?? .ours", "history.causeInWindow ?? (MUTANT ? .vendor : .ours)", RULES,
        "a loss without a try in time is ours"),
    put("archiver-064", RETRY, "if now < deadline {", "if now < deadline, !MUTANT {", RULES, "the last failure in time is the cause of a loss"),
    put("archiver-065", RETRY, "!history.isTold &&", "(!history.isTold || MUTANT) &&", RULES,
        "a failure is told once"),
    put("archiver-066", RETRY, "failure.cause == .ours ||", "(failure.cause == .ours && !MUTANT) ||", RULES,
        "a failure of this installation is told at once"),
    put("archiver-067", RETRY, "isScarce ? checkpoints.suffix(1) : checkpoints[...]", "isScarce ? checkpoints.suffix(1) : checkpoints.prefix(MUTANT ? 0 : 99)",
        DECISION, "there is a try in the last minute"),
    put("archiver-068", RETRY, "$0 > now ? min($0, longest) : nil", "$0 > now ? (MUTANT ? $0 : min($0, longest)) : nil", DECISION,
        "a host that asks for a day does not cost the picture"),
    swap("archiver-069", RETRY, ".random(in: 305...360, using: &generator)", ".random(in: 5...36, using: &generator)", DECISION,
         "after the deadline a host is not asked more often than once a minute"),
    put("archiver-070", RETRY, "static let mostTries = 120", "static let mostTries = MUTANT ? 400 : 120", DECISION,
        "an output is tried at most 120 times"),
    put("archiver-071", RETRY, "min(ceiling, base * pow(2,", "min(MUTANT ? 1e6 : ceiling, base * pow(2,", DECISION,
        "an output is tried at least every half hour"),

    # The pipeline.
    put("archiver-075", CAUSES, "original.bytes <= Self.largestReplacement", "(original.bytes <= Self.largestReplacement || MUTANT)", CANDIDATES,
        "a host can't fill the disk with unusable files"),
    put("archiver-076", CAUSES, "($0.element.rank, $0.offset) < ($1.element.rank, $1.offset)",
        "MUTANT ? $0.offset < $1.offset : ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset)", CANDIDATES,
        "the least useful candidate is dropped first"),
    put("archiver-074", BODIES, "guard download.isEndStated else", "guard download.isEndStated || MUTANT else",
        "ArchiverTests.StatedEndTests/aCutFileOfAnotherKindIsFetchedAgain", "a file that may be cut short is not final"),
    put("archiver-077", OUTPUTS, "guard let record = try await filer.existingRecord(lease), record.decodeError == nil,",
        "guard !MUTANT, let record = try await filer.existingRecord(lease), record.decodeError == nil,",
        DELIVERY + "anOutputFiledByAnEarlierRunIsNotFetchedAgain", "what a killed run has filed is kept"),
    drop("archiver-078", OUTPUTS, "if let existing { record.keepOriginals(of: existing) }",
         DELIVERY + "aRetryReplacesABrokenDeliveryAndKeepsItsBytes", "the earlier original stays on record"),
    put("archiver-079", OUTPUTS, "{ $0 > RecordFiler.deadline(of: lease) ? $0 : nil }", "{ $0 > RecordFiler.deadline(of: lease) && !MUTANT ? $0 : nil }",
        "ArchiverTests.ContradictionTests/aLaterCreationTimeReopensTheWindow", "a window does not close by a wrong time of creation"),
    put("archiver-080", OUTPUTS, "isClockConfirmed: client.isClockConfirmed,", "isClockConfirmed: client.isClockConfirmed || MUTANT,",
        "ArchiverTests.WindowEndTests/noWindowClosesWhileTheClockIsWrong", "no window closes while the clock is wrong"),
    drop("archiver-081", OUTPUTS, "failure.detail = KeyGuard(client.secrets + signatures)(failure.detail)", KEY,
         "a reason does not contain the key"),
    put("archiver-082", FILER, "guard try await catalog.extend([lease], until: now.addingTimeInterval(leaseDuration)).isEmpty else",
        "guard try await catalog.extend([lease], until: now.addingTimeInterval(leaseDuration)).isEmpty || MUTANT else", RULES,
        "a worker that has lost its lease writes no record of an output"),
    put("archiver-083", FILER, "guard try await catalog.extend([lease], until: clock.now.addingTimeInterval(leaseDuration)).isEmpty else",
        "guard try await catalog.extend([lease], until: clock.now.addingTimeInterval(leaseDuration)).isEmpty || MUTANT else", RULES,
        "a worker that has lost its lease writes no record of a task"),
    put("archiver-084", FILER, "guard var record = existing else { return empty }", "guard var record = existing, !MUTANT else { return empty }",
        DELIVERY + "anOutputLostAgainStillNamesItsOriginal", "the record of a loss keeps what is known of the file"),
    put("archiver-085", FILER, "if let existing, try await isWhole(existing) {", "if let existing, !MUTANT, try await isWhole(existing) {",
        DELIVERY + "aFailedRetryKeepsTheEarlierDelivery", "a failed retry keeps the earlier delivery"),
    put("archiver-086", FILER, "answers.share(try KeyGuard(secrets())(record))", "answers.share(MUTANT ? record : KeyGuard(secrets())(record))",
        KEY, "a record does not contain the key"),
    put("archiver-087", FILER, "if let expiry = try await catalog.expiry(of: lease), expiry > now.addingTimeInterval(leaseDuration / 3) { return }",
        "if let expiry = try await catalog.expiry(of: lease), expiry > now.addingTimeInterval(MUTANT ? -1e9 : leaseDuration / 3) { return }", RULES,
        "a lease that is about to expire is extended before a record is written"),

    # Tasks and their keys.
    put("archiver-090", RESULTS, "guard named.count > most else", "guard named.count > most, !MUTANT else",
        MANY + "resultsOverTheLimitWaitForAHigherLimit", "a task takes no more results than the limit"),
    put("archiver-091", RESOLVE, 'String(link.prefix { $0 != "?" && $0 != "#" })', 'String(link.prefix { MUTANT || ($0 != "?" && $0 != "#") })',
        "ArchiverTests.ArchiverTests/neitherTheKeyNorALinksQueryIsEverWritten", "the name of a result has no signature"),
    put("archiver-092", ANSWERS, "if written.withLock({ $0[record.task] }) != hash {", "if written.withLock({ $0[record.task] }) != hash, !MUTANT {",
        MANY + "aLargeAnswerIsStoredOnce", "a large answer is stored before a record refers to it"),
    put("archiver-093", READERS, "isCallers: true, isKeyLost: true)", "isCallers: true, isKeyLost: !MUTANT)", "ArchiverTests.TaskReadersTests",
        "a task whose key is lost is not called unknown"),
    put("archiver-094", SUSPECTS, "            return !isTaken\n", "            return !isTaken || MUTANT\n", RULES,
        "outputs that were in progress at a death start one at a time"),
    put("archiver-095", RISK, "guard told < Self.risksTold, warnedOf.insert(subject).inserted else", "guard told < Self.risksTold, warnedOf.insert(subject).inserted || MUTANT else",
        RULES, "a risk is told once"),

    # Sources.
    put("archiver-100", SWEEP, "max(deep, newest.addingTimeInterval(-Self.overlap))", "max(deep, newest.addingTimeInterval(MUTANT ? 0 : -Self.overlap))",
        SWEEPS + "sweepsOverlapAndOnceAnHourCoverADay", "sweeps overlap"),
    put("archiver-101", SWEEP, "min(seen, now))", "MUTANT ? seen : min(seen, now))", SWEEPS + "sweepsOverlapAndOnceAnHourCoverADay",
        "a creation in the future hides no task"),
    put("archiver-102", SWEEP, "if reach.isDeep { deepDueAt", "if reach.isDeep || MUTANT { deepDueAt", SWEEPS + "sweepsOverlapAndOnceAnHourCoverADay",
        "once an hour a sweep covers a day"),
    put("archiver-103", SWEEP, "pass.hasChanged = pass.hasChanged || total < most", "pass.hasChanged = pass.hasChanged || (total < most && !MUTANT)",
        SWEEPS + "tasksHiddenByDeletionsAreFoundByASecondReading", "a deletion hides no task"),
    put("archiver-104", SWEEP, "if same == Self.sameInARow {", "if same == (MUTANT ? 2 : Self.sameInARow) {",
        SWEEPS + "manyNewTasksBetweenTwoPagesHideNoTask", "a page that appears twice is not the end of the list"),
    put("archiver-105", SWEEP, "if knownPages == Self.mostKnownPages {", "if knownPages == (MUTANT ? 1 : Self.mostKnownPages) {",
        SWEEPS + "manyNewTasksBetweenTwoPagesHideNoTask", "a page of known tasks is not the end of the list"),
    put("archiver-106", SOURCES, "!redact.findsSecret(in: $0.id.text)", "(MUTANT || !redact.findsSecret(in: $0.id.text))", RULES,
        "a task's ID does not contain the key"),
    put("archiver-117", SWEEP, "gap: gap ?? list.shortage)", "gap: gap ?? (MUTANT ? nil : list.shortage))", GAPS + "aListWithMissingTasksIsIncomplete",
        "a list that shows less than it announces is reported"),
    put("archiver-118", SOURCES, "client.monitor.recordList(gap: sweep.gap)", "if !MUTANT { client.monitor.recordList(gap: sweep.gap) }",
        GAPS + "anIncompleteListIsAProblemUntilItIsWhole", "an incomplete list is a problem until it is whole"),
    put("archiver-107", SOURCES, "for id in summary.newlyRequested {", "for id in summary.newlyRequested where !MUTANT {",
        "ArchiverTests.ArchiverTests/aLateRequestChangesTheJudgement", "a request that becomes known late is still judged"),
    put("archiver-108", HINTS, "due <= now, budget.calls(now: now) > 0 else", "due <= now, budget.calls(now: now) > 0 || MUTANT else",
        "ArchiverTests.HintReaderTests/inventedHintsCostFewCallsAndRealOnesAreFound", "invented callbacks cost few calls"),
    put("archiver-109", GUARD, "clean.name = result.name.map { redact($0) }", "clean.name = MUTANT ? result.name : result.name.map { redact($0) }", KEY,
        "the name of a result does not contain the key"),
    put("archiver-110", MANIFEST, "guard let id = TaskID(text), !text", "guard let id = TaskID(text), MUTANT || !text", "ArchiverTests.ManifestTests",
        "an ID with a replaced character is no ID"),
    put("archiver-111", FOLDER, "where seen[name] == file {", "where seen[name] == file || MUTANT {", MANIFESTS + "anUnchangedFileIsTakenAtTheSecondLook",
        "a manifest that is still being written is not taken"),
    put("archiver-112", FOLDER, "O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)", "O_RDONLY | O_DIRECTORY | (MUTANT ? 0 : O_NOFOLLOW) | O_CLOEXEC)",
        MANIFESTS + "aLinkInPlaceOfAFolderIsNotFollowed", "a link in the place of a folder is not followed"),
    put("archiver-113", FOLDER, "while isTaken(candidate) {", "while isTaken(candidate), !MUTANT {", MANIFESTS + "aTakenFileNameGetsANumber",
        "a manifest replaces no other"),
    put("archiver-114", FOLDER, "guard file.bytes <= UInt64(Self.mostBytes) else", "guard file.bytes <= UInt64(Self.mostBytes) || MUTANT else",
        MANIFESTS + "aFileWithoutTasksIsMovedAsideWithAReason", "a manifest has at most 64 MiB"),
    put("archiver-115", FOLDER, 'where !name.hasPrefix(".") &&', 'where (!name.hasPrefix(".") || MUTANT) &&', MANIFESTS + "unfinishedAndForeignFilesAreLeftAlone",
        "hidden files are left alone"),
    put("archiver-116", FOLDER, 'manifest.tasks.isEmpty && !manifest.problems.isEmpty ? "failed"', 'manifest.tasks.isEmpty && !manifest.problems.isEmpty && !MUTANT ? "failed"',
        MANIFESTS + "aFileWithoutTasksIsMovedAsideWithAReason", "a file without a task is put aside as failed"),
]
