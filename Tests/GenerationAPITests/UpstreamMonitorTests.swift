import ArchiveModel
import AsyncHTTPClient
import Foundation
import GenerationAPI
import Hummingbird
import Synchronization
import Testing

@Suite struct UpstreamMonitorTests {
    /// 2026-11-22T12:00:00Z, a Sunday.
    private let now = Date(timeIntervalSince1970: 1_795_348_800)

    private func names(_ monitor: UpstreamMonitor) -> [String] { monitor.problems.map(\.name.rawValue) }

    @Test(
        arguments: [
            ("Sun, 22 Nov 2026 12:04:00 GMT", nil, 240, false), ("Sun, 22 Nov 2026 12:06:00 GMT", nil, 360, true),
            ("Sun, 22 Nov 2026 09:00:00 GMT", nil, -10_800, true),
            // A cache has kept it for three hours.
            ("Sun, 22 Nov 2026 09:00:00 GMT", "10800", 0, false), ("Fri, 31 Dec 9999 23:59:59 GMT", nil, 251_606_951_999, true),
        ] as [(String, String?, Double, Bool)])
    func aLargeClockDifferenceIsAProblem(_ date: String, _ age: String?, _ skew: Double, _ isProblem: Bool) {
        let monitor = UpstreamMonitor()
        monitor.compareClock(date: [date], age: age, now: now)
        #expect(monitor.clockSkew == skew)
        #expect(monitor.isClockConfirmed(now: now) == !isProblem)
        #expect(names(monitor) == (isProblem ? ["clock"] : []))
        monitor.compareClock(date: ["Sun, 22 Nov 2026 12:00:01 GMT"], age: nil, now: now)
        #expect(names(monitor) == [])
    }

    @Test func anInvalidDateIsIgnored() {
        let monitor = UpstreamMonitor()
        for dates in [[], ["120"], ["yesterday"], ["Sun, 22 Nov 2026 09:00:00 GMT", "Sun, 22 Nov 2026 12:00:00 GMT"]] {
            monitor.compareClock(date: dates, age: nil, now: now)
        }
        #expect(monitor.clockSkew == nil && !monitor.isClockConfirmed(now: now) && monitor.problems.isEmpty)
    }

    @Test func anAnswerConfirmsTheClockForFifteenMinutes() {
        let monitor = UpstreamMonitor()
        #expect(!monitor.isClockConfirmed(now: now), "nobody has answered")
        monitor.compareClock(date: ["Sun, 22 Nov 2026 12:04:00 GMT"], age: nil, now: now)
        for (seconds, isConfirmed) in [(0.0, true), (900, true), (901, false), (259_200, false), (-900, true), (-901, false)] {
            #expect(monitor.isClockConfirmed(now: now.addingTimeInterval(seconds)) == isConfirmed, "\(seconds) s")
        }
        monitor.compareClock(date: [], age: nil, now: now.addingTimeInterval(600))
        #expect(!monitor.isClockConfirmed(now: now.addingTimeInterval(901)), "an answer without a date confirms nothing")
        monitor.compareClock(date: ["Sun, 22 Nov 2026 12:00:00 GMT"], age: nil, now: now.addingTimeInterval(301))
        #expect(!monitor.isClockConfirmed(now: now.addingTimeInterval(301)), "the last answer counts")
    }

    @Test func aListOlderThanBeforeIsAProblem() {
        let monitor = UpstreamMonitor()
        func isStale(_ newest: Double?, _ before: Double?) -> Bool {
            monitor.compareList(newest: newest.map(now.addingTimeInterval), before: before.map(now.addingTimeInterval), now: now)
            return names(monitor) == ["stale-list"]
        }
        #expect(isStale(-120, -60))
        #expect(!isStale(-60, -60))
        #expect(isStale(nil, -60))
        #expect(!isStale(nil, -100_000), "an old task may have left the list")
        #expect(isStale(-200_000, -100_000))
        #expect(!isStale(-120, nil))
    }

    @Test func eachChangeIsReportedOnce() {
        let told = Mutex<[String]>([])
        let monitor = UpstreamMonitor { change in
            switch change {
            case .found(let problem): told.withLock { $0.append("+\(problem.name.rawValue)") }
            case .cleared(let name): told.withLock { $0.append("-\(name.rawValue)") }
            }
        }
        for _ in 0..<3 { monitor.report(UpstreamProblem(.redirect, "x")) }
        for _ in 0..<3 { monitor.clear(.redirect) }
        #expect(told.withLock { $0 } == ["+redirect", "-redirect"])
    }
}

/// What answers in the API's place.
@Suite struct AnswerOriginTests {
    private static let list = #"{"data":[],"total":0,"page":1,"page_size":50}"#
    private static let page = "<!doctype html><html><body>Sign in to the network</body></html>"

    /// Asks for the list with a client as the program makes it.
    private func ask(
        _ answers: [(status: Int, headers: [String: String], body: String)],
        _ check: @escaping @Sendable (_ error: APIError?, _ problems: [String], _ paths: [String]) throws -> Void
    ) async throws {
        try await withServer(answers) { client, _, seen in
            let http = GenerationClient.makeHTTPClient()
            let own = client.with(http)
            var failure: APIError?
            do {
                _ = try await own.page(1)
            } catch let error as APIError {
                failure = error
            }
            try await http.shutdown()
            try check(failure, own.monitor.problems.map(\.name.rawValue), seen().map { $0.uri.path })
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func aRedirectIsReportedAndNotFollowed(_ status: Int) async throws {
        try await ask([(status, ["Location": "/elsewhere?token=secret"], "")]) { error, problems, paths in
            #expect(error?.code == .redirected)
            #expect(problems == ["redirect"])
            #expect(Set(paths) == ["/v1/tasks"], "no other host is asked")
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test(
        arguments: [
            (200, ["Content-Type": "text/html"], page), (200, ["Content-Type": "application/json"], "  \n" + page),
            (200, [:], ""), (200, [:], "OK"), (200, [:], #"{"status":"ok"}"#), (404, ["Content-Type": "text/html"], page),
            (403, ["Content-Type": "text/html; charset=utf-8"], page), (511, [:], page), (200, [:], "\u{FEFF}" + page),
        ] as [(Int, [String: String], String)])
    func aForeignAnswerIsNamedAndNotFinal(_ status: Int, _ headers: [String: String], _ body: String) async throws {
        try await ask([(status, headers, body)]) { error, problems, _ in
            #expect(error?.isTransient == true && error?.stopsSource == false, "\(String(describing: error))")
            #expect(problems == ["not-the-api"])
        }
    }

    @Test func aTemporaryForeignPageLeavesNoProblem() async throws {
        try await ask([(200, ["Content-Type": "text/html"], Self.page), (302, ["Location": "/x"], ""), (200, [:], Self.list)]) {
            error, problems, _ in
            #expect(error == nil)
            #expect(problems == [])
        }
    }

    @Test func theAPIsOwnErrorsAreUnchanged() async throws {
        for (status, code) in [(401, APIError.Code.unauthorized), (403, .forbidden), (404, .notFound)] {
            try await ask([(status, [:], #"{"error":{"code":1,"message":"no"}}"#)]) { error, problems, _ in
                #expect(error?.code == code)
                #expect(problems == [])
            }
        }
        try await ask([(502, ["Content-Type": "text/html"], Self.page)]) { error, problems, _ in
            #expect(error?.code == .server)
            #expect(problems == [])
        }
    }
}
