import ArchiveModel
import BlobStore
import Foundation
import GenerationAPI
import NIOHTTP1

/// The beginning of a file that is on its way, and what it takes to ask for the rest.
struct PartialDownload: Sendable {
    var ingest: any BlobIngest
    /// Names this very version of the file, for `If-Range`; empty when the host gives none that will do.
    var validator: String
    /// Bytes of the whole file, as announced; of its coded form under a content coding.
    var total: Int?
    /// Of the answer that the file began with.
    var facts: DownloadFacts
    /// Bytes kept.
    var bytes = 0
    /// Whether a content coding was undone: then positions in the file are none in what is sent.
    var isCoded = false

    var canResume: Bool { bytes > 0 && !validator.isEmpty && !isCoded }

    /// Whether an answer is about another version of the file (RFC 9110, section 15.3.7.3).
    func isContradicted(by headers: HTTPHeaders, total newTotal: Int?) -> Bool {
        if let total, let newTotal, total != newTotal, bytes < total { return true }
        let name = validator.hasPrefix("\"") ? "etag" : "last-modified"
        return headers.first(name: name).map { $0 != validator } ?? false
    }
}

/// A connection that ended in the middle of a file, with what had come by then.
struct BrokenOff: Error {
    var partial: PartialDownload
    var cause: DownloadError
    /// Whether the answer ended where it said it would, and was only a part.
    var isCleanPart = false
}

/// The file is another one than the part that is here: it must be fetched from its beginning.
struct StartOver: Error {
    var cause: DownloadError
}

/// What part of a file an answer holds (RFC 9110, section 14.4).
struct ContentRange: Equatable {
    /// The bytes of the part; `nil` for an answer that only says how long the file is.
    let range: Range<Int>?
    /// `nil` when the host does not know.
    let total: Int?

    /// Reads `bytes 5-9/10`, `bytes 5-9/*` and `bytes */10`. Anything else is `nil`, also numbers that contradict each other and a
    /// field that is there twice.
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

    /// The validator for `If-Range`: a strong entity tag; or, without any tag, a date of the last change that is strong, which is
    /// one at least a second before the answer's own date (RFC 9110, sections 8.8.2.2 and 13.1.5).
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
