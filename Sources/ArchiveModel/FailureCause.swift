package import Foundation

/// Who caused a failure. It decides what the audit claims: a refund is asked for `vendor` alone.
package enum FailureCause: String, Sendable, Hashable, Codable, CaseIterable {
    /// The storage host or the API answered, and the answer was wrong.
    case vendor
    /// This machine, its network policy, its limits, its disk or this program.
    case ours
    /// Nobody answered: a time-out, a refused or reset connection.
    case unknown
    /// A person ended it with `fixative give-up`.
    case person
}

/// Something that is tried again and again: since when, why, and when the next try comes.
package struct FailingState: Sendable, Hashable, Codable {
    package var cause: FailureCause
    /// The time of the first failure since the last success.
    package var since: Date
    /// Tries so far.
    package var tries: Int
    package var nextTry: Date
    /// How often in a row the process died while this was in hand, as far as a later try has counted it.
    package var deaths: Int
    /// When the lease of a try after a death ends; `nil` while it waits. A lease that has run out is one more death, which the next
    /// try counts.
    package var leaseEnds: Date?

    package init(cause: FailureCause, since: Date, tries: Int, nextTry: Date, deaths: Int, leaseEnds: Date? = nil) {
        self.cause = cause
        self.since = since
        self.tries = tries
        self.nextTry = nextTry
        self.deaths = deaths
        self.leaseEnds = leaseEnds
    }

    /// After this many deaths in a row an input is shown as the suspected cause.
    package static let deathsOfSuspect = 3

    package func deaths(at now: Date) -> Int { deaths + (leaseEnds.map { $0 <= now } == true ? 1 : 0) }

    package func isSuspect(at now: Date) -> Bool { deaths(at: now) >= Self.deathsOfSuspect }

    /// Why it waits, for people.
    /// - Parameter last: The reason of the last failure.
    package func reason(last: String?, at now: Date) -> String {
        guard isSuspect(at: now) else { return last ?? "not tried yet" }
        return "the process died \(deaths(at: now)) times with this in hand, so it is tried alone and rarely"
    }
}

/// Delivered bytes that were not a whole picture. They are kept until a whole picture arrives or the window closes.
package struct DeliveryCandidate: Sendable, Hashable, Codable {
    package var original: BlobReference
    /// Why these bytes could not be read as a picture.
    package var reason: String
    /// Whether the bytes begin like a picture of a known format.
    package var looksLikePicture: Bool
    package var download: DownloadFacts
    /// What the file is, where our own decoder failed: then the bytes may be a whole picture.
    package var unread: UnreadFacts?

    package init(
        original: BlobReference, reason: String, looksLikePicture: Bool, download: DownloadFacts, unread: UnreadFacts? = nil
    ) {
        self.original = original
        self.reason = reason
        self.looksLikePicture = looksLikePicture
        self.download = download
        self.unread = unread
    }

    /// The most different deliveries that are kept for one output; the oldest is dropped first.
    package static let most = 3

    /// The candidate that says most: the newest that may be whole, else the newest damaged picture, else the newest delivery with any
    /// bytes.
    /// - Parameter candidates: The newest last.
    package static func best(of candidates: [DeliveryCandidate]) -> DeliveryCandidate? {
        candidates.last { $0.unread != nil } ?? candidates.last { $0.looksLikePicture } ?? candidates.last {
            $0.original.bytes > 0
        } ?? candidates.last
    }
}
