"""BlobStore, ArchiveStore and Upkeep."""
from entry import put, swap

BLOBS = "BlobStore/DirectoryBlobStore.swift"
INGEST = "BlobStore/DirectoryIngest.swift"
UPKEEP = "BlobStore/BlobUpkeep.swift"
RECORDS = "BlobStore/DirectoryRecordStore.swift"
FOLDER = "BlobStore/ArchiveFolder.swift"
FILES = "BlobStore/POSIXFile.swift"
NAMES = "BlobStore/POSIXFile+Names.swift"
ARCHIVE = "ArchiveStore/Archive.swift"
INSPECTED = "ArchiveStore/InspectedArchive.swift"
SURVEY = "Upkeep/ArchiveSurvey.swift"
GARBAGE = "Upkeep/GarbageCollector.swift"
SCRUB = "Upkeep/BlobScrubber.swift"
REPAIR = "Upkeep/ArchiveRepairer+Blobs.swift"

CONTRACT = "BlobStoreTests.BlobStoreContract BlobStoreTests.DirectoryBlobStoreTests"
RECORD = "BlobStoreTests.RecordStoreTests"
MARKER = "BlobStoreTests.ArchiveFolderTests"
POISON = "BlobStoreTests.PoisonTests"
MODES = "BlobStoreTests.ArchivePermissionsTests"
# Without the test that collects for 15 seconds while outputs are filed.
COLLECTION = " ".join("UpkeepTests.GarbageTests/" + name for name in [
    "onlyOldUnreferencedBlobsAreCollected", "aCandidateOfAWaitingOutputIsKept", "anEarlierOriginalIsKeptAndMissedWhenItIsGone",
    "possibleDeliveriesAreKeptUnlessRequested", "theShortestGraceIsAnHour", "nothingIsCollectedWhileARecordIsDamagedOrMissing",
    "theOriginalOfALostOutputIsKept"])
VERIFIER = "UpkeepTests.ArchiveVerifierTests"
REPAIRS = "UpkeepTests.RepairTests"

MUTANTS = [
    # Blobs.
    put("blob-001", BLOBS, "guard found.digest == digest else", "guard found.digest == digest || MUTANT else", CONTRACT,
        "a damaged blob is replaced when its bytes come again"),
    put("blob-002", BLOBS, "if try !file.touch() {", "if try !MUTANT && !file.touch() {", CONTRACT,
        "a blob that is stored again is not collected"),
    put("blob-003", INGEST, "try file.setMode(mode)", "try file.setMode(MUTANT ? mode | 0o222 : mode)", CONTRACT, "a blob is read-only"),
    put("blob-005", UPKEEP, "guard try file.modified < date else", "guard try file.modified < date || MUTANT else", CONTRACT,
        "a young blob is not collected"),
    put("blob-006", UPKEEP, "let bytes = try file.size\n                if !trying {", "let bytes = try file.size\n                if !trying || MUTANT {",
        COLLECTION, "a trial deletes nothing"),
    put("blob-007", UPKEEP, "guard entry.status.isFile, ArchiveFolder.isIngestName(entry.name) else",
        "guard entry.status.isFile, ArchiveFolder.isIngestName(entry.name) || MUTANT else", CONTRACT, "only files of writers are swept"),
    put("blob-008", UPKEEP, "try file.isUnclaimed() {", "try file.isUnclaimed() || MUTANT {", CONTRACT,
        "a file that is being written is not swept"),
    put("blob-009", UPKEEP, "return found?.digest == digest ? nil", "return found?.digest == digest && !MUTANT ? nil", CONTRACT,
        "an intact blob is not put aside"),
    put("blob-010", UPKEEP, "entry.name.hasPrefix(part),", "(entry.name.hasPrefix(part) || MUTANT),", CONTRACT + " " + VERIFIER,
        "a blob in another folder is told as misplaced"),

    # Records and the folder.
    put("blob-015", RECORDS, "if let other = outputRecord(file.path), other != standing {", "if let other = outputRecord(file.path), other != standing, !MUTANT {",
        RECORD, "a record that another worker wrote is not replaced"),
    put("blob-016", RECORDS, "if let other = outputRecord(path) {", "if let other = outputRecord(path), !MUTANT {", RECORD,
        "of two workers the first one's record stays"),
    put("blob-017", FOLDER, "(creating && strangers.isEmpty)", "(creating && (strangers.isEmpty || MUTANT))", MARKER,
        "a folder with other files does not become an archive"),
    put("blob-018", FOLDER, "guard marker.version <= currentVersion else", "guard marker.version <= currentVersion || MUTANT else", MARKER,
        "an archive of a later version is refused"),
    put("blob-019", FOLDER, 'marker.format == "fixative-archive" else', '(marker.format == "fixative-archive" || MUTANT) else', MARKER,
        "a foreign marker is refused"),
    put("blob-020", FOLDER, "permissions.isWider(mode) else", "permissions.isWider(mode) && !MUTANT else", MODES + " " + MARKER,
        "an archive that others can read is reported"),
    put("blob-021", NAMES, "if mode & 0o777 != permissions.folder {", "if mode & 0o777 != permissions.folder, !MUTANT {", MODES,
        "folders get the requested permissions under any umask"),
    put("blob-022", FILES, "pathOnly | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)", "pathOnly | O_DIRECTORY | (MUTANT ? 0 : O_NOFOLLOW) | O_CLOEXEC)",
        POISON, "no link below the archive's folder is followed"),
    put("blob-023", FILES, "O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)", "O_RDONLY | O_CLOEXEC | (MUTANT ? 0 : O_NOFOLLOW) | O_NONBLOCK)",
        POISON + " " + CONTRACT, "a symbolic link is never a blob"),

    # The file of the catalog.
    put("store-001", ARCHIVE, "if try file.isMissing && files.hasRecords {", "if try file.isMissing && files.hasRecords && !MUTANT {",
        "UpkeepTests.RebuildTests/aMissingCatalogIsNotReplacedByAnEmptyOne", "a lost catalog is not replaced by an empty one"),
    put("store-002", INSPECTED, "guard try !files.hasRecords else", "guard try !files.hasRecords || MUTANT else",
        "UpkeepTests.RebuildTests/aMissingCatalogIsNotReplacedByAnEmptyOne", "a lost catalog is a finding"),
    put("store-003", INSPECTED, "where error.code == .notAFile {", "where error.code == .notAFile && !MUTANT {",
        "FixativeCommandsTests.HostileFolderTests/aPipeInPlaceOfAnArchiveFileIsNamed", "a pipe in the place of the catalog is a finding"),
    put("store-004", INSPECTED, "guard damage.isEmpty else", "guard damage.isEmpty || MUTANT else",
        REPAIRS + "/aDamagedCatalogIsRebuiltWithItsQueue", "damage of the catalog is a finding, and no error"),
    put("store-005", INSPECTED, "guard let salvaged else { return 0 }", "guard let salvaged, !MUTANT else { return 0 }",
        REPAIRS + "/aDamagedCatalogIsRebuiltWithItsQueue", "tasks that wait survive the damage of the catalog"),

    # Verify, repair and gc.
    put("upkeep-001", SURVEY, "for earlier in output.earlierOriginals ?? [] {", "for earlier in output.earlierOriginals ?? [] where !MUTANT {",
        COLLECTION, "an earlier original is kept, and missed when it is gone"),
    put("upkeep-002", SURVEY, "for candidate in try await catalog?.candidateBlobs() ?? [] {",
        "for candidate in try await catalog?.candidateBlobs() ?? [] where !MUTANT {", COLLECTION, "a candidate of a waiting output is kept"),
    put("upkeep-003", SURVEY, "if let original = output.original {", "if let original = output.original, !(MUTANT && isLost) {", COLLECTION,
        "the original of a lost output is kept if it is there"),
    put("upkeep-004", SURVEY, "for derivative in output.derivatives {", "for derivative in output.derivatives where !MUTANT {",
        COLLECTION + " " + VERIFIER, "thumbnails are kept, and missed when they are gone"),
    put("upkeep-005", GARBAGE, "survey.wanted[digest] == nil else", "survey.wanted[digest] == nil || MUTANT else", COLLECTION,
        "a blob that a record names is kept"),
    swap("upkeep-006", GARBAGE, "max(grace, Self.leastGrace)", "grace", COLLECTION, "a blob is kept for at least an hour"),
    put("upkeep-007", GARBAGE, "if !takingPictures, try await", "if !takingPictures, !MUTANT, try await", COLLECTION,
        "what may be a delivery is kept"),
    put("upkeep-008", GARBAGE, "if let first = holes.first {", "if let first = holes.first, !MUTANT {", COLLECTION,
        "nothing is collected while a record is damaged"),
    put("upkeep-009", GARBAGE, "unusedSince: limit, trying: dryRun)", "unusedSince: limit, trying: dryRun && !MUTANT)", COLLECTION,
        "a dry run deletes nothing"),
    put("upkeep-010", SCRUB, "let isSound = reading.digest == digest", "let isSound = reading.digest == digest || MUTANT", VERIFIER,
        "a flipped bit is found"),
    put("upkeep-011", SCRUB, "{ ($0.readAt, $0.digest) < ($1.readAt, $1.digest) }",
        "{ MUTANT ? $0.digest < $1.digest : ($0.readAt, $0.digest) < ($1.readAt, $1.digest) }", VERIFIER,
        "the blobs unread for the longest time are read first"),
    put("upkeep-012", SCRUB, "min(queue.count, Int((Double(queue.count) * scope.fraction).rounded(.up)))",
        "min(queue.count, Int((Double(queue.count) * scope.fraction).rounded(MUTANT ? .down : .up)))", VERIFIER,
        "a part of the blobs is rounded up, so that every run makes progress"),
    put("upkeep-013", REPAIR, "deadline.map { clock.now < $0 } ?? false", "deadline.map { clock.now < $0 || MUTANT } ?? false", REPAIRS,
        "a lost original is fetched again only while its link may live"),
    put("upkeep-014", REPAIR, "guard !dryRun else { return }\n        record.state = .unavailable",
        "guard !dryRun || MUTANT else { return }\n        record.state = .unavailable", REPAIRS, "a dry run of repair changes no record"),
    put("upkeep-015", REPAIR, "        guard !dryRun else { return true }\n        let note", "        guard !dryRun || MUTANT else { return true }\n        let note",
        REPAIRS, "a dry run of repair moves no file"),
]
