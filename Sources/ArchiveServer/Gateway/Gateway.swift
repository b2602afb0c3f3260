import Archiver
import AsyncHTTPClient
import BlockingThreads
import Foundation
import GenerationAPI
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
import NIOHTTP1
import Networking
package import Secrets

/// A proxy for the upstream's API: a client's tasks are archived as soon as it uses this base URL.
///
/// Passes the upstream's status, headers and body through unchanged. A ``GatewayRecorder`` records requests and answers in the
/// background: a caller never waits for the archive and never sees its errors.
package struct Gateway: Sendable {
    package struct Options: Sendable {
        /// The upstream's address without a trailing slash.
        package var baseURL: String
        /// The service's own key.
        package var key: APIKey
        /// Whether other keys are forwarded as well, and used to read the tasks created with them.
        package var forwardsKeys = false
        /// Whether to reject requests that the upstream's documentation rules out.
        package var validates = false
        /// Callback address for requests that name none.
        package var callbackURL: String?

        package init(baseURL: String, key: APIKey) {
            self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
            self.key = key
        }
    }

    /// Maximum size of a request to generate, or of a batch of task IDs, in bytes. It is buffered; other requests are streamed.
    static let largestRequest = 16 << 20
    /// Maximum size of any other request in bytes.
    static let largestUpload = 64 << 20
    /// Maximum size of an answer that is parsed, in bytes. Larger answers are passed through unread.
    static let largestReading = 4 << 20

    private let options: @Sendable () -> Options
    private let access: AccessControl
    private let memory = GatewayMemory()
    /// For copies of answers that name a new task. They are small, so this memory is never short.
    private let created = GatewayMemory(most: 64 << 20)
    /// For copies of answers that name known tasks.
    private let seen = GatewayMemory(most: 64 << 20)
    private let recorder: GatewayRecorder
    private let parsers: GatewayParsers
    private let clients: GatewayClients
    private let uploads = GatewayUploads()
    private let logger: Logger

    /// - Parameters:
    ///   - options: The current options, evaluated for each request.
    ///   - access: Callers with its gateway or admin tokens may use the service's own key.
    ///   - parsers: Parse the bodies of requests to generate.
    ///   - clients: Must be shut down by the caller.
    package init(
        _ options: @autoclosure @escaping @Sendable () -> Options, access: AccessControl, recorder: GatewayRecorder,
        parsers: GatewayParsers = GatewayParsers(), clients: GatewayClients, logger: Logger
    ) {
        self.options = options
        self.access = access
        self.recorder = recorder
        self.parsers = parsers
        self.clients = clients
        self.logger = logger
    }

    static let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete]

    func add(to router: Router<ServerContext>) {
        for method in Self.methods {
            router.on("v1/**", method: method) { request, context in
                do {
                    return try await pass(request, from: context.client)
                } catch let error as GatewayUpstreamError {
                    return try error.response
                }
            }
        }
    }

    /// An authorized request.
    private struct Call {
        var request: Request
        var target: GatewayTarget
        var caller: GatewayCallers.Caller
        var options: Options
    }

    private func pass(_ request: Request, from client: ClientAddress) async throws -> Response {
        let target = try GatewayTarget(request)
        let options = options()
        let callers = GatewayCallers(own: options.key, access: access, forwardsKeys: options.forwardsKeys)
        let call = Call(
            request: request, target: target, caller: try callers.identify(request, from: client), options: options)
        let route = Route(target.path, request.method)
        guard route != nil || !call.caller.isToken else {
            throw GatewayUpstreamError(
                .forbidden, "permission_error", "a token of the archive allows only creating pictures and reading tasks",
                param: nil)
        }
        guard !call.caller.isToken || target.hasOnlyDocumentedParameters else {
            throw GatewayUpstreamError(
                .forbidden, "permission_error",
                "a token of the archive allows only the query parameters \(GatewayTarget.documented.joined(separator: ", "))",
                param: nil)
        }
        switch route {
        case .create: return try await create(call)
        case .batch: return try await batch(call)
        case .task, .tasks, nil: break
        }
        let length = try Self.length(of: request, most: Self.largestUpload)
        let hasBody = length.map { $0 > 0 } ?? (request.headers[.transferEncoding] != nil)
        let upload = hasBody ? uploads.begin(key: call.caller.keyHash, address: client) : nil
        guard !hasBody || upload != nil else { throw Self.tooMany("uploads") }
        defer { withExtendedLifetime(upload) {} }
        let body = hasBody ? UploadRelay.begin(CallerBody(request.body, most: Self.largestUpload)) : nil
        do {
            let answer = try await send(
                call, body: body.map { .stream($0, length: length.map { .known(Int64($0)) } ?? .unknown) })
            let isHead = request.method == .head
            let response = try passed(
                answer, to: call, isHead: isHead, reader: reader(of: answer, to: call, route), upload: body)
            // Otherwise the body's end stops the upload.
            if response.body.contentLength == 0 || isHead { await body?.stop() }
            return response
        } catch {
            let failure = body?.failure
            await body?.stop()
            throw failure.map { Self.problem(of: $0, most: Self.largestUpload) } ?? error
        }
    }

    /// A batch of task IDs is small. It is buffered, so that a slow caller holds no connection to the upstream.
    private func batch(_ call: Call) async throws -> Response {
        let share = memory.share(of: call.caller.keyHash)
        let answer = try await send(call, body: .bytes(try await read(call.request, share)))
        withExtendedLifetime(share) {}
        return try passed(answer, to: call, reader: reader(of: answer, to: call, .batch))
    }

    /// Registers the tasks that an answer names; `nil` if it names none.
    private func reader(of answer: HTTPClientResponse, to call: Call, _ route: Route?) -> AnswerReader? {
        guard answer.status.code == 200, route != nil else { return nil }
        return AnswerReader(memory: seen, key: call.caller.keyHash) { [recorder] in
            recorder.seen($0, caller: call.caller.key)
        }
    }

    private static func tooMany(_ what: String) -> GatewayUpstreamError {
        GatewayUpstreamError(
            .tooManyRequests, "rate_limit_error", "too many \(what) are in progress; try again", param: nil,
            headers: [.retryAfter: "2"])
    }

    /// - Throws: ``GatewayUpstreamError`` with 413 if the announced length is too large.
    private static func length(of request: Request, most: Int) throws -> Int? {
        guard let text = request.headers[.contentLength] else { return nil }
        guard let length = Int(text), length >= 0 else {
            throw GatewayUpstreamError(.badRequest, "invalid_request_error", "Content-Length is not a number", param: nil)
        }
        guard length <= most else { throw problem(of: CallerBody.TooLarge(), most: most) }
        return length
    }

    /// The answer when a caller's body could not be read.
    private static func problem(of failure: any Error, most: Int) -> any Error {
        switch failure {
        case is CallerBody.TooLarge:
            GatewayUpstreamError(.contentTooLarge, "invalid_request_error", "the body is larger than \(most) bytes", param: nil)
        // The server library answers these with 400 and closes the connection.
        case is HTTPParserError, is CancellationError: failure
        default: GatewayUpstreamError(.badRequest, "invalid_request_error", "the body is incomplete", param: nil)
        }
    }

    /// Calls whose answers name tasks to archive.
    private enum Route {
        case create, task, tasks, batch

        init?(_ path: String, _ method: HTTPRequest.Method) {
            let parts = path.split(separator: "/")
            switch (method, parts.dropFirst().first, parts.count) {
            case (.post, "images", 3) where parts[2] == "generations": self = .create
            case (.post, "tasks", 3) where parts[2] == "batch": self = .batch
            case (.get, "tasks", 2), (.head, "tasks", 2): self = .tasks
            // Refuse escaped characters: an upstream that decodes an escaped slash would use another path.
            case (.get, "tasks", 3), (.head, "tasks", 3):
                guard !parts[2].contains("%") else { return nil }
                self = .task
            default: return nil
            }
        }
    }

    private func create(_ call: Call) async throws -> Response {
        let share = memory.share(of: call.caller.keyHash)
        let bytes = try await read(call.request, share)
        let (validates, callbackURL) = (call.options.validates, call.options.callbackURL)
        let generation = try await (call.caller.key == nil ? parsers.own : parsers.strangers).run {
            try GenerationBody.checked(bytes, validates: validates, callbackURL: callbackURL)
        }
        let submission = recorder.begin(
            generation, idempotencyKey: call.request.headers[.idempotencyKey], caller: call.caller.key)
        do {
            let answer = try await send(call, body: .bytes(generation.bytes))
            guard (200..<300).contains(answer.status.code) else {
                recorder.drop(submission, isRefused: answer.status.code < 500)
                return try passed(answer, to: call)
            }
            let reader = AnswerReader(memory: created, key: call.caller.keyHash) { [recorder] in
                recorder.created(submission, $0, caller: call.caller.key)
                withExtendedLifetime(share) {}
            }
            return try passed(answer, to: call, reader: reader)
        } catch {
            recorder.drop(submission, isRefused: false)
            throw error
        }
    }

    /// Buffers a request, as long as the shared memory limit allows it.
    private func read(_ request: Request, _ share: GatewayMemory.Share) async throws -> Data {
        var bytes = Data(capacity: min(try Self.length(of: request, most: Self.largestRequest) ?? 0, 1 << 20))
        do {
            for try await part in CallerBody(request.body, most: Self.largestRequest) {
                guard share.take(part.readableBytes) else { throw Self.tooMany("large requests") }
                bytes.append(contentsOf: part.readableBytesView)
            }
        } catch let error as GatewayUpstreamError {
            throw error
        } catch {
            throw Self.problem(of: error, most: Self.largestRequest)
        }
        return bytes
    }

    // MARK: Forwarding

    private func send(_ call: Call, body: HTTPClientRequest.Body?) async throws -> HTTPClientResponse {
        guard let url = try? FetchableURL(call.target.url(below: call.options.baseURL)) else {
            throw GatewayUpstreamError(.badRequest, "invalid_request_error", "the request target is not a valid URL", param: nil)
        }
        var out = HTTPClientRequest(url: url.text)
        out.method = HTTPMethod(rawValue: call.request.method.rawValue)
        let named = GatewayHeaders.named(by: call.request.headers[values: .connection])
        for field in call.request.headers {
            let name = field.name.canonicalName
            guard GatewayHeaders.passesToUpstream(name, named: named, isToken: call.caller.isToken) else { continue }
            out.headers.add(name: field.name.rawName, value: field.value)
        }
        out.headers.add(name: "authorization", value: call.caller.authorization)
        out.headers.add(name: "accept-encoding", value: "identity")
        out.body = body
        let http = call.caller.key == nil ? clients.own : clients.strangers
        let answer: HTTPClientResponse
        do {
            answer = try await http.execute(out, timeout: GatewayClients.timeout)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.warning("the upstream did not answer a request of the gateway", metadata: ["error": "\(error)"])
            throw GatewayUpstreamError(.badGateway, "upstream_error", "the upstream did not answer; try again", param: nil)
        }
        // A 1xx status is not a final answer, and no protocol change was requested.
        guard (200..<600).contains(answer.status.code) else {
            throw GatewayUpstreamError(
                .badGateway, "upstream_error", "the upstream answered with status \(answer.status.code)", param: nil)
        }
        return answer
    }

    /// - Parameter reader: `nil` if nobody else needs the body.
    private func passed(
        _ answer: HTTPClientResponse, to call: Call, isHead: Bool = false, reader: AnswerReader? = nil, upload: UploadRelay? = nil
    ) throws -> Response {
        var headers = HTTPFields()
        let named = GatewayHeaders.named(by: answer.headers["connection"])
        // A caller with a token must not learn the service's key if the upstream repeats it.
        let mask = call.caller.isToken ? SecretMask(call.options.key.unsafeSecret) : nil
        let isCoded = try mustDecode(answer, for: call)
        for (name, value) in answer.headers {
            guard GatewayHeaders.passesToCaller(name.lowercased(), named: named), let field = HTTPField.Name(name) else {
                continue
            }
            if mask?.isIn(name) == true || (isCoded && field == .contentEncoding) { continue }
            headers.append(HTTPField(name: field, value: mask?.hiding(in: value) ?? value))
        }
        let length = isCoded ? nil : answer.headers.first(name: "content-length").flatMap { Int($0) }
        let status = HTTPResponse.Status(code: Int(answer.status.code), reasonPhrase: answer.status.reasonPhrase)
        // These answers have no body (RFC 9110, section 6.4.1).
        if isHead || status.code == 204 || status.code == 304 {
            if isHead, let length { headers[.contentLength] = "\(length)" }
            return Response(status: status, headers: headers)
        }
        return Response(
            status: status, headers: headers,
            body: Self.body(of: answer, length: length, isCoded: isCoded, mask: mask, reader: reader, upload: upload))
    }

    /// The body of an answer, forwarded part by part.
    private static func body(
        of answer: HTTPClientResponse, length: Int?, isCoded: Bool, mask: SecretMask?, reader: AnswerReader?, upload: UploadRelay?
    ) -> ResponseBody {
        ResponseBody(contentLength: length) { writer in
            do {
                var parts = try AnswerParts(answer, isCoded: isCoded)
                var copy = reader?.copy
                var hangUp: (any Error)?
                var mask = mask
                while let part = try await parts.next() {
                    copy?.append(part)
                    if let hangUp {
                        // The caller has disconnected, and the copy was given up: stop reading.
                        guard copy?.whole != nil else { throw hangUp }
                        continue
                    }
                    do {
                        let shown = mask?.push(part) ?? part
                        if shown.readableBytes > 0 { try await writer.write(shown) }
                    } catch {
                        guard copy?.whole != nil else { throw error }
                        hangUp = error
                    }
                }
                if let whole = copy?.whole { reader?.read(whole) }
                copy = nil
                if let hangUp { throw hangUp }
                if let rest = mask?.finish(), rest.readableBytes > 0 { try await writer.write(rest) }
                try await writer.finish(nil)
            } catch {
                await upload?.stop()
                throw error
            }
            await upload?.stop()
        }
    }

    /// Whether the answer has a content coding although none was requested. It is decoded, so that the recorder and the secret
    /// mask see the same bytes as the caller.
    /// - Throws: ``GatewayUpstreamError`` for an unsupported coding if the answer must be decoded.
    private func mustDecode(_ answer: HTTPClientResponse, for call: Call) throws -> Bool {
        do {
            return try ContentDecoder(answer.headers, mostBytes: AnswerParts.most, refusesUnknown: true) != nil
        } catch {
            guard call.caller.isToken else { return false }
            throw GatewayUpstreamError(
                .badGateway, "upstream_error", "the upstream's answer can't be read: \(error.detail)", param: nil)
        }
    }
}

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key") ?? .server
}
