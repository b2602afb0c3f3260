package import Foundation

/// The party that caused a failure. The audit requests a refund only for `vendor`.
package enum FailureCause: String, Sendable, Hashable, Codable, CaseIterable {
    /// The storage host or the API answered, and the answer was wrong.
    case vendor
    /// This machine, its network policy, its limits, its disk or this program.
    case ours
    /// No answer arrived: a timeout, or a refused or reset connection.
    case unknown
    /// A person ended the output or task with `fixative give-up`.
    case person
}

/// A task or output that failed and will be retried.
package struct FailingState: Sendable, Hashable, Codable {
    package var cause: FailureCause
    /// The time of the first failure since the last success.
    package var since: Date
    /// Attempts so far.
    package var tries: Int
    package var nextTry: Date
    /// How many times in a row the process died while working on this, as counted by later attempts.
    package var deaths: Int
    /// The lease expiry of a running attempt that follows a death; `nil` while no such attempt runs. An expired lease means
    /// that the process died again; the next attempt counts that death.
    package var leaseEnds: Date?

    package init(cause: FailureCause, since: Date, tries: Int, nextTry: Date, deaths: Int, leaseEnds: Date? = nil) {
        self.cause = cause
        self.since = since
        self.tries = tries
        self.nextTry = nextTry
        self.deaths = deaths
        self.leaseEnds = leaseEnds
    }

    /// From this many deaths in a row on, the input itself is reported as the suspected cause.
    package static let deathsOfSuspect = 3

    package func deaths(at now: Date) -> Int { deaths + (leaseEnds.map { $0 <= now } == true ? 1 : 0) }

    package func isSuspect(at now: Date) -> Bool { deaths(at: now) >= Self.deathsOfSuspect }

    /// The reason for the wait, as text for users.
    /// - Parameter last: The reason of the last failure.
    package func reason(last: String?, at now: Date) -> String {
        guard isSuspect(at: now) else { return last ?? "not tried yet" }
        return "the process ended abnormally \(deaths(at: now)) times during this item, so the item is retried rarely and alone"
    }
}

/// A delivery that is not a complete picture, or may not be one. It is kept until a complete picture arrives or the retry window
/// closes.
package struct DeliveryCandidate: Sendable, Hashable, Codable {
    package var original: BlobReference
    /// Why these bytes could not be decoded as a picture.
    package var reason: String
    /// Whether the bytes begin with the signature of a known picture format.
    package var looksLikePicture: Bool
    package var download: DownloadFacts
    /// The file format, if the bytes may be complete: our decoder failed, the host did not state where the file ends, or nothing
    /// shows whether a file that is not decoded is damaged.
    package var unread: UnreadFacts?
    /// The digest of the latest delivery that may be complete and was not worth storing.
    package var laterDigest: Digest?

    package init(
        original: BlobReference, reason: String, looksLikePicture: Bool, download: DownloadFacts, unread: UnreadFacts? = nil
    ) {
        self.original = original
        self.reason = reason
        self.looksLikePicture = looksLikePicture
        self.download = download
        self.unread = unread
    }

    /// The maximum number of different deliveries kept for one output.
    package static let most = 3
    /// In bytes. A dropped candidate stays on the disk until `gc`, so only smaller deliveries may replace equally good ones: with
    /// 120 tries, they are less than 48 MiB for one output.
    package static let largestReplacement = 400 << 10

    /// How useful the bytes are: 3 if they may be complete, 2 for a damaged picture, 1 for anything else, 0 if there are none.
    private var rank: Int {
        if unread != nil { return 3 }
        if looksLikePicture { return 2 }
        return original.bytes > 0 ? 1 : 0
    }

    /// The newest of the most useful candidates.
    /// - Parameter candidates: Sorted from oldest to newest.
    package static func best(of candidates: [DeliveryCandidate]) -> DeliveryCandidate? {
        candidates.reversed().max { $0.rank < $1.rank }
    }

    /// The candidates above ``most``: the least useful ones and, among equally useful ones, the oldest.
    /// - Parameter candidates: Sorted from oldest to newest.
    package static func surplus(of candidates: [DeliveryCandidate]) -> [DeliveryCandidate] {
        let byUse = candidates.enumerated().sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }
        return byUse.dropLast(most).map(\.element)
    }

    /// Whether a delivery with this digest repeats bytes that were delivered before.
    package func isConfirmed(by digest: Digest) -> Bool { original.digest == digest || laterDigest == digest }

    /// Whether this delivery is stored besides the candidates of its output: one of the first ``most``, a more useful one, or a
    /// small one. So a host that sends other bytes at each try can't fill the disk.
    package func isWorthStoring(besides candidates: [DeliveryCandidate]) -> Bool {
        let ranks = candidates.map(\.rank)
        guard candidates.count >= Self.most, let lowest = ranks.min(), let highest = ranks.max() else { return true }
        if candidates.contains(where: { $0.original.digest == original.digest }) { return true }
        return rank > highest || (rank >= lowest && original.bytes <= Self.largestReplacement)
    }
}
