import HTTPTypes
import Testing

@testable import UpstreamSimulator

struct AuthenticationTests {
    @Test(
        arguments: [
            (nil, 401, "authentication_error"), ("Bearer ", 401, "authentication_error"),
            ("Basic abc", 401, "authentication_error"),
            ("Bearer bad-key", 401, "authentication_error"), ("Bearer broke-key", 402, "insufficient_quota_error"),
            ("Bearer forbidden-key", 403, "permission_error"),
        ] as [(String?, Int, String)])
    func anInvalidKeyIsRefused(header: String?, status: Int, type: String) async throws {
        try await Bench.run { bench in
            var headers = HTTPFields()
            headers[.authorization] = header
            for path in ["/v1/tasks", "/v1/tasks/task-1", "/v1/credits"] {
                let answer = try await bench.call(.get, path, headers: headers)
                #expect(answer.status == status)
                #expect(answer.errorType == type)
            }
        }
    }

    @Test func onlyListedKeysAreAccepted() async throws {
        try await Bench.run {
            $0.keys = KeyRule(accepted: ["one"])
        } test: { bench in
            let known = try await bench.call(.get, "/v1/credits", headers: [.authorization: "Bearer one"])
            #expect(known.status == 200)
            let unknown = try await bench.call(.get, "/v1/credits", headers: [.authorization: "Bearer two"])
            #expect(unknown.status == 401)
        }
    }

    @Test func anUnknownPathGetsTheDocumentedError() async throws {
        try await Bench.run { bench in
            let answer = try await bench.call(.get, "/v1/videos")
            #expect(answer.status == 404)
            #expect(answer.errorType == "not_found_error")
        }
    }
}
