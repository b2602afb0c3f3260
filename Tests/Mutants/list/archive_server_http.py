"""ArchiveServer: connections, health, routes."""
from entry import put

GUARD = "ArchiveServer/Connections/ConnectionGuard.swift"
FLOOR = "ArchiveServer/Connections/BodyFloor.swift"
CONNECTION_LIMITS = "ArchiveServer/Connections/ConnectionLimits.swift"
TABLE = "ArchiveServer/Connections/ConnectionTable.swift"
HEALTH = "ArchiveServer/Health/HealthRoutes.swift"
SOURCES = "ArchiveServer/Health/SourceHealth.swift"
PROBE = "ArchiveServer/Health/WriteProbe.swift"
HOST = "ArchiveServer/Middleware/HostMiddleware.swift"
PROBLEM = "ArchiveServer/Middleware/Problem.swift"
BLOBS = "ArchiveServer/Routes/BlobRoutes.swift"
GALLERY = "ArchiveServer/Routes/GalleryRoutes.swift"
HOOKS = "ArchiveServer/Routes/HookRoutes.swift"
CALLBACK_BODY = "ArchiveServer/Routes/CallbackBody.swift"
METRICS = "ArchiveServer/Routes/MetricsRoutes.swift"
OUTPUTS = "ArchiveServer/Routes/OutputRoutes.swift"
TASKS = "ArchiveServer/Routes/TaskRoutes.swift"
PARAMETERS = "ArchiveServer/Routes/Parameters.swift"
WAITING = "ArchiveServer/Routes/WaitingList+Catalog.swift"
CONTEXT = "ArchiveServer/ServerContext.swift"

SERVING = "ArchiveServerTests.ServingTests/"
LIMITS = "ArchiveServerTests.LimitTests"
TIMES = "ArchiveServerTests.ConnectionGuardTests"
ROLES = "ArchiveServerTests.AccessTests"
ANSWERS = "ArchiveServerTests.AnswerTests"
LISTS = "ArchiveServerTests.WaitingListTests"
FORGED = "ArchiveServerTests.GuardTests/inventedCallbacksFillOnlyABoundedTable"
CROWD = "ArchiveServerTests.GuardTests/oneAddressCannotTakeAllConnectionsAndHealthAnswers"
NAMES = "ArchiveServerTests.WritingTests/onlyLocalHostNamesAreAnsweredWithoutTokens"
FILES = SERVING + "filesAreServedOnlyByTheirDigest"
CALLBACKS = SERVING + "repeatedCallbacksInAnyOrderCountOnce"
ADDRESSES = SERVING + "anInvalidAddressIsRefused"
DATES = SERVING + "aTimeOffsetIsConvertedToUTC"

MUTANTS = [
    # Connections.
    put("server-070", GUARD, "guard begin == nil else { return }", "guard begin == nil || MUTANT else { return }", TIMES,
        "the time for a head counts from its first byte"),
    put("server-071", GUARD, "? limits.gatewayBody : limits.body)", "? (MUTANT ? limits.body : limits.gatewayBody) : limits.body)",
        TIMES, "a body for the upstream has two minutes"),
    put("server-072", GUARD, "if unwritten > 0 { writeOn() }", "if unwritten > 0, !MUTANT { writeOn() }", TIMES,
        "an answer that is not read ends the connection"),
    put("server-073", GUARD, "        reading?.cancel()\n        reading = nil\n        begin = nil",
        "        if !MUTANT { reading?.cancel() }\n        reading = nil\n        begin = nil", TIMES,
        "a request that has arrived in time is not cut off"),
    put("server-074", GUARD, "lengths.isEmpty || codings.isEmpty else", "lengths.isEmpty || codings.isEmpty || MUTANT else", TIMES,
        "a request with two kinds of length is refused"),
    put("server-075", GUARD, "hosts == 1 ||", "hosts >= 1 && (hosts == 1 || MUTANT) ||", TIMES,
        "a request with two Host headers is refused"),
    put("server-076", GUARD, 'coding.lowercased() == "chunked" && head.version == .http1_1',
        'coding.lowercased() == "chunked" && (head.version == .http1_1 || MUTANT)', TIMES,
        "HTTP/1.0 has no transfer coding"),
    put("server-077", GUARD, "guard lengths.count <= 1, codings.count <= 1,", "guard lengths.count <= (MUTANT ? 2 : 1), codings.count <= 1,",
        TIMES, "a request with two lengths is refused"),
    put("server-078", CONNECTION_LIMITS, "max(openFiles / 4, openFiles - OpenFiles.others - reserve)",
        "max(openFiles / 4, openFiles - (MUTANT ? 0 : OpenFiles.others) - reserve)", LIMITS,
        "connections leave files for the archive"),
    put("server-079", CONNECTION_LIMITS, "limits.perAddress = min(perAddress, limits.connections)",
        "limits.perAddress = MUTANT ? perAddress : min(perAddress, limits.connections)", LIMITS,
        "an address never has more connections than there are"),
    put("server-080", TABLE, "ofAddress < limits.perAddress {", "ofAddress < limits.perAddress || MUTANT {", CROWD,
        "one address does not take every connection"),
    put("server-081", TABLE, "oldest = open.channels.removeValue(forKey: open.reserve.removeFirst())",
        "oldest = open.channels.removeValue(forKey: MUTANT ? open.reserve.removeLast() : open.reserve.removeFirst())", TIMES,
        "the oldest connection of a full reserve gives way"),
    put("server-082", TABLE, "                open.all -= 1\n", "                open.all -= MUTANT ? 0 : 1\n",
        TIMES, "a closed connection frees its place"),
    put("server-140", FLOOR, "return Double(bytes) >=", "return MUTANT || Double(bytes) >=", TIMES,
        "a body for the upstream has a minimum rate"),
    put("server-141", FLOOR, "if isWaiting { waitsSince = now }", "if isWaiting, !MUTANT { waitsSince = now }", TIMES,
        "a client that sends nothing more is cut off"),
    put("server-142", GUARD, "floor?.waits(from: channel.eventLoop.now)", "if !MUTANT { floor?.waits(from: channel.eventLoop.now) }", TIMES,
        "the time in which the server waits for the client counts"),

    # Health.
    put("server-085", HEALTH, "if !options.access.mayRead(request) {", "if !options.access.mayRead(request), !MUTANT {", ROLES,
        "strangers learn no details of a problem"),
    put("server-086", HEALTH, "[store, catalog, sources, risk].allSatisfy", "(MUTANT ? [store, catalog, sources] : [store, catalog, sources, risk]).allSatisfy",
        ROLES, "a server with outputs at risk is not ready"),
    put("server-087", HEALTH, "riskTime - UpstreamRules.linkLifetime)", "(MUTANT ? 0 : riskTime) - UpstreamRules.linkLifetime)", ROLES,
        "a task is at risk before its window ends"),
    put("server-088", PROBE, "(0..<Self.lifetime).contains(", "(0..<(MUTANT ? 0.001 : Self.lifetime)).contains(", ANSWERS,
        "a probe is not repeated for 5 seconds"),
    put("server-089", PROBE, "        last = (problem, clock.now)\n", "        last = (MUTANT ? nil : problem, clock.now)\n", ANSWERS,
        "a failed probe stays failed until the next one"),
    put("server-090", SOURCES, "before?.state == state ? before?.since ?? now : now", "before?.state == state && !MUTANT ? before?.since ?? now : now",
        ANSWERS, "the health of a part tells since when it has its state"),
    put("server-091", SOURCES, "(before?.restarts ?? 0) + restarts", "(MUTANT ? 0 : before?.restarts ?? 0) + restarts", ANSWERS,
        "restarts of a part are counted"),

    # What every answer keeps.
    put("server-092", HOST, "guard access.isGuarded || isCallback ||", "guard access.isGuarded || isCallback || MUTANT ||", NAMES,
        "without tokens only names of this machine are answered"),
    put("server-093", HOST, 'request.uri.path.hasPrefix("/hooks/")', '(request.uri.path.hasPrefix("/hooks/") && !MUTANT)', NAMES,
        "a callback is accepted under the name of a tunnel"),
    put("server-094", PROBLEM, '"The archive can\'t answer now; its log says why."',
        '(MUTANT ? "\\(error)" : "The archive can\'t answer now; its log says why.")',
        SERVING + "aFailedWriteIsAnsweredWith503AndRetryAfter", "an answer has no internal details"),
    put("server-095", PROBLEM, 'context.endpointPath ?? "?"', 'MUTANT ? request.uri.path : context.endpointPath ?? "?"',
        SERVING + "noSecretIsLogged", "the secret in a webhook's path is not logged"),
    put("server-096", CONTEXT, "bytes[10] == 0xFF, bytes[11] == 0xFF {", "bytes[10] == 0xFF, bytes[11] == 0xFF, !MUTANT {", LIMITS,
        "an IPv4 client is the same on an IPv6 socket"),
    put("server-097", CONTEXT, "stride(from: 0, to: 8, by: 2)", "stride(from: 0, to: MUTANT ? 16 : 8, by: 2)", LIMITS,
        "limits count an IPv6 network, not an address"),

    # Files and pages.
    put("server-100", BLOBS, "guard text.utf8.count == 64, let digest", "guard text.utf8.count == 64 || MUTANT, let digest", FILES,
        "a blob has one address"),
    put("server-101", BLOBS, '"attachment; filename', '"\\(MUTANT ? "inline" : "attachment"); filename', FILES,
        "a delivery that is no picture is never displayed"),
    put("server-102", BLOBS, '"default-src \'none\'; sandbox"', '(MUTANT ? "" : "default-src \'none\'; sandbox")', ANSWERS,
        "a blob can't run scripts"),
    put("server-103", BLOBS, ".map { $0 == tag } ?? true", ".map { $0 == tag || MUTANT } ?? true", ANSWERS,
        "a part is not joined to another version of a file"),
    put("server-104", BLOBS, 'return plain == "*" || plain == tag', 'return plain == "*" || (plain == tag && !MUTANT)', ANSWERS,
        "a file that the client has is not sent again"),
    put("server-105", BLOBS, r'\(asked.lowerBound)-\(asked.upperBound - 1)/', r'\(asked.lowerBound)-\(asked.upperBound - (MUTANT ? 0 : 1))/',
        ANSWERS, "the end of a part is its last byte"),
    put("server-106", BLOBS, "var start = part.lowerBound", "var start = MUTANT ? 0 : part.lowerBound", ANSWERS,
        "a part begins where it was asked for"),
    put("server-107", GALLERY, "guard access.mayRead(request) else", "guard access.mayRead(request) || MUTANT else", ROLES,
        "a stranger does not see the gallery"),
    put("server-108", GALLERY, '!["same-origin", "none"].contains(site) { throw foreign }',
        '!["same-origin", "none"].contains(site), !MUTANT { throw foreign }', ROLES, "another site does not sign a reader in"),
    put("server-109", GALLERY, 'router.post("gallery/sign-out") { request, _ in\n            try Self.refuseForeign(request)',
        'router.post("gallery/sign-out") { request, _ in\n            if !MUTANT { try Self.refuseForeign(request) }', ROLES,
        "another site does not sign a reader out"),
    put("server-110", GALLERY, "if access.isGuarded { try access.noteFailure(of: client) }",
        "if access.isGuarded, !MUTANT { try access.noteFailure(of: client) }",
        "ArchiveServerTests.GuardTests/wrongTokensAreLimitedPerAddressAndLoggedOnce", "wrong tokens in the form are counted"),
    put("server-111", GALLERY, "{ return host.dropLast(port.count) }", "{ return MUTANT ? host : host.dropLast(port.count) }",
        "ArchiveServerTests.GuardTests/aSignOutEndsTheSessionOnTheServer", "the default port of a proxy is the same origin"),

    # The webhook and the API.
    put("server-115", CALLBACK_BODY, "TaskRoutes.isPlain(text)", "(TaskRoutes.isPlain(text) || MUTANT)", CALLBACKS,
        "a callback's ID is printable ASCII"),
    put("server-116", HOOKS, "guard outcome != .full else", "guard outcome != .full || MUTANT else", FORGED,
        "invented callbacks fill only a bounded table"),
    put("server-117", HOOKS, "if outcome == .known {", "if outcome == .known, !MUTANT {", ANSWERS,
        "a callback of a known task makes it be read at once"),
    put("server-118", CALLBACK_BODY, "envelopes.compactMap { body[$0] }", "(MUTANT ? [] : envelopes.compactMap { body[$0] })",
        "ArchiveServerTests.ServingTests/everyPlausibleIDOfACallbackCounts", "the task of an envelope counts"),
    put("server-119", HOOKS, "try access.noteFailure(of: context.client)", "if !MUTANT { try access.noteFailure(of: context.client) }",
        "ArchiveServerTests.GuardTests/wrongTokensAreLimitedPerAddressAndLoggedOnce", "wrong secrets are counted"),
    put("server-120", METRICS, "            gauges.forget()\n", "            if !MUTANT { gauges.forget() }\n", ANSWERS,
        "gauges of a catalog that does not answer are not shown as current"),
    put("server-121", METRICS, "Self.methods.contains(request.method) ?", "Self.methods.contains(request.method) || MUTANT ?", ANSWERS,
        "invented methods are one label"),
    put("server-122", OUTPUTS, "(1...500).contains($0)", "(1...(MUTANT ? 501 : 500)).contains($0)", ADDRESSES, "a page has at most 500 outputs"),
    put("server-123", OUTPUTS, "text.unicodeScalars.count <= longestText", "text.unicodeScalars.count <= (MUTANT ? 501 : longestText)",
        ADDRESSES, "a search has at most 500 characters"),
    put("server-124", OUTPUTS, "for task in try await catalog.auditTasks(lost, []) { summary", "for task in try await catalog.auditTasks(lost, []) where !MUTANT { summary",
        ANSWERS, "the totals of the audit count lost tasks"),
    put("server-125", TASKS, "task.reopens = true", "task.reopens = !MUTANT", ANSWERS, "a task that is named again is tried again"),
    put("server-126", TASKS, "reading.findings.isDisjoint(with: .inexact.subtracting(.deep))",
        "(reading.findings.isDisjoint(with: .inexact.subtracting(.deep)) || MUTANT)", ANSWERS, "a cut list of tasks is refused as a whole"),
    put("server-127", PARAMETERS, "guard values.updateValue(value, forKey: name) == nil else",
        "guard values.updateValue(value, forKey: name) == nil || MUTANT else", ADDRESSES, "a parameter that is given twice is refused"),
    put("server-128", PARAMETERS, "!plain.utf8.contains(0)", "(!plain.utf8.contains(0) || MUTANT)", ADDRESSES, "a NUL character is refused"),
    put("server-129", PARAMETERS, 'match.8 == "-" ? -60 : 60', '(match.8 == "-") != MUTANT ? -60 : 60', DATES,
        "an offset east of Greenwich is subtracted"),
    put("server-130", PARAMETERS, "!year.isMultiple(of: 100) || year.isMultiple(of: 400)", "!year.isMultiple(of: 100) || MUTANT", DATES,
        "2000 is a leap year"),
    put("server-131", WAITING, "if let since, (created ?? since) < since { return false }",
        "if let since, (created ?? since) < since, !MUTANT { return false }", LISTS, "a part shows only what was created since"),
    put("server-132", WAITING, "$0.hasPrefix(word)", "(MUTANT ? $0.contains(word) : $0.hasPrefix(word))", LISTS,
        "a word of a search begins a word of the prompt"),
    put("server-133", WAITING, "windowEnds: AtRisk.deadline(of: entry))", "windowEnds: MUTANT ? .distantFuture : AtRisk.deadline(of: entry))",
        LISTS, "the most urgent item comes first"),
]
