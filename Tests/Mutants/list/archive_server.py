"""ArchiveServer: access, limits, gateway."""
from entry import put, swap

ACCESS = "ArchiveServer/Security/AccessControl.swift"
FAILURES = "ArchiveServer/Security/FailureLimiter.swift"
SESSIONS = "ArchiveServer/Security/ReaderSessions.swift"
GATEWAY = "ArchiveServer/Gateway/Gateway.swift"
CALLERS = "ArchiveServer/Gateway/GatewayCallers.swift"
HEADERS = "ArchiveServer/Gateway/GatewayHeaders.swift"
MEMORY = "ArchiveServer/Gateway/GatewayMemory.swift"
TARGET = "ArchiveServer/Gateway/GatewayTarget.swift"
BODY = "ArchiveServer/Gateway/GenerationBody.swift"
SHAPE = "ArchiveServer/Gateway/JSONShape.swift"
UPLOADS = "ArchiveServer/Gateway/GatewayUploads.swift"
COPY = "ArchiveServer/Gateway/AnswerCopy.swift"
MASK = "ArchiveServer/Gateway/SecretMask.swift"
RECORDER = "ArchiveServer/Gateway/GatewayRecorder.swift"

SERVING = "ArchiveServerTests.ServingTests/"
LIMITS = "ArchiveServerTests.LimitTests"
PASSING = "ArchiveServerTests.GatewayGuardTests/"
RECORDING = "ArchiveServerTests.GatewayRecorderTests"
BODIES = "ArchiveServerTests.GenerationBodyTests"
ROLES = "ArchiveServerTests.AccessTests"

TOKENS = "ArchiveServerTests.GuardTests/wrongTokensAreLimitedPerAddressAndLoggedOnce"
CHANGES = SERVING + "nothingCanBeChangedWithoutAnAdminToken"
HOOKS = SERVING + "repeatedCallbacksInAnyOrderCountOnce"
FORWARDED = PASSING + "onlyEndToEndHeadersReachTheUpstream"
DROPPED = PASSING + "connectionAndProxyHeadersAreNotForwarded"
HIDDEN = PASSING + "aKeyInAnAnswerIsHiddenFromOtherCallers"
CODED = PASSING + "keysInCodedAnswersAndHeaderNamesAreHidden"
PATHS = PASSING + "anAmbiguousPathNeverReachesTheUpstream"
MALFORMED = PASSING + "aMalformedBodyIsTheCallersError"
LOAD = "ArchiveServerTests.GatewayLoadTests/"
COPIES = LIMITS + "/aCopyOfAnAnswerHasAtMostFourMebibytes"
PLACES = LIMITS + "/uploadsAreLimitedPerKeyAndPerAddress"
SPLIT = PASSING + "aKeyIsFoundAcrossPartsAndOtherTextIsNotDelayed"

MUTANTS = [
    # Tokens, sessions and secrets.
    swap("server-001", ACCESS, "tokens.admins + tokens.callers", "tokens.admins + tokens.callers + tokens.readers", ROLES,
         "a read token may not create pictures"),
    swap("server-002", ACCESS, "scope == .read && !isGuarded", "!isGuarded", ROLES,
         "without an admin token nothing can be changed, even if reading is open"),
    put("server-003", ACCESS, "else { return isAdmin }", "else { return isAdmin || MUTANT }", CHANGES,
        "a read token changes nothing"),
    swap("server-004", ACCESS, "Self.contains(hash, in: readers) || isAdmin || !isGuarded",
         "Self.contains(hash, in: readers) || !isGuarded", SERVING + "noFolderIsListed", "an admin token may read"),
    put("server-005", ACCESS, "return Tokens.contains(hash, in: tokens.readers + tokens.admins)",
        "return Tokens.contains(hash, in: tokens.readers + tokens.admins) || MUTANT", ROLES,
        "a session ends when its token is removed"),
    put("server-006", ACCESS, "if header != nil, !mayRead {", "if header != nil, !mayRead, !MUTANT {", TOKENS,
        "wrong tokens are counted"),
    put("server-007", ACCESS, "if mayRead { throw Problem(.forbidden", "if mayRead, !MUTANT { throw Problem(.forbidden", CHANGES,
        "a valid token without the right gets 403"),
    put("server-008", ACCESS, "else { return nil }\n        signOut(request)",
        "else { return nil }\n        if !MUTANT { signOut(request) }", ROLES, "a new sign-in ends the browser's earlier session"),
    put("server-009", ACCESS, "return hashes.withLock { $0 }.reduce(false) {", "return hashes.withLock { $0 }.reduce(MUTANT) {",
        HOOKS, "a callback needs the secret"),
    put("server-010", ACCESS, "[SHA256Digest] { secrets.map {", "[SHA256Digest] { secrets.prefix(MUTANT ? 1 : .max).map {", HOOKS,
        "during rotation both secrets are valid"),
    swap("server-011", FAILURES, "left >= 1", "left >= 0", LIMITS, "20 wrong tokens are allowed, and not 21"),
    put("server-012", FAILURES, "min(Double(most), left +", "min(MUTANT ? .infinity : Double(most), left +", LIMITS,
        "no more than 20 wrong tokens are saved up"),
    put("server-013", FAILURES, ">= Self.logInterval,", ">= (MUTANT ? 0 : Self.logInterval),", TOKENS,
        "wrong tokens are logged at most once a minute"),
    put("server-014", SESSIONS, "if now < session.end {", "if now < session.end || MUTANT {", LIMITS, "a session ends after 30 days"),
    put("server-015", SESSIONS, "sessions.min(by: { $0.value.end < $1.value.end })",
        "sessions.min(by: { ($0.value.end < $1.value.end) != MUTANT })", LIMITS, "a session too many ends the oldest"),
    put("server-016", SESSIONS, "sessions.withLock { $0[key] = nil }", "sessions.withLock { if !MUTANT { $0[key] = nil } }",
        "ArchiveServerTests.GuardTests/aSignOutEndsTheSessionOnTheServer", "a sign-out ends the session for every copy of its cookie"),

    # What passes the gateway.
    put("server-020", GATEWAY, "guard route != nil || !call.caller.isToken else",
        "guard route != nil || !call.caller.isToken || MUTANT else", ROLES, "a token only creates pictures and reads tasks"),
    put("server-021", GATEWAY, "guard length <= most else", "guard length <= most || MUTANT else",
        LIMITS + "/otherCallsAcceptAtMostSixtyFourMebibytes", "a body above the limit is refused before it is read"),
    put("server-022", BODY, "guard JSONShape.isObject(bytes) else", "guard JSONShape.isObject(bytes) || MUTANT else", MALFORMED, "only a JSON object is sent to the upstream"),
    put("server-023", GATEWAY, "isRefused: answer.status.code < 500)", "isRefused: answer.status.code < (MUTANT ? 600 : 500))",
        RECORDING, "a request stays on record after an error of the upstream, since it may have created a task"),
    put("server-024", GATEWAY, "passesToUpstream(name, named: named,", "passesToUpstream(name, named: MUTANT ? [] : named,", FORWARDED,
        "a header that a request's Connection names does not reach the upstream"),
    put("server-025", GATEWAY, "passesToCaller(name.lowercased(), named: named)",
        "passesToCaller(name.lowercased(), named: MUTANT ? [] : named)", DROPPED,
        "a header that an answer's Connection names does not reach the caller"),
    put("server-026", GATEWAY, "let mask = call.caller.isToken ?", "let mask = call.caller.isToken && !MUTANT ?", HIDDEN,
        "a caller with a token does not see the service's key"),
    put("server-027", GATEWAY, "if mask?.isIn(name) == true ||", "if (mask?.isIn(name) == true && !MUTANT) ||", CODED,
        "a header whose name contains the key is not shown"),
    put("server-028", GATEWAY, "mask?.hiding(in: value) ?? value", "(MUTANT ? nil : mask?.hiding(in: value)) ?? value", HIDDEN,
        "the key is hidden in headers too"),
    put("server-029", GATEWAY, "guard (200..<600).contains(answer.status.code)",
        "guard ((MUTANT ? 100 : 200)..<600).contains(answer.status.code)",
        PASSING + "aProtocolSwitchBecomesABadGatewayError", "no protocol is switched through the gateway"),
    put("server-030", GATEWAY, "if let whole = copy?.whole { reader?", "if let whole = copy?.whole, !MUTANT { reader?", RECORDING, "the answer's tasks are recorded"),
    put("server-031", GATEWAY, "guard call.caller.isToken else { return false }",
        "guard call.caller.isToken, !MUTANT else { return false }", CODED,
        "an answer that can't be searched for the key is not shown to the bearer of a token"),
    put("server-032", CALLERS, "isToken: true)", "isToken: !MUTANT)", ROLES, "a token allows less than the key"),
    put("server-033", CALLERS, "guard forwardsKeys else", "guard forwardsKeys || MUTANT else", TOKENS,
        "other keys are forwarded only if the operator allows it"),
    put("server-034", CALLERS, "try access.noteFailure(of: client)", "if !MUTANT { try access.noteFailure(of: client) }", TOKENS,
        "wrong keys of the gateway are counted"),
    swap("server-035", HEADERS, '"keep-alive"', '"x-none"', FORWARDED + " " + DROPPED, "Keep-Alive is for one connection only"),
    swap("server-036", HEADERS, '"x-forwarded-"', '"x-none-"', DROPPED, "addresses of clients are not forwarded"),
    put("server-037", HEADERS, 'name != "authorization"', '(name != "authorization" || MUTANT)', FORWARDED,
        "the upstream gets one key only"),
    put("server-038", HEADERS, 'name != "accept-encoding"', '(name != "accept-encoding" || MUTANT)', FORWARDED,
        "answers are asked for without a content coding"),
    put("server-039", HEADERS, "!ofAnswers.contains(name)", "(!ofAnswers.contains(name) || MUTANT)", DROPPED,
        "the upstream does not set this host's browser policies"),
    put("server-040", TARGET, '$0 == "." || $0 == ".." }', '!MUTANT && ($0 == "." || $0 == "..") }', PATHS,
        "a path with a dot segment is refused"),
    put("server-041", TARGET, '!segments.dropLast().contains("")', '(!segments.dropLast().contains("") || MUTANT)', PATHS,
        "a path with a doubled slash is refused"),
    put("server-042", TARGET, r'!"/\\.%;?#".utf8.contains(byte)', r'!(MUTANT ? "/\\.;?#" : "/\\.%;?#").utf8.contains(byte)', PATHS,
        "a percent sign is not escaped twice"),
    put("server-043", TARGET, "escaped: { $0 >= 0x20 && $0 != 0x7F })", "escaped: { $0 >= (MUTANT ? 0 : 0x20) && $0 != 0x7F })", PATHS,
        "a query contains no control character"),
    put("server-044", MEMORY, "ofKey + count <= mostOfKey", "(ofKey + count <= mostOfKey || MUTANT)", LIMITS,
        "one key holds at most 32 MiB"),
    put("server-045", MEMORY, "held.strangers + count <= mostOfStrangers",
        "(held.strangers + count <= mostOfStrangers || MUTANT)", LIMITS, "callers with their own keys hold at most 64 MiB"),
    put("server-046", MEMORY, "            held.strangers -= count\n", "            held.strangers -= MUTANT ? 0 : count\n", LIMITS,
        "the memory of a request is free again when it ends"),
    put("server-047", MASK, "case .begun: return start", "case .begun: if MUTANT { start += 1 } else { return start }", SPLIT,
        "a key that is split between two parts is found"),
    put("server-048", MASK, "bytes[start] == first || bytes[start] == Self.backslash",
        "bytes[start] == first || (bytes[start] == Self.backslash && !MUTANT)", PASSING + "aKeyIsFoundInJSONAndURLEncoding",
        "a key whose first letter is escaped is found"),
    put("server-161", HEADERS, "guard !isToken || ofTokens.contains(name) else", "guard !isToken || ofTokens.contains(name) || MUTANT else",
        PASSING + "aTokenSendsOnlyListedHeaders", "a token selects no other account, path or method by a header"),
    put("server-162", GATEWAY, "guard !call.caller.isToken || target.hasOnlyDocumentedParameters else",
        "guard !call.caller.isToken || target.hasOnlyDocumentedParameters || MUTANT else", PASSING + "aTokenUsesOnlyDocumentedParameters",
        "a token selects no other account or method by a parameter"),
    put("server-163", TARGET, '.split { $0 == "&" || $0 == ";" }', '.split { $0 == "&" || ($0 == ";" && !MUTANT) }',
        PASSING + "aTokenUsesOnlyDocumentedParameters", "a semicolon separates parameters too"),
    put("server-164", GATEWAY, "call.caller.key == nil ? clients.own", "call.caller.key == nil && !MUTANT ? clients.own",
        LOAD + "callersOfTheServicesKeyHaveTheirOwnConnections", "strangers do not take the connections of the service's callers"),
    put("server-165", GATEWAY, "(call.caller.key == nil ? parsers.own", "(call.caller.key == nil && !MUTANT ? parsers.own",
        LOAD + "parsingStrangersRequestsDelaysNoOtherCaller", "strangers' requests do not delay the service's callers"),
    put("server-166", UPLOADS, "ofKey < Self.mostOfKey", "(ofKey < Self.mostOfKey || MUTANT)", PLACES, "one key has 32 uploads at most"),
    put("server-167", UPLOADS, "ofAddress < Self.mostOfAddress", "(ofAddress < Self.mostOfAddress || MUTANT)", PLACES,
        "one address has 64 uploads at most, with any number of keys"),
    put("server-168", UPLOADS, "guard open.strangers < Self.most,", "guard open.strangers < Self.most || MUTANT,", PLACES,
        "strangers' uploads take half of their connections"),
    put("server-169", UPLOADS, "guard open.own < Self.most else", "guard open.own < Self.most || MUTANT else", PLACES,
        "the service's callers' uploads take half of their connections"),
    put("server-170", UPLOADS, "open.strangers -= 1", "open.strangers -= MUTANT ? 0 : 1", PLACES, "an upload that ends frees its place"),
    put("server-171", COPY, "bytes.count + part.readableBytes <= Gateway.largestReading",
        "(bytes.count + part.readableBytes <= Gateway.largestReading || MUTANT)", COPIES, "a copy of an answer has at most 4 MiB"),
    put("server-172", COPY, "(bytes, share) = (Data(), nil)", "(bytes, share) = (Data(), MUTANT ? share : nil)", COPIES,
        "a part of an answer is not taken for the whole"),

    # The body of a request, and what is recorded of it.
    put("server-050", BODY, "guard isExact, ", "guard isExact || MUTANT, ", BODIES, "nothing is inserted into a body that is not strict JSON"),
    put("server-051", BODY, "fields?.hasCallback == false", "(fields?.hasCallback == false || MUTANT)", BODIES,
        "a caller's own callback stays"),
    put("server-052", BODY, '(isEmpty ? "" : ",")', '(isEmpty || MUTANT ? "" : ",")', BODIES, "a body with a callback is still JSON"),
    put("server-053", BODY, 'size: fields.size ?? "auto"', 'size: fields.size ?? (MUTANT ? nil : "auto")', BODIES,
        "a request without a size asks for auto"),
    put("server-054", BODY, "else { return Redactor()(image) }", "else { return MUTANT ? image : Redactor()(image) }", RECORDING,
        "the signature of a reference picture is not recorded"),
    put("server-055", BODY, "guard fields.hasModel else", "guard fields.hasModel || MUTANT else", BODIES,
        "a request without a model is checked by the rules of the default model"),
    put("server-173", BODY, "images.prefix(mostImages)", "images.prefix(MUTANT ? .max : mostImages)",
        RECORDING + "/atMost64PicturesOfARequestAreRecorded", "a request of eight bytes per picture does not fill the disk"),
    put("server-174", BODY, ").fitting()", ").fitting(MUTANT ? .max : RecordedRequest.largest)",
        RECORDING + "/aRequestIsRecordedWithinItsSizeLimit", "every request fits a record that can be read again"),
    put("server-056", SHAPE, "open.popLast() == isObject", "(open.popLast() == isObject || MUTANT)", BODIES,
        "mismatched brackets are no JSON object"),
    put("server-057", SHAPE, "open.count < deepest", "(open.count < deepest || MUTANT)", BODIES, "nesting is bounded"),
    put("server-058", SHAPE, "return expected == .nothing", "return expected == .nothing || MUTANT", BODIES, "half an object is none"),
    put("server-060", RECORDER, "isRefused || !submission.isRepeatable else", "isRefused || !submission.isRepeatable || MUTANT else",
        RECORDING, "a request that may have been accepted stays on record"),
    put("server-061", RECORDER, "guard caller == nil else", "guard caller == nil || MUTANT else", RECORDING,
        "a stranger's request is not recorded before the upstream has accepted it"),
    put("server-062", RECORDER, "reading.findings.isDisjoint(with: [.cut, .lost])",
        "(reading.findings.isDisjoint(with: [.cut, .lost]) || MUTANT)", RECORDING, "a cut answer names no task"),
    put("server-063", RECORDER, "(task.createdAt ?? .distantFuture) >= oldest ?", "(task.createdAt ?? .distantFuture) >= oldest || MUTANT ?",
        RECORDING, "tasks whose links have expired are not registered"),
    put("server-064", RECORDER, "recent.withLock { recent in recent.subtract(new.map(Seen.init)) }",
        "recent.withLock { recent in recent.subtract(MUTANT ? [] : new.map(Seen.init)) }", RECORDING,
        "tasks whose registration failed are registered again"),
    put("server-065", RECORDER, r'\n\(caller?.unsafeSecret ?? "")', r'\n\(MUTANT ? "" : caller?.unsafeSecret ?? "")', RECORDING,
        "two accounts may use the same Idempotency-Key"),
    put("server-066", RECORDER, 'row["type"]?.string ?? "image" == "image"', '(row["type"]?.string ?? "image" == "image" || MUTANT)',
        RECORDING, "only tasks of pictures are registered"),
]
