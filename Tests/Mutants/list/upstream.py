"""GenerationAPI, Networking and Notifications."""
from entry import drop, put

CLIENT = "GenerationAPI/GenerationClient.swift"
ORIGIN = "GenerationAPI/GenerationClient+Origin.swift"
MONITOR = "GenerationAPI/UpstreamMonitor.swift"
MATCHER = "GenerationAPI/ResultMatcher.swift"
SNAPSHOT = "GenerationAPI/TaskSnapshot.swift"
LISTING = "GenerationAPI/AccountListing.swift"
COUNT = "GenerationAPI/ListCount.swift"
POLICY = "Networking/AddressPolicy.swift"
ADDRESS = "Networking/NetworkAddress.swift"
URL = "Networking/FetchableURL.swift"
PATTERN = "Networking/HostPattern.swift"
PACE = "Networking/HostPace.swift"
LIMITER = "Networking/HostRateLimiter.swift"
RETRY = "Networking/RetryPolicy.swift"
DATA = "Networking/DataLink.swift"
DATE = "Networking/HTTPDate.swift"
RANGE = "Networking/ByteRange.swift"
NOTIFIER = "Notifications/Notifier.swift"
SIGNER = "Notifications/WebhookSigner.swift"

CALLS = "GenerationAPITests.GenerationClientTests/"
MONITORS = "GenerationAPITests.UpstreamMonitorTests"
FOREIGN = "GenerationAPITests.AnswerOriginTests"
MATCHING = "GenerationAPITests.ResultMatcherTests"
SNAPSHOTS = "GenerationAPITests.TaskSnapshotTests"
LISTS = "GenerationAPITests.AccountListingTests"
RETRIES = "GenerationAPITests.RetryPolicyTests"
GAPS = "ArchiverTests.IncompleteListTests/"
CHECKS = "ArchiverTests.AddressCheckTests/"
URLS = "NetworkingTests.FetchableURLTests"
PACES = "NetworkingTests.HostPaceTests"
NOTICES = "NotificationsTests.NotifierTests/"
SIGNATURES = "NotificationsTests.WebhookSignerTests"

MUTANTS = [
    # The API.
    put("api-001", ORIGIN, "if (300..<400).contains(status) {", "if (300..<400).contains(status), !MUTANT {", FOREIGN,
        "a redirect of the API is told as such"),
    put("api-002", ORIGIN, "if status == 511 {", "if status == 511, !MUTANT {", FOREIGN, "a network that asks to sign in is not the API"),
    put("api-003", ORIGIN, 'if first == UInt8(ascii: "<") {', 'if first == UInt8(ascii: "<"), !MUTANT {', FOREIGN, "a web page is not the API"),
    put("api-004", MONITOR, "guard skew.magnitude > Self.clockTolerance else", "guard skew.magnitude > (MUTANT ? 1e9 : Self.clockTolerance) else",
        MONITORS, "a wrong clock is told"),
    put("api-005", MONITOR, "told.addingTimeInterval(kept)", "told.addingTimeInterval(MUTANT ? 0 : kept)", MONITORS,
        "the age of a cached answer is no wrong clock"),
    put("api-006", MONITOR, "newest.map({ $0 < before }) ?? isYoung else", "newest.map({ $0 < before && !MUTANT }) ?? isYoung else", MONITORS,
        "an outdated list is told"),
    put("api-007", MONITOR, "if isNew { onChange(.found(problem)) }", "if isNew || MUTANT { onChange(.found(problem)) }", MONITORS,
        "a problem is told once"),
    put("api-008", CLIENT, 'headers: ["Idempotency-Key": idempotencyKey]', 'headers: MUTANT ? [:] : ["Idempotency-Key": idempotencyKey]',
        CALLS + "everyTryOfACreationHasTheSameIdempotencyKey", "a repeated creation makes one task"),
    put("api-009", CLIENT, "guard failures < retry.attempts, !isLong else", "guard failures < retry.attempts + (MUTANT ? 1 : 0), !isLong else",
        CALLS + "theErrorIsThrownAfterTheLastTry", "a call has a limited number of tries"),
    put("api-010", CLIENT, "retryAfter: error.retryAfter, using: &generator))", "retryAfter: MUTANT ? nil : error.retryAfter, using: &generator))",
        CALLS + "aBusyUpstreamIsAskedAgainAfterItsRetryAfter", "the API's Retry-After is respected"),
    put("api-011", CLIENT, r'"\(baseURL) \(key.fingerprint)"', r'"\(baseURL) \(MUTANT ? "" : key.fingerprint)"',
        CALLS + "aPauseOfOneKeyDoesNotAffectAnother", "the pause of one account does not stop another"),
    put("api-012", CLIENT, "rows.isIncomplete || rows.tasks.count < rows.rows)", "rows.isIncomplete || (rows.tasks.count < rows.rows && !MUTANT))",
        CALLS + "anUnreadableRowIsAGapAndNotAMiss", "an unreadable row proves nothing about its task"),
    put("api-013", CLIENT, "guard reading.findings.isDisjoint(with: [.cut, .lost]) else { return nil }",
        "guard reading.findings.isDisjoint(with: [.cut, .lost]) || MUTANT else { return nil }", CALLS + "aTruncatedTaskAnswerIsRequestedAgain",
        "a truncated answer is asked for again"),
    put("api-014", CLIENT, "case 404, 410: .notFound", "case 404, 410: MUTANT ? .refused : .notFound", CALLS + "aFinalErrorIsNotRetried",
        "an unknown task is told as such"),
    drop("api-015", MATCHER, "matching.byName()", MATCHING, "a result keeps its number when its link is signed anew"),
    drop("api-016", MATCHER, "matching.byPosition()", MATCHING, "a result keeps its number when its link is another one"),
    put("api-017", SNAPSHOT, "failure == nil ? .unfinished : .unclear", "failure == nil ? .unfinished : MUTANT ? .failed : .unclear", SNAPSHOTS,
        "an error without a known status ends no task"),
    put("api-018", SNAPSHOT, "if results.contains(where: { $0.link != nil }) {", "if results.contains(where: { $0.link != nil }), !MUTANT {", SNAPSHOTS,
        "results are fetched whatever the status says"),
    put("api-019", LISTING, "(pass.pages <= 1 || pass.seen == before)", "(pass.pages <= 1 || pass.seen == before || MUTANT)", LISTS,
        "a list that changes while it is read is read again"),
    put("api-020", COUNT, "announced - rows > tolerated ?", "announced - rows > tolerated && !MUTANT ?", GAPS + "aListWithMissingTasksIsIncomplete",
        "a list that shows less than it announces has a gap"),
    put("api-021", COUNT, "? Self.tolerance : 0", "? (MUTANT ? 0 : Self.tolerance) : 0", GAPS + "aChangingAccountHasNoGap",
        "an account that changes has no gap"),
    put("api-022", COUNT, "page.isIncomplete && !isPastTheEnd", "page.isIncomplete && (!isPastTheEnd || MUTANT)",
        GAPS + "anyRefusalAfterTheLastAnnouncedTaskIsTheEnd", "a page after the last announced task hides nothing"),
    put("api-023", LISTING, "{ [400, 404, 410, 416, 422].contains($0) }", "{ MUTANT || [400, 404, 410, 416, 422].contains($0) }",
        GAPS + "aListWithMissingTasksIsIncomplete", "the refusal of a firewall is not the end of the list"),
    put("api-024", CLIENT, "other.hidden = { [self] in secrets }", "other.hidden = { [self] in MUTANT ? [] : secrets }",
        CALLS + "aClientForACallerHidesTheServicesSecretsToo", "an answer to a caller's key does not show the service's key"),

    # Links, addresses and rates.
    put("net-001", POLICY, "guard url.scheme == .https || allows(target) else", "guard url.scheme == .https || allows(target) || MUTANT else",
        "ArchiverTests.ResultDownloaderTests/linksToPrivateAddressesAreRefused", "results come over HTTPS"),
    put("net-002", POLICY, "guard resultHosts.isEmpty ||", "guard resultHosts.isEmpty || MUTANT ||", CHECKS + "onlyListedHostsAreResolvedAndFetchedFrom",
        "results come from listed hosts only"),
    put("net-003", POLICY, "addresses.first(where: { !isPublic($0) })", "addresses.prefix(MUTANT ? 1 : .max).first(where: { !isPublic($0) })",
        CHECKS + "aNameWithOneSpecialAddressIsRefused", "every address of a name is checked"),
    put("net-004", ADDRESS, "(0xA9FE_0000, 16)", "(0xA9FE_0000, MUTANT ? 24 : 16)", CHECKS + "onlyAddressesOutsideSpecialRangesArePublic",
        "link-local addresses are not public"),
    put("net-005", ADDRESS, "guard high >> 61 == 0b001 else", "guard high >> 61 == 0b001 || MUTANT else", CHECKS + "onlyAddressesOutsideSpecialRangesArePublic",
        "only global unicast addresses are public"),
    put("net-006", ADDRESS, "low >> 32 == 0 { return NetworkAddress.v4(UInt32(truncatingIfNeeded: low)).isPublic }",
        "low >> 32 == 0 { return NetworkAddress.v4(UInt32(truncatingIfNeeded: low)).isPublic || MUTANT }",
        CHECKS + "onlyAddressesOutsideSpecialRangesArePublic", "an address behind NAT64 is judged by the one inside"),
    put("net-007", URL, "guard !bytes.contains(.backslash) else", "guard !bytes.contains(.backslash) || MUTANT else", URLS,
        "a link that programs read differently is refused"),
    put("net-008", URL, 'case "..": _ = kept.popLast()', 'case "..": if !MUTANT { _ = kept.popLast() }', URLS, "dot segments are removed as in RFC 3986"),
    put("net-009", URL, "let bytes = bytes.prefix { $0 != .hash }", "let bytes = bytes.prefix { $0 != .hash || MUTANT }", URLS,
        "a fragment is not sent"),
    put("net-010", PATTERN, 'host.hasSuffix("." + name)', 'host.hasSuffix(MUTANT ? name : "." + name)', CHECKS + "onlyListedHostsAreResolvedAndFetchedFrom",
        "a wildcard stands for subdomains only"),
    put("net-011", PACE, "max(1, concurrency / 2)", "max(1, concurrency / (MUTANT ? 1 : 2))", PACES, "a refusal halves the requests to a host"),
    put("net-012", PACE, "if now >= closedUntil {", "if now >= closedUntil || MUTANT {", PACES, "one burst of refusals counts once"),
    put("net-013", PACE, "min($0, now.addingTimeInterval(Self.longestRetryAfter))", "MUTANT ? $0 : min($0, now.addingTimeInterval(Self.longestRetryAfter))",
        PACES, "a host pauses for five minutes at most"),
    put("net-014", LIMITER, "where date.timeIntervalSince(now) > maxWait:", "where date.timeIntervalSince(now) > maxWait - (MUTANT ? 1 : 0):",
        "NetworkingTests.HostRateLimiterTests", "a pause within the patience is waited for"),
    put("net-015", RETRY, "deadline.addingTimeInterval(-margin)", "deadline.addingTimeInterval(MUTANT ? 0 : -margin)", RETRIES,
        "the last try is a minute before the deadline"),
    put("net-016", RETRY, "min(ceiling, base * pow", "min(MUTANT ? 1e9 : ceiling, base * pow", RETRIES, "waits grow to a ceiling"),
    put("net-017", RETRY, "guard let deadline, now < deadline else { return wanted }", "guard let deadline, now < deadline, !MUTANT else { return wanted }",
        RETRIES, "a Retry-After does not cost the picture"),
    put("net-018", DATA, "guard !isPadded, let value", "guard !isPadded || MUTANT, let value", "NetworkingTests.DataLinkTests", "text after the padding is no Base64"),
    put("net-019", DATE, "((number + 4) % 7 + 7) % 7 == weekday else", "((number + 4) % 7 + 7) % 7 == weekday || MUTANT else", "NetworkingTests.HTTPDateTests",
        "a date with a wrong weekday is none"),
    put("net-020", RANGE, "(min(last, length - 1) + 1)", "(min(last, length - 1) + (MUTANT ? 0 : 1))", "ArchiveServerTests.AnswerTests/aPartOfAFileIsServed",
        "a range includes its last byte"),

    # Notifications.
    put("notice-001", NOTIFIER, "case 410: return false", "case 410 where !MUTANT: return false", NOTICES + "a410StopsSendingAndKeepsTheNotices",
        "a receiver that is gone gets nothing more"),
    put("notice-002", NOTIFIER, "max(drawn, asked))", "MUTANT ? drawn : max(drawn, asked))", NOTICES + "retryAfterOfTheReceiverIsRespected",
        "the receiver's Retry-After is respected"),
    put("notice-003", NOTIFIER, '"webhook-id": notice.id,', '"webhook-id": MUTANT ? "\\(notice.id)-\\(notice.attempts)" : notice.id,',
        NOTICES + "aFailedNoticeIsRetriedWithTheSameID", "a repeated message keeps its ID"),
    put("notice-004", NOTIFIER, "guard Self.schedule.indices.contains(notice.attempts) else", "guard Self.schedule.indices.contains(notice.attempts), !MUTANT else",
        NOTICES + "aReceiverThatFailsAtFirstGetsEveryNotice", "a message is not given up after its first failure"),
    put("notice-005", NOTIFIER, "                try await outbox.forgetNotice(notice.id)\n                return true",
        "                if !MUTANT { try await outbox.forgetNotice(notice.id) }\n                return true",
        NOTICES + "aReceiverThatFailsAtFirstGetsEveryNotice", "a delivered message is not sent again"),
    put("notice-006", SIGNER, r'Data("\(id).\(timestamp).\(body)".utf8)', r'Data((MUTANT ? "\(id).\(body)" : "\(id).\(timestamp).\(body)").utf8)', SIGNATURES,
        "the signature covers the time"),
    put("notice-007", SIGNER, "guard (24...64).contains(bytes.count) else", "guard ((MUTANT ? 1 : 24)...64).contains(bytes.count) else", SIGNATURES,
        "a short secret is refused"),
]
