/// What goes wrong, as a pure function of the seed, the subject and the number of the attempt.
///
/// A subject is what a client would try again: one task's reading, one file, one page of the list. Rates, under `hostile`:
///
/// | fault | subjects |
/// |---|---|
/// | an API call fails at first: once, twice, three times | 17 %, 5 %, 2 % |
/// | a download fails at first: once, twice, three times | 22 %, 7 %, 3 % |
/// | a task vanishes | 2 % |
/// | its links die early, once / for good | 4 % / 3 % |
/// | redirects for ever in a circle / to a private address | 1 % / 1 % |
/// | always a web page / always cut short | 1 % / 1 % |
/// | a created task fails / is cancelled | 3 % / 1 % |
package struct FaultPlan: Sendable {
    package let profile: FaultProfile
    package let seed: UInt64

    package init(profile: FaultProfile, seed: UInt64) {
        self.profile = profile
        self.seed = seed
    }

    /// What becomes of the task with this id.
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

    /// How the task with this id ends once its time is up.
    func outcome(of task: String) -> TaskOutcome {
        guard profile == .hostile else { return .completed }
        var draw = Draw(seed: seed, "outcome:" + task)
        return switch draw.below(1000) {
        case 0..<30: .failed(draw.pick(TaskFailure.stock))
        case 30..<40: .cancelled
        default: .completed
        }
    }

    /// What goes wrong with an API call.
    ///
    /// - Parameters:
    ///   - subject: What is asked for.
    ///   - attempt: How often it was asked for, this time included: from 1.
    /// - Returns: `nil` when nothing does, and always from the fourth attempt on.
    package func apiFault(_ subject: String, attempt: Int) -> APIFault? {
        guard isFaulty(subject, attempt: attempt, once: 170, twice: 50, thrice: 20) else { return nil }
        var draw = Draw(seed: seed, "call:" + subject, attempt)
        return draw.pick(weighted: [
            (3, .tooManyRequests(.seconds(0))), (2, .tooManyRequests(.seconds(1))), (1, .tooManyRequests(.date)),
            (3, .serverError(500)), (3, .serverError(502)), (3, .serverError(503)), (2, .htmlPage), (1, .emptyBody),
            (2, .malformedJSON), (2, .cut), (2, .late(milliseconds: 200 + draw.below(600))),
        ])
    }

    /// What goes wrong with a download.
    ///
    /// - Parameters:
    ///   - subject: The file.
    ///   - attempt: How often it was asked for, this time included and redirected requests not counted: from 1.
    /// - Returns: `nil` when nothing does, and always from the fourth attempt on.
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

    /// How a page of the list is spoilt: a row that was on an earlier page comes again, as when the list moves while it is read, and
    /// the total is off by some rows, as when tasks come and go.
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

/// How an answer asks the client to wait.
package enum RetryHint: Sendable, Hashable {
    case seconds(Int)
    /// As an HTTP date, one second ahead.
    case date
}

/// What goes wrong with one API call.
package enum APIFault: Sendable, Hashable {
    case tooManyRequests(RetryHint)
    /// 500, 502 or 503; the call is not carried out.
    case serverError(Int)
    /// 200 with a web page, as from a proxy in the way; the call is not carried out.
    case htmlPage
    /// The call is carried out, and its answer is lost.
    case emptyBody
    /// The call is carried out, and its answer ends in the middle of the JSON.
    case malformedJSON
    /// The call is carried out, and the connection is cut in the middle of the answer.
    case cut
    /// The answer is right, and late.
    case late(milliseconds: Int)
}

/// What goes wrong with one download.
package enum DownloadFault: Sendable, Hashable {
    case tooManyRequests(RetryHint)
    /// 500, 502 or 503.
    case serverError(Int)
    /// The right bytes, a few at a time, over this long in all.
    case drip(milliseconds: Int)
    /// The connection is cut after this part of the body.
    case cut(percent: Int)
    /// The content length is larger than the body.
    case announcedTooLong
    /// The content length is smaller than the body.
    case announcedTooShort
    /// 200 with a web page.
    case htmlPage
    /// 200 without a body.
    case emptyBody
    /// This part of the file, with a content length that agrees.
    case truncated(percent: Int)
    case redirectRelative
    case redirectAbsolute
    /// The right answer, late.
    case late(milliseconds: Int)
}
