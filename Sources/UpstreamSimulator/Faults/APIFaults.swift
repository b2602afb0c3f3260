import ArchiveModel
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Networking

/// Injects faults into API calls according to the plan.
struct APIFaults: RouterMiddleware {
    typealias Context = BasicRequestContext

    /// Maximum size of a call's body in bytes.
    static let largestBody = 1 << 20

    let plan: FaultPlan
    let attempts: AttemptCounter
    let clock: any WallClock

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var request = request
        let body: ByteBuffer
        do {
            body = try await request.collectBody(upTo: Self.largestBody)
        } catch is NIOTooManyBytesError {
            throw SimulatedAPIError.tooLarge(limit: Self.largestBody)
        }
        let subject = Self.subject(request, body: body)
        do {
            guard let fault = fault(for: subject) else { return try await next(request, context) }
            return try await answer(fault) { try await next(request, context) }
        } catch var error as SimulatedAPIError {
            var draw = Draw(seed: plan.seed, "code:" + subject)
            error.writesCodeAsString = plan.profile != .none && draw.perThousand(400)
            throw error
        }
    }

    /// Lists are polled without end, so their faults start again after every twelve reads. Other calls have their faults only
    /// once.
    private func fault(for subject: String) -> APIFault? {
        guard plan.profile == .hostile else { return nil }
        let count = attempts.count(subject)
        guard subject.hasPrefix("GET /v1/tasks?") || subject.hasPrefix("GET /v1/credits") else {
            return plan.apiFault(subject, attempt: count)
        }
        let round = (count - 1) / 12
        return plan.apiFault("\(subject)#\(round)", attempt: (count - 1) % 12 + 1)
    }

    private func answer(_ fault: APIFault, _ next: () async throws -> Response) async throws -> Response {
        switch fault {
        case .tooManyRequests(let hint):
            var error = SimulatedAPIError(.tooManyRequests, type: "rate_limit_error", "Too many requests, slow down")
            error.retryAfter = hint.header(now: clock.now)
            throw error
        case .serverError(let code): throw Self.serverError(code)
        case .htmlPage: return FaultyAnswer.htmlPage()
        case .late(let milliseconds):
            let response = try await next()
            try await clock.sleep(for: .milliseconds(milliseconds))
            return response
        case .emptyBody, .malformedJSON, .cut:
            let response = try await next()
            let bytes = try await FaultyAnswer.bytes(of: response.body)
            switch fault {
            case .emptyBody: return Response(status: response.status, headers: [.contentType: "application/json"])
            case .cut: return FaultyAnswer.cut(status: response.status, headers: response.headers, bytes: bytes, percent: 50)
            default:
                let half = bytes.getSlice(at: bytes.readerIndex, length: bytes.readableBytes * 2 / 3) ?? ByteBuffer()
                return Response(
                    status: response.status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: half))
            }
        }
    }

    private static func serverError(_ code: Int) -> SimulatedAPIError {
        switch code {
        case 502:
            SimulatedAPIError(
                .badGateway, type: "upstream_error", "The provider gave no valid answer", suggestion: "Try again later.")
        case 503:
            SimulatedAPIError(
                .serviceUnavailable, type: "service_unavailable_error", "The service is overloaded",
                suggestion: "Try again later.")
        default: SimulatedAPIError(.internalServerError, type: "internal_error", "Internal error")
        }
    }

    /// Identifies a call; the same for repeated calls.
    private static func subject(_ request: Request, body: ByteBuffer) -> String {
        let query = (request.uri.query ?? "").split(separator: "&").sorted().joined(separator: "&")
        var content = String(buffer: body)
        if let key = request.headers[.idempotencyKey] {
            content = key
        } else if let ids = (try? JSONValue(body: body))?["task_ids"]?.array {
            content = ids.compactMap(\.string).sorted().joined(separator: ",")
        }
        return "\(request.method) \(request.uri.path)?\(query)#\(content)"
    }
}

extension RetryHint {
    /// The value of a `Retry-After` header.
    func header(now: Date) -> String {
        switch self {
        case .seconds(let seconds): String(seconds)
        case .date: HTTPDate.text(now.addingTimeInterval(1))
        }
    }
}
