/// Selects faults: a pure function of the seed, the subject and the attempt number.
///
/// A subject is something that a client would retry: reading one task, one file, one page of the list. Rates under `hostile`:
///
/// | fault | subjects |
/// |---|---|
/// | an API call fails at first: once, twice, three times | 17 %, 5 %, 2 % |
/// | a download fails at first: once, twice, three times | 22 %, 7 %, 3 % |
/// | a task vanishes | 2 % |
/// | its links stop working early, only the first / all of them | 4 % / 3 % |
/// | endless redirects in a circle / a redirect to a private address | 1 % / 1 % |
/// | always an HTML page / always truncated | 1 % / 1 % |
/// | a created task fails / is cancelled | 3 % / 1 % |
package struct FaultPlan: Sendable {
    package let profile: FaultProfile
    package let seed: UInt64

    package init(profile: FaultProfile, seed: UInt64) {
        self.profile = profile
        self.seed = seed
    }

    /// The fate of a task.
    package func fate(of task: String) -> TaskFate {
        guard profile == .hostile else { return .ordinary }
        var draw = Draw(seed: seed, "fate:" + task)
        let number = draw.below(1000)
        let status = draw.pick([403, 404, 410])
        return switch number {
        case 0..<20: .vanished
        case 20..<50: .linkDead(status: status)
        case 50..<60: .redirectLoop
        case 60..<70: .redirectToPrivateAddress
        case 70..<80: .alwaysHTML
        case 80..<90: .truncated
        case 90..<130: .linkDiesOnce(status: status)
        default: .ordinary
        }
    }

    /// The final result of a task.
    func outcome(of task: String) -> SimulatedOutcome {
        guard profile == .hostile else { return .completed }
        var draw = Draw(seed: seed, "outcome:" + task)
        return switch draw.below(1000) {
        case 0..<30: .failed(draw.pick(TaskFailure.stock))
        case 30..<40: .cancelled
        default: .completed
        }
    }

    /// The fault of an API call.
    ///
    /// - Parameters:
    ///   - subject: Identifies the call.
    ///   - attempt: Number of this attempt, from 1.
    /// - Returns: `nil` for no fault; always `nil` from the fourth attempt on.
    package func apiFault(_ subject: String, attempt: Int) -> APIFault? {
        guard isFaulty(subject, attempt: attempt, once: 170, twice: 50, thrice: 20) else { return nil }
        var draw = Draw(seed: seed, "call:" + subject, attempt)
        return draw.pick(weighted: [
            (3, .tooManyRequests(.seconds(0))), (2, .tooManyRequests(.seconds(1))), (1, .tooManyRequests(.date)),
            (3, .serverError(500)), (3, .serverError(502)), (3, .serverError(503)), (2, .htmlPage), (1, .emptyBody),
            (2, .malformedJSON), (2, .cut), (2, .late(milliseconds: 200 + draw.below(600))),
        ])
    }

    /// The fault of a download.
    ///
    /// - Parameters:
    ///   - subject: The file.
    ///   - attempt: Number of this attempt, from 1. Redirected requests are not counted.
    /// - Returns: `nil` for no fault; always `nil` from the fourth attempt on.
    package func downloadFault(_ subject: String, attempt: Int) -> DownloadFault? {
        guard isFaulty(subject, attempt: attempt, once: 220, twice: 70, thrice: 30) else { return nil }
        var draw = Draw(seed: seed, "download:" + subject, attempt)
        return draw.pick(weighted: [
            (2, .tooManyRequests(.seconds(0))), (1, .tooManyRequests(.seconds(1))), (1, .tooManyRequests(.date)),
            (2, .serverError(500)), (2, .serverError(502)), (2, .serverError(503)),
            (3, .drip(milliseconds: 300 + draw.below(1000))), (4, .cut(percent: 5 + draw.below(90))),
            (2, .announcedTooLong), (2, .announcedTooShort), (2, .htmlPage), (2, .emptyBody),
            (2, .truncated(percent: 20 + draw.below(75))),
            (3, .redirectRelative), (3, .redirectAbsolute), (2, .late(milliseconds: 200 + draw.below(800))),
        ])
    }

    /// Inaccuracies of a list page. A row of the previous page may be repeated, as if the list had moved between reads. The total
    /// may be off by some rows, as if tasks had been added or deleted.
    func listNoise(page: Int, round: Int) -> (repeatsRow: Bool, totalShift: Int) {
        guard profile == .hostile else { return (false, 0) }
        var draw = Draw(seed: seed, "page:\(round)", page)
        return (page > 1 && draw.perThousand(500), draw.below(6) - 2)
    }

    private func isFaulty(_ subject: String, attempt: Int, once: Int, twice: Int, thrice: Int) -> Bool {
        guard profile == .hostile, attempt <= 3 else { return false }
        var draw = Draw(seed: seed, "faulty attempts:" + subject)
        let number = draw.below(1000)
        let faultyAttempts = number < thrice ? 3 : number < thrice + twice ? 2 : number < thrice + twice + once ? 1 : 0
        return attempt <= faultyAttempts
    }
}

/// The form of a `Retry-After` header.
package enum RetryHint: Sendable, Hashable {
    case seconds(Int)
    /// An HTTP date one second in the future.
    case date
}

/// A fault of an API call.
package enum APIFault: Sendable, Hashable {
    case tooManyRequests(RetryHint)
    /// 500, 502 or 503; the call is not executed.
    case serverError(Int)
    /// 200 with an HTML page, as from a proxy in between; the call is not executed.
    case htmlPage
    /// The call is executed, but its answer is empty.
    case emptyBody
    /// The call is executed, but its JSON is truncated.
    case malformedJSON
    /// The call is executed, but the connection is closed in the middle of the answer.
    case cut
    /// The answer is correct, but delayed.
    case late(milliseconds: Int)
}

/// A fault of a download.
package enum DownloadFault: Sendable, Hashable {
    case tooManyRequests(RetryHint)
    /// 500, 502 or 503.
    case serverError(Int)
    /// The correct bytes in small pieces, spread over this total time.
    case drip(milliseconds: Int)
    /// The connection is closed after this part of the body.
    case cut(percent: Int)
    /// Content-Length is larger than the body.
    case announcedTooLong
    /// Content-Length is smaller than the body.
    case announcedTooShort
    /// 200 with an HTML page.
    case htmlPage
    /// 200 without a body.
    case emptyBody
    /// Only this part of the file, with a matching Content-Length.
    case truncated(percent: Int)
    case redirectRelative
    case redirectAbsolute
    /// The answer is correct, but delayed.
    case late(milliseconds: Int)
}
