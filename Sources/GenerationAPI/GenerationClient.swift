package import ArchiveModel
package import AsyncHTTPClient
package import Foundation
import HTTPClients
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
package import Networking
package import Secrets

/// A typed client for the API, with retries.
package struct GenerationClient: Sendable {
    package static let defaultBaseURL = "https://api.evolink.ai"

    /// An answer may contain the pictures themselves, so the limit is large.
    private static let bodyLimit = 64 << 20
    /// JSON values that are read of one task's answer, and of a list. Each may take hundreds of bytes of memory.
    private static let valuesOfATask = 100_000
    private static let valuesOfAList = 200_000

    private let baseURL: String
    private var key: APIKey
    private var http: HTTPClient
    private let clock: any WallClock
    private var retry: RetryPolicy
    /// The longest wait in seconds before an attempt inside this client. Longer waits are thrown to the caller.
    private var longestWait: TimeInterval = 60
    private let timeout: TimeInterval
    private var hidden: @Sendable () -> [String]
    private let gate: HostRateLimiter
    private let largeAnswers: LargeAnswers
    /// Rate-limit key: limits and pauses apply per API key.
    private var rateLimitKey: String
    private let onRetry: @Sendable (APIError) -> Void
    /// Detects answers that do not show the real account; shared by all clients derived from this one.
    package let monitor: UpstreamMonitor
    /// The clock compared with the API's; always the machine's clock.
    let machineClock: any WallClock

    /// - Parameters:
    ///   - baseURL: With or without a trailing slash.
    ///   - timeout: Seconds for one attempt at a call, including its body.
    ///   - hostLimits: Limits on concurrent requests and requests per second. A 429 for one call pauses all calls with the same
    ///     key.
    ///   - hidden: Texts besides the key that an answer may repeat and no record may contain, such as the webhook's secret. Called each
    ///     time, since a reload changes them.
    ///   - onRetry: Called for each failed attempt that will be retried.
    package init(
        baseURL: String, key: APIKey, http: HTTPClient, clock: any WallClock, retry: RetryPolicy = RetryPolicy(),
        timeout: TimeInterval = 60, hostLimits: HostLimits = HostLimits(concurrent: 8),
        monitor: UpstreamMonitor = UpstreamMonitor(), machineClock: any WallClock = SystemClock(),
        hidden: @escaping @Sendable () -> [String] = { [] },
        onRetry: @escaping @Sendable (APIError) -> Void = { _ in }
    ) {
        self.monitor = monitor
        self.machineClock = machineClock
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        self.key = key
        self.http = http
        self.clock = clock
        self.retry = retry
        self.timeout = timeout
        self.hidden = hidden
        gate = HostRateLimiter(limits: hostLimits, clock: clock)
        largeAnswers = LargeAnswers(clock: clock)
        rateLimitKey = Self.rateLimitKey(self.baseURL, key)
        self.onRetry = onRetry
    }

    private static func rateLimitKey(_ baseURL: String, _ key: APIKey) -> String { "\(baseURL) \(key.fingerprint)" }

    /// A copy of the client for another account's key. Limits and pauses apply per key, and are shared by all clients derived
    /// from the same one. Its ``secrets`` include those of this client.
    package func with(_ key: APIKey) -> GenerationClient {
        var other = self
        other.key = key
        other.rateLimitKey = Self.rateLimitKey(baseURL, key)
        other.hidden = { [self] in secrets }
        return other
    }

    /// The same client, which makes each call so many times in all before its error is given on.
    package func with(attempts: Int) -> GenerationClient {
        var other = self
        other.retry.attempts = attempts
        return other
    }

    /// The same client, which throws longer waits than this number of seconds to the caller.
    package func with(longestWait: TimeInterval) -> GenerationClient {
        var other = self
        other.longestWait = longestWait
        return other
    }

    /// The same client over other connections.
    package func with(_ http: HTTPClient) -> GenerationClient {
        var other = self
        other.http = http
        return other
    }

    /// Whether decisions based on the time of day may be final now; see ``UpstreamMonitor/isClockConfirmed(now:)``.
    package var isClockConfirmed: Bool { monitor.isClockConfirmed(now: machineClock.now) }

    /// Seconds by which the API's clock is ahead of this machine's, by its last answer; `nil` if no answer has told its time.
    package var clockSkew: TimeInterval? { monitor.clockSkew }

    /// Texts that no record may contain, although the API or a host may send them back: the key, and the hidden texts.
    package var secrets: [String] { [key.unsafeSecret] + hidden() }

    private var redact: Redactor { Redactor(secrets: secrets) }

    /// An HTTP client for API calls. Its connect timeout is short, since each call is retried anyway. It follows no redirects,
    /// which would send the key to another host.
    package static func makeHTTPClient() -> HTTPClient {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10), read: .seconds(60)))
        configuration.connectionPool.retryConnectionEstablishment = false
        // Unanswered calls with one key must not hold the connections of others. The calls of each key are limited anyway.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        // Some networks code answers although none is requested.
        configuration.decompression = .enabled(limit: .size(bodyLimit))
        configuration.refuseUnknownStatus()
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Starts a generation. Repeating the same `idempotencyKey` never creates a second task.
    ///
    /// - Throws: ``APIError``. The request is not validated here: call ``GenerationRequest/problems()`` first.
    package func create(_ request: GenerationRequest, idempotencyKey: String) async throws -> TaskSnapshot {
        let body = try JSONEncoder.archive(pretty: false).encode(request.json)
        let call = Call(
            method: .POST, path: "/v1/images/generations", body: body, headers: ["Idempotency-Key": idempotencyKey],
            wants: "a task")
        return try await perform(call) { task(in: $0, nil) }
    }

    /// Reads one task.
    /// - Throws: ``APIError``; code `notFound` if the upstream does not know the task.
    package func task(_ id: TaskID) async throws -> TaskSnapshot {
        let call = Call(method: .GET, path: "/v1/tasks/\(Self.escaped(id.text))", wants: "the requested task")
        return try await perform(call) { task(in: $0, id) }
    }

    /// The single task in an answer; `nil` if the answer is truncated or corrupted, since missing fields then prove nothing.
    private func task(in reading: JSONReading, _ expected: TaskID?) -> TaskSnapshot? {
        guard reading.findings.isDisjoint(with: [.cut, .lost]) else { return nil }
        guard let task = TaskSnapshot.find(in: reading.value, expected: expected, base: baseURL) else { return nil }
        // The results may be among the values that were left out.
        let isInDoubt = reading.findings.contains(.many) && task.results.isEmpty && task.stage != .unfinished
        return isInDoubt ? nil : task
    }

    /// Reads up to 50 tasks at once. Tasks unknown to the upstream are missing from the answer.
    ///
    /// An unreadable row does not affect other rows; the batch is then marked as having gaps. If the answer is too large, which
    /// happens when it contains pictures, the tasks are read in two halves.
    package func tasks(_ ids: [TaskID]) async throws -> TaskBatch {
        precondition(ids.count <= UpstreamRules.batchLimit)
        do {
            return try await batch(ids)
        } catch let error as APIError where error.code == .tooLarge && ids.count > 1 {
            let middle = ids.count / 2
            let halves = [try await tasks(Array(ids[..<middle])), try await tasks(Array(ids[middle...]))]
            return TaskBatch(
                tasks: halves[0].tasks.merging(halves[1].tasks) { first, _ in first }, hasGaps: halves.contains(where: \.hasGaps))
        }
    }

    private func batch(_ ids: [TaskID]) async throws -> TaskBatch {
        let body = try JSONEncoder().encode(JSONValue.object(["task_ids": .array(ids.map { .string($0.text) })]))
        let call = Call(
            method: .POST, path: "/v1/tasks/batch", body: body, wants: "a list of tasks", values: Self.valuesOfAList)
        let rows = try await rows(call, omitsCutRow: true)
        return TaskBatch(
            tasks: Dictionary(rows.tasks.map { ($0.id, $0) }) { first, _ in first },
            hasGaps: rows.isIncomplete || rows.tasks.count < rows.rows)
    }

    /// Reads a page of the account's image tasks, newest first. Pages are counted from 1.
    package func page(_ number: Int) async throws -> AccountPage {
        let path = "/v1/tasks?type=image&page=\(number)&page_size=\(UpstreamRules.pageSize)"
        return try await rows(Call(method: .GET, path: path, wants: "a list of tasks", values: Self.valuesOfAList))
    }

    /// The rows of a list. A truncated or corrupted list is requested once more; after that, its intact rows are used.
    /// - Parameter omitsCutRow: Whether to omit the row at which our limit of values may have cut the list. Such a row has an ID,
    ///   but may lack results.
    private func rows(_ call: Call, omitsCutRow: Bool = false) async throws -> AccountPage {
        var isSecond = false
        return try await perform(call) { reading in
            guard let rows = Self.rows(in: reading.value) else { return nil }
            let isIncomplete = !reading.findings.isDisjoint(with: .incomplete)
            if isIncomplete, !isSecond {
                isSecond = true
                return nil
            }
            let isCut = omitsCutRow && reading.findings.contains(.many)
            let totals = [reading.value["total"], reading.value["data"]?["total"]]
            return AccountPage(
                tasks: (isCut ? rows.dropLast() : rows[...]).compactMap { TaskSnapshot($0, base: baseURL) }, rows: rows.count,
                total: totals.lazy.compactMap { $0?.integer.flatMap { Int(exactly: $0) } }.first, isIncomplete: isIncomplete)
        }
    }

    private static func rows(in json: JSONValue) -> [JSONValue]? {
        let names = ["data", "tasks", "items", "list"]
        return json.array ?? names.lazy.compactMap { json[$0]?.array }.first
            ?? names.lazy.compactMap { json["data"]?[$0]?.array }.first
    }

    // MARK: Calls

    private struct Call: Sendable {
        var method: HTTPMethod
        var path: String
        var body: Data?
        var headers: [String: String] = [:]
        /// The expected content, for the error message about another answer.
        var wants: String
        /// The most values of the answer that are read.
        var values = GenerationClient.valuesOfATask

        /// Method and path for messages, without the query.
        var name: String { "\(method.rawValue) \(path.prefix { $0 != "?" })" }
    }

    /// Makes a call, and retries until it succeeds, fails with a permanent error, or reaches the maximum number of attempts.
    private func perform<Value: Sendable>(_ call: Call, reading read: (JSONReading) -> Value?) async throws -> Value {
        var generator = SystemRandomNumberGenerator()
        var failures = 0
        while true {
            do {
                let reading = try await attemptInTurn(call)
                guard let value = read(reading) else {
                    if reading.findings.contains(.many) {
                        throw APIError(.tooLarge, call: call.name, message: "the answer has more than \(call.values) values")
                    }
                    throw APIError(.malformed, status: 200, call: call.name, message: "the answer is not \(call.wants)")
                }
                confirmOrigin()
                return value
            } catch let error as APIError where error.isTransient {
                failures += 1
                let isLong = error.retryAfter.map { $0.timeIntervalSince(clock.now) > longestWait } ?? false
                guard failures < retry.attempts, !isLong else {
                    reportOrigin(of: error)
                    throw error
                }
                onRetry(error)
                try await clock.sleep(
                    until: retry.nextTry(after: clock.now, failures: failures, retryAfter: error.retryAfter, using: &generator))
            }
        }
    }

    /// One attempt. Waits for the concurrency limit and pauses, which all calls with the same key share.
    private func attemptInTurn(_ call: Call) async throws -> JSONReading {
        if let pauseEnd = try await gate.acquire(rateLimitKey, maxWait: longestWait) {
            throw APIError(.rateLimited, call: call.name, message: "the API requested a pause", retryAfter: pauseEnd)
        }
        do {
            let json = try await attempt(call)
            await gate.release(rateLimitKey)
            await gate.recordSuccess(of: rateLimitKey)
            return json
        } catch {
            await gate.release(rateLimitKey)
            if let error = error as? APIError, error.code == .rateLimited {
                await gate.recordRefusal(of: rateLimitKey, retryAfter: error.retryAfter)
            }
            throw error
        }
    }

    private func attempt(_ call: Call) async throws -> JSONReading {
        let place = largeAnswers.place()
        do {
            let reading = try await attempt(call, place)
            await place.giveBack()
            return reading
        } catch {
            await place.giveBack()
            throw error
        }
    }

    private func attempt(_ call: Call, _ place: LargeAnswers.Place) async throws -> JSONReading {
        let url: FetchableURL
        do {
            url = try FetchableURL(baseURL + call.path)
        } catch {
            throw APIError(.refused, call: call.name, message: "the API address can't be used: \(error)")
        }
        var request = HTTPClientRequest(url: url.text)
        request.method = call.method
        request.headers.add(name: "authorization", value: key.authorization)
        request.headers.add(name: "user-agent", value: Product.userAgent)
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "accept-encoding", value: "identity")
        for (header, value) in call.headers { request.headers.add(name: header, value: value) }
        if let body = call.body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let received = try await answer(to: request, call.name, place)
        let (head, bytes) = (received.head, received.body)
        try checkOrigin(head, bytes, call.name)
        let reading = Result { try JSONReading(bytes, limits: JSONReading.Limits(values: call.values)) }
        guard (200..<300).contains(head.status.code) else {
            let json = try? reading.get().value
            if json?["error"] != nil, head.status.code < 500 { confirmOrigin() }
            throw failure(head, json, call.name)
        }
        switch reading {
        case .success(let reading): return reading
        case .failure(let error):
            throw APIError(
                .malformed, status: Int(head.status.code), call: call.name, message: "the answer is not JSON: \(error)")
        }
    }

    /// Not a tuple: it passes through a task group (see `SingleAnswer` in `Archiver+Resolve.swift`).
    private struct Answer: Sendable {
        var head: HTTPClientResponse
        var body: Data
    }

    /// Sends a request and receives its answer.
    private func answer(
        to request: HTTPClientRequest, _ name: String, _ place: LargeAnswers.Place
    ) async throws -> Answer {
        let waited: @Sendable () -> TimeInterval = { place.waited }
        do {
            return try await withTimeout(timeout, clock: clock, without: waited) { [http, timeout] in
                let response = try await http.execute(request, timeout: .milliseconds(Int64(timeout * 1000)))
                return Answer(head: response, body: try await Self.collect(response.body, place))
            }
        } catch let error where error is CancellationError || Task.isCancelled {
            throw CancellationError()
        } catch is BodyTooLarge {
            throw APIError(.tooLarge, call: name, message: "the answer has more than \(Self.bodyLimit) bytes")
        } catch {
            throw APIError(.transport, call: name, message: redact("\(error)"))
        }
    }

    private struct BodyTooLarge: Error {}

    private static func collect(_ body: HTTPClientResponse.Body, _ place: LargeAnswers.Place) async throws -> Data {
        var data = Data()
        for try await chunk in body {
            guard data.count + chunk.readableBytes <= bodyLimit else { throw BodyTooLarge() }
            if data.count + chunk.readableBytes > LargeAnswers.threshold { try await place.take() }
            data.append(contentsOf: chunk.readableBytesView)
        }
        return data
    }

    private func failure(_ response: HTTPClientResponse, _ json: JSONValue?, _ name: String) -> APIError {
        let status = Int(response.status.code)
        let code: APIError.Code =
            switch status {
            case 401: .unauthorized
            case 402: .noQuota
            case 403: .forbidden
            case 404, 410: .notFound
            case 429: .rateLimited
            case 408, 425, 500...: .server
            default: .refused
            }
        let words = json?["error"]?["message"]?.string ?? json?["message"]?.string ?? response.status.reasonPhrase
        let hint = json?["error"]?["fallback_suggestion"]?.string.map { " (\($0))" } ?? ""
        return APIError(
            code, status: status, call: name, message: redact(words + hint).cut(to: 500),
            retryAfter: RetryPolicy.retryAfter(response.headers.first(name: "retry-after"), now: clock.now))
    }

    /// The ID as a path segment; every byte except RFC 3986 unreserved characters is percent-encoded.
    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var path: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: path.append(byte)
            default: path += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: path, as: UTF8.self)
    }
}
