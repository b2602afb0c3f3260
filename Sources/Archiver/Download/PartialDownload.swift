import ArchiveModel
import BlobStore
import Foundation
import GenerationAPI
import NIOHTTP1
import Networking

/// The received part of a file, and what is needed to request the rest.
struct PartialDownload: Sendable {
    var ingest: any BlobIngest
    /// Identifies this version of the file, for `If-Range`; empty if the host sent no usable validator.
    var validator: String
    /// Announced size of the complete file in bytes; under a content coding, of the encoded file.
    var total: Int?
    /// Facts of the first answer.
    var facts: DownloadFacts
    /// Bytes received and stored.
    var bytes = 0
    /// Whether a content coding was decoded. Positions in the file then do not match positions in the transfer.
    var isCoded = false
    /// Whether the host states where the file ends.
    var isEndStated = false

    var canResume: Bool { bytes > 0 && !validator.isEmpty && !isCoded }

    /// Whether an answer describes another version of the file (RFC 9110, section 15.3.7.3).
    func isContradicted(by headers: HTTPHeaders, total newTotal: Int?) -> Bool {
        if let total, let newTotal, total != newTotal, bytes < total { return true }
        let name = validator.hasPrefix("\"") ? "etag" : "last-modified"
        return headers.first(name: name).map { $0 != validator } ?? false
    }
}

/// A connection that broke in the middle of a file, with the bytes received by then.
struct InterruptedDownload: Error {
    var partial: PartialDownload
    var cause: DownloadError
    /// Whether the answer was complete as announced, but contained only a part of the file.
    var isCleanPart = false
}

/// The file differs from the part received earlier and must be fetched from its beginning.
struct StartOver: Error {
    var cause: DownloadError
}

/// The part of a file that an answer contains (RFC 9110, section 14.4).
struct ContentRange: Equatable {
    /// The byte range of the part; `nil` if the answer only gives the length of the file.
    let range: Range<Int>?
    /// `nil` if the host does not know the length.
    let total: Int?

    /// Parses `bytes 5-9/10`, `bytes 5-9/*` and `bytes */10`. Returns `nil` for anything else, including contradictory numbers
    /// and a repeated header.
    init?(_ headers: HTTPHeaders) {
        let values = headers["content-range"]
        guard values.count == 1, let value = values.first?.lowercased(), value.hasPrefix("bytes ") else { return nil }
        let parts = value.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        total = Self.number(parts[1])
        guard total != nil || parts[1] == "*" else { return nil }
        if parts[0] == "*" {
            guard total != nil else { return nil }
            range = nil
            return
        }
        let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map(Self.number)
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last, last < total ?? Int.max else { return nil }
        range = first..<(last + 1)
    }

    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    /// The validator for `If-Range`: a strong entity tag or, without any tag, a strong `Last-Modified` date. A date is strong if
    /// it is at least one second before the answer's `Date` (RFC 9110, sections 8.8.2.2 and 13.1.5).
    static func validator(_ headers: HTTPHeaders, now: Date) -> String? {
        if let tag = headers.first(name: "etag") {
            return tag.count >= 2 && tag.hasPrefix("\"") && tag.hasSuffix("\"") ? tag : nil
        }
        guard let text = headers.first(name: "last-modified"), let changed = RetryPolicy.retryAfter(text, now: now) else {
            return nil
        }
        let answered = RetryPolicy.retryAfter(headers.first(name: "date"), now: now) ?? now
        return answered.timeIntervalSince(changed) >= 1 ? text : nil
    }
}
