import ArchiveModel
import Archiver
package import AsyncHTTPClient
import Foundation
package import GenerationAPI
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
import NIOHTTP1
import Networking

/// The upstream's API passed through, so that a client is archived by changing its base URL alone.
///
/// Status, headers and body are the upstream's, as they come. What is learnt on the way goes to a ``GatewayRecorder``, behind the
/// caller's back: he never waits for the archive, and never hears of its troubles.
package struct Gateway: Sendable {
    package struct Options: Sendable {
        /// The upstream, without a slash at its end.
        package var baseURL: String
        /// The service's own key.
        package var key: APIKey
        /// Whether keys other than the service's are forwarded, and used to read the tasks made with them.
        package var forwardsKeys = false
        /// Whether requests that the upstream's documentation rules out are refused here.
        package var validates = false
        /// Where the upstream is to call back for requests that name no address of their own.
        package var callbackURL: String?

        package init(baseURL: String, key: APIKey) {
            self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
            self.key = key
        }
    }

    /// The most bytes of a request to generate, which is read whole; others stream.
    static let largestRequest = 16 << 20
    /// The most bytes of an answer that is looked into; it passes either way.
    static let largestReading = 4 << 20
    /// Seconds that the upstream may take to begin its answer, and then between its bytes.
    private static let patience = TimeAmount.seconds(180)

    private let options: Options
    private let callers: GatewayCallers
    private let recorder: GatewayRecorder
    private let http: HTTPClient
    private let logger: Logger

    /// - Parameters:
    ///   - access: Its gateway and admin tokens let their bearers use the service's own key.
    ///   - http: Must follow no redirects: those are the caller's.
    package init(_ options: Options, access: AccessControl, recorder: GatewayRecorder, http: HTTPClient, logger: Logger) {
        self.options = options
        callers = GatewayCallers(own: options.key, access: access, forwardsKeys: options.forwardsKeys)
        self.recorder = recorder
        self.http = http
        self.logger = logger
    }

    /// A client that passes answers on as they are.
    package static func makeHTTPClient() -> HTTPClient {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10), read: patience))
        configuration.redirectConfiguration = .disallow
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    static let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete]

    func add(to router: Router<some RequestContext>) {
        for method in Self.methods {
            router.on("v1/**", method: method) { request, _ in
                do {
                    return try await pass(request)
                } catch let error as UpstreamProblem {
                    return try error.response
                }
            }
        }
    }

    private func pass(_ request: Request) async throws -> Response {
        let path = request.uri.path
        guard !path.split(separator: "/").contains(where: { $0.removingPercentEncoding == ".." }) else {
            throw UpstreamProblem(.badRequest, "invalid_request_error", "the path has a '..' in it", param: nil)
        }
        let caller = try callers.identify(request)
        let route = Route(path, request.method)
        guard route != nil || !caller.isToken else {
            throw UpstreamProblem(
                .forbidden, "permission_error", "a token of the archive may have pictures made and read tasks, and nothing else",
                param: nil)
        }
        if route == .create { return try await create(request, caller) }
        let length = request.headers[.contentLength].flatMap { Int64($0) }
        let hasBody = length.map { $0 > 0 } ?? (request.headers[.transferEncoding] != nil)
        let body: HTTPClientRequest.Body? =
            hasBody ? .stream(request.body, length: length.map(HTTPClientRequest.Body.Length.known) ?? .unknown) : nil
        let answer = try await send(request, caller, body: body)
        let reads = answer.status.code == 200 && route != nil
        guard reads else { return passed(answer, isHead: request.method == .head) }
        return passed(answer, isHead: request.method == .head) { [recorder] in
            recorder.seen($0, caller: caller.key)
        }
    }

    /// The calls that tell of pictures.
    private enum Route {
        case create, task, tasks, batch

        init?(_ path: String, _ method: HTTPRequest.Method) {
            let parts = path.split(separator: "/")
            switch (method, parts.dropFirst().first, parts.count) {
            case (.post, "images", 3) where parts[2] == "generations": self = .create
            case (.post, "tasks", 3) where parts[2] == "batch": self = .batch
            case (.get, "tasks", 2), (.head, "tasks", 2): self = .tasks
            // An escaped slash may be one to the upstream, and lead elsewhere.
            case (.get, "tasks", 3), (.head, "tasks", 3):
                guard !parts[2].contains("%") else { return nil }
                self = .task
            default: return nil
            }
        }
    }

    private func create(_ request: Request, _ caller: GatewayCallers.Caller) async throws -> Response {
        let bytes: ByteBuffer
        do {
            bytes = try await request.body.collect(upTo: Self.largestRequest)
        } catch is NIOTooManyBytesError {
            throw UpstreamProblem(
                .contentTooLarge, "invalid_request_error", "the body is larger than \(Self.largestRequest) bytes", param: nil)
        }
        var generation = GenerationBody(Data(bytes.readableBytesView))
        if options.validates, let problem = generation.sizeProblem {
            throw UpstreamProblem(.badRequest, "invalid_request_error", problem.description, param: problem.parameter)
        }
        if let callback = options.callbackURL { generation.addCallback(callback) }
        let submission = recorder.begin(generation, idempotencyKey: request.headers[.idempotencyKey], caller: caller.key)
        do {
            let answer = try await send(request, caller, body: .bytes(ByteBuffer(bytes: generation.bytes)))
            guard (200..<300).contains(answer.status.code) else {
                recorder.drop(submission, isRefused: answer.status.code < 500)
                return passed(answer)
            }
            return passed(answer) { [recorder] in recorder.created(submission, $0, caller: caller.key) }
        } catch {
            recorder.drop(submission, isRefused: false)
            throw error
        }
    }

    // MARK: There and back

    /// Headers that belong to one connection (RFC 9110, section 7.6.1), and those that this server or client sets itself.
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "transfer-encoding", "upgrade", "host", "content-length", "expect",
    ]

    private func send(
        _ request: Request, _ caller: GatewayCallers.Caller, body: HTTPClientRequest.Body?
    ) async throws -> HTTPClientResponse {
        var out = HTTPClientRequest(url: try upstream(request).text)
        out.method = HTTPMethod(rawValue: request.method.rawValue)
        let named = Self.connectionHeaders(request.headers[values: .connection])
        for field in request.headers {
            let name = field.name.canonicalName
            // The answer is read on its way, so it comes as it is; that is what an offer without this header means as well.
            guard !Self.hopByHop.contains(name), !named.contains(name), name != "authorization", name != "accept-encoding" else {
                continue
            }
            out.headers.add(name: field.name.rawName, value: field.value)
        }
        out.headers.add(name: "authorization", value: caller.authorization)
        out.headers.add(name: "accept-encoding", value: "identity")
        out.body = body
        do {
            return try await http.execute(out, timeout: Self.patience)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.warning("the upstream did not answer a request of the gateway", metadata: ["error": "\(error)"])
            throw UpstreamProblem(.badGateway, "upstream_error", "the upstream did not answer; try again", param: nil)
        }
    }

    /// The URL to pass a request on to. A request target that would lead away from the upstream, such as `@other.example/`, is refused,
    /// because the key goes with it.
    private func upstream(_ request: Request) throws -> FetchableURL {
        guard let base = try? FetchableURL(options.baseURL), let url = try? FetchableURL(options.baseURL + request.uri.string),
            url.hasOrigin(of: base)
        else { throw UpstreamProblem(.badRequest, "invalid_request_error", "the request target can't be used", param: nil) }
        return url
    }

    private static func connectionHeaders(_ values: [String]) -> Set<String> {
        Set(values.flatMap { $0.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespaces).lowercased() })
    }

    /// - Parameter reader: Takes the body once it has come whole, also when the caller has gone meanwhile; `nil` where nobody reads it.
    private func passed(
        _ answer: HTTPClientResponse, isHead: Bool = false, reader: (@Sendable (Data) -> Void)? = nil
    ) -> Response {
        var headers = HTTPFields()
        let named = Self.connectionHeaders(answer.headers["connection"])
        for (name, value) in answer.headers {
            let plain = name.lowercased()
            guard !Self.hopByHop.contains(plain), !named.contains(plain), let field = HTTPField.Name(name) else { continue }
            headers.append(HTTPField(name: field, value: value))
        }
        let length = answer.headers.first(name: "content-length").flatMap { Int($0) }
        let status = HTTPResponse.Status(code: Int(answer.status.code), reasonPhrase: answer.status.reasonPhrase)
        // Answers without a body (RFC 9110, section 6.4.1).
        if isHead || status.code == 204 || status.code == 304 {
            if isHead, let length { headers[.contentLength] = "\(length)" }
            return Response(status: status, headers: headers)
        }
        return Response(
            status: status, headers: headers,
            body: ResponseBody(contentLength: length) { writer in
                var read = ByteBuffer()
                var hangUp: (any Error)?
                for try await part in answer.body {
                    if reader != nil, read.readableBytes <= Self.largestReading { read.writeImmutableBuffer(part) }
                    guard hangUp == nil else { continue }
                    do {
                        try await writer.write(part)
                    } catch {
                        guard reader != nil else { throw error }
                        hangUp = error
                    }
                }
                if let reader, read.readableBytes <= Self.largestReading { reader(Data(read.readableBytesView)) }
                if let hangUp { throw hangUp }
                try await writer.finish(nil)
            })
    }
}

extension HTTPField.Name {
    static let idempotencyKey = HTTPField.Name("Idempotency-Key") ?? .server
}

/// A refusal of the gateway itself, in the upstream's form.
struct UpstreamProblem: Error {
    var status: HTTPResponse.Status
    var type: String
    var message: String
    /// The field of the request that is to blame.
    var param: String?

    init(_ status: HTTPResponse.Status, _ type: String, _ message: String, param: String?) {
        self.status = status
        self.type = type
        self.message = message
        self.param = param
    }

    var response: Response {
        get throws {
            try Answer.json(
                JSONValue.object([
                    "error": .object([
                        "code": .integer(Int64(status.code)), "message": .string(message), "type": .string(type),
                        "param": param.map(JSONValue.string) ?? .null,
                        "fallback_suggestion": .null,
                    ])
                ]), status: status)
        }
    }
}
