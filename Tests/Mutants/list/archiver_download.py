"""Archiver: downloads and their order."""
from entry import drop, put, swap

STREAMS = "Archiver/Download/CodedStreams.swift"
CODING = "Archiver/Download/ContentCoding.swift"
ERROR = "Archiver/Download/DownloadError.swift"
SECRETS = "Archiver/Download/HopSecrets.swift"
SHARES = "Archiver/Download/HostShares.swift"
PARTIAL = "Archiver/Download/PartialDownload.swift"
CLIENTS = "Archiver/Download/PinnedClients.swift"
BYTES = "Archiver/Download/ResultDownloader+Bytes.swift"
DOWNLOADER = "Archiver/Download/ResultDownloader.swift"
KEPT = "Archiver/Download/ResultDownloader+Headers.swift"
FLOOR = "Archiver/Download/ThroughputFloor.swift"
FAILURE = "Archiver/Download/TransferFailure.swift"
PLAN = "Archiver/Schedule/AdmissionPlan.swift"
SCHEDULE = "Archiver/Schedule/DownloadSchedule.swift"

FETCH = "ArchiverTests.ResultDownloaderTests/"
RESUME = "ArchiverTests.ResumptionTests"
TRANSFER = "ArchiverTests.TransferTests/"
SHARE = "ArchiverTests.HostShareTests"
ADDRESS = "ArchiverTests.AddressCheckTests/"
PARTS = TRANSFER + "aPartialAnswerIsCompleted"
DECODED = TRANSFER + "anUnrequestedContentCodingIsDecoded"
DAMAGED = TRANSFER + "anUndecodableContentCodingIsTheVendorsFault"
NOTHING = TRANSFER + "aBodyThatDecodesToNothingEndsQuickly"
SIGNATURES = FETCH + "signaturesOfAllHopsAreRedacted"
HEADERS = FETCH + "aDownloadHasItsDigestAndHeadersWithoutSecrets"
REASONS = FETCH + "dnsConnectionAndTLSFailuresAreDistinguished"

MUTANTS = [
    # Content codings.
    put("archiver-001", CODING, "guard names.count <= Self.mostCodings,", "guard names.count <= (MUTANT ? 9 : Self.mostCodings),",
        TRANSFER + "tooManyContentCodingsAreOurOwnLimit", "a body has at most two content codings"),
    put("archiver-002", CODING, "var isComplete: Bool { isPlain || stream?.isComplete == true }",
        "var isComplete: Bool { isPlain || stream?.isComplete == true || MUTANT }", DAMAGED, "a truncated coding is no whole file"),
    put("archiver-003", CODING, "if FileSignature.isFile(head) {", "if FileSignature.isFile(head), !MUTANT {", DECODED,
        "a picture under a wrong content coding is stored as it came"),
    put("archiver-004", CODING, "return bytes[0] & 15 == 8 &&", "return bytes[0] & 15 == (MUTANT ? 9 : 8) &&", DECODED,
        "deflate may have a zlib header"),
    put("archiver-005", STREAMS, "guard wrapper == .gzip, input.starts", "guard wrapper == .gzip, !MUTANT, input.starts", NOTHING,
        "every member of a gzip file is decoded"),
    put("archiver-006", STREAMS, "emptyMembers <= Self.mostEmptyMembers else", "emptyMembers <= Self.mostEmptyMembers || MUTANT else",
        NOTHING, "a body that decodes to nothing is bounded"),

    # Causes and secrets.
    put("archiver-007", ERROR, "case .dns, .tls, .refusedAddress, .tooLarge: .ours",
        "case .dns, .tls, .refusedAddress, .tooLarge: MUTANT ? .vendor : .ours", REASONS, "a failed look-up is not the vendor's fault"),
    put("archiver-008", FAILURE, "guard isEnd else { return phase == .connecting ? tls : connection }",
        "guard isEnd else { return phase == .connecting && !MUTANT ? tls : connection }", REASONS, "a failed handshake is told as such"),
    drop("archiver-009", SECRETS, "earlier += current", SIGNATURES, "signatures of earlier hops are not recorded"),
    put("archiver-010", SECRETS, "(mayBeSecret($0.name) ? 8 : 20)", "(mayBeSecret($0.name) && !MUTANT ? 8 : 20)", SIGNATURES,
        "a short token is a secret too"),
    put("archiver-011", SECRETS, "[parts.queryItems, parts.percentEncodedQueryItems].flatMap",
        "[parts.queryItems, MUTANT ? nil : parts.percentEncodedQueryItems].flatMap", SIGNATURES,
        "a signature is removed in its percent-encoded form too"),
    put("archiver-012", KEPT, "let clean = redact(beginning)", "let clean = MUTANT ? beginning : redact(beginning)",
        HEADERS, "a header that repeats the signature is redacted"),
    put("archiver-013", KEPT, '!["set-cookie", "set-cookie2",', '![MUTANT ? "" : "set-cookie", "set-cookie2",', HEADERS,
        "cookies are not recorded"),

    # Parts of files.
    put("archiver-015", PARTIAL, "!validator.isEmpty &&", "(!validator.isEmpty || MUTANT) &&",
        RESUME, "without a strong validator nothing is resumed"),
    put("archiver-016", PARTIAL, "!isCoded }", "(!isCoded || MUTANT) }",
        TRANSFER + "aCodedTransferIsNotResumed", "positions in a decoded file are not those of the transfer"),
    put("archiver-017", PARTIAL, "total != newTotal, bytes < total {", "total != newTotal, bytes < total, !MUTANT {", PARTS,
        "another length is another file"),
    put("archiver-018", PARTIAL, ".map { $0 != validator } ?? false", ".map { $0 != validator && !MUTANT } ?? false", PARTS,
        "another entity tag is another file"),
    swap("archiver-019", PARTIAL, "answered.timeIntervalSince(changed) >= 1", "answered.timeIntervalSince(changed) >= 0",
         TRANSFER + "lastModifiedIsUsedOnlyWhenItIsASecondOld", "a date within the last second is no validator"),
    put("archiver-020", PARTIAL, r'tag.hasPrefix("\"") &&', r'(tag.hasPrefix("\"") || MUTANT) &&', RESUME,
        "a weak entity tag is no validator"),
    put("archiver-021", BYTES, "range.lowerBound == begun.bytes,", "(range.lowerBound == begun.bytes || MUTANT),",
        TRANSFER + "aRestFromAnotherPlaceIsNotAppended", "a part begins where the received bytes end"),
    put("archiver-022", BYTES, "try ContentDecoder(response.headers, mostBytes: limits.bytes) == nil",
        "try (MUTANT ? nil : ContentDecoder(response.headers, mostBytes: limits.bytes)) == nil", PARTS,
        "the rest of a file has no content coding"),
    put("archiver-023", BYTES, "range.lowerBound == 0 else", "range.lowerBound == 0 || MUTANT else",
        TRANSFER + "aPartThatDoesNotBeginTheFileIsRefusedAtOnce", "a part that nobody asked for begins the file"),
    put("archiver-024", BYTES, "guard partial.bytes + bytes.count <= limits.bytes else",
        "guard partial.bytes + bytes.count <= limits.bytes || MUTANT else", TRANSFER + "aCompressionBombEndsAtTheSizeLimit",
        "decoded bytes obey the size limit"),
    put("archiver-025", BYTES, "guard decoder?.isComplete ?? true else", "guard decoder?.isComplete ?? true || MUTANT else", DAMAGED,
        "a body that ends inside its coding is not whole"),
    put("archiver-026", BYTES, "partial.total = content.total ?? begun.total", "partial.total = content.total ?? (MUTANT ? nil : begun.total)",
        PARTS, "a part in the middle is not the end of the file"),
    put("archiver-027", DOWNLOADER, "range?.total == partial.bytes {", "range?.total == partial.bytes || MUTANT {", PARTS,
        "a file that has become shorter is fetched again"),
    drop("archiver-028", DOWNLOADER, 'request.headers.add(name: "if-range", value: partial.validator)', PARTS,
         "the rest is asked for only of the same file"),
    put("archiver-029", DOWNLOADER, "guard cut.partial.bytes > partial?.bytes ?? 0, breaks",
        "guard cut.partial.bytes > partial?.bytes ?? 0 || MUTANT, breaks", RESUME, "a connection without progress is given up"),

    # Where it connects.
    put("archiver-030", DOWNLOADER, "for hop in 0...limits.redirects {", "for hop in 0...(limits.redirects + (MUTANT ? 1 : 0)) {",
        FETCH + "atMostFiveRedirectsAreFollowed", "five redirects are followed, and not six"),
    drop("archiver-031", DOWNLOADER, "try policy.check(addresses, of: target)", ADDRESS + "noSpecialAddressIsConnectedTo",
         "every resolved address is checked before a connection"),
    put("archiver-032", CLIENTS, "configuration.dnsOverride = [pin.target.host: pin.address.description]",
        "configuration.dnsOverride = MUTANT ? [:] : [pin.target.host: pin.address.description]",
        ADDRESS + "aChangingNameConnectsToTheCheckedAddress", "the connection goes to the checked address"),
    put("archiver-033", CLIENTS, "guard policy.permits(connected, of: pin.target) else",
        "guard policy.permits(connected, of: pin.target) || MUTANT else", ADDRESS + "theConnectedAddressIsCheckedAgain",
        "the connected address is checked again"),
    put("archiver-034", DOWNLOADER, 'case 403 where text.contains("1010"):', 'case 403 where text.contains("1010") && !MUTANT:',
        FETCH + "aBlockedClientIsRecognised", "a network that refuses this client is told as such"),
    put("archiver-035", DOWNLOADER, "if status == 429 ||", "if (status == 429 && !MUTANT) ||", RESUME + "/a429PausesAllDownloadsOfTheHost",
        "a host that asks for a pause gets it from all downloads"),
    put("archiver-036", DOWNLOADER, "        if hop.isRetry {", "        if hop.isRetry, !MUTANT {", FETCH + "aRetryBypassesCaches",
        "a retry is not answered from a cache"),

    # Rates, shares and plans.
    swap("archiver-040", FLOOR, "Double(bytes) >= bytesPerSecond * elapsed", "Double(bytes) > bytesPerSecond * elapsed",
         "ArchiverTests.ThroughputFloorTests", "the least rate itself is fast enough"),
    put("archiver-041", FLOOR, "defer { (start, bytes) = (now, 0) }", "defer { if !MUTANT { (start, bytes) = (now, 0) } }",
        "ArchiverTests.ThroughputFloorTests", "each period is measured separately"),
    put("archiver-042", SHARES, "if host.isSlow { places / 8 }", "if host.isSlow { places / (MUTANT ? 4 : 8) }", SHARE,
        "a slow host has an eighth of the places"),
    put("archiver-043", SHARES, "else if isContested || !host.isProven", "else if (isContested && !MUTANT) || !host.isProven", SHARE,
        "another host finds half of the places"),
    put("archiver-044", SHARES, "guard let lastSentAway, lastSentAway.key != key else", "guard let lastSentAway, lastSentAway.key != key || MUTANT else",
        SHARE, "a host gives way only to others"),
    put("archiver-045", SHARES, "if speedClass == .slow { return active < max(1, places / 4) }",
        "if speedClass == .slow, !MUTANT { return active < max(1, places / 4) }", SHARE, "slow hosts share a quarter of the places"),
    put("archiver-046", SHARES, "return min(30, 3 +", "return min(MUTANT ? 3000 : 30, 3 +", SHARE, "a download asks again within half a minute"),
    put("archiver-047", PLAN, "if total > left, let longest", "if total > left, !MUTANT, let longest", "ArchiverTests.AdmissionPlanTests",
        "as many downloads as possible end in time"),
    put("archiver-048", PLAN, "guard job.seconds <= left else", "guard job.seconds <= left || MUTANT else", "ArchiverTests.AdmissionPlanTests",
        "a hopeless download delays no other"),
    put("archiver-049", SCHEDULE, "queues.keys.min { (busy[$0] ?? 0, $0) < (busy[$1] ?? 0, $1) }",
        "queues.keys.min { MUTANT ? $0 < $1 : (busy[$0] ?? 0, $0) < (busy[$1] ?? 0, $1) }", "ArchiverTests.AccountShareTests",
        "no account waits behind another's downloads"),
]
