import ArchiveModel
import BlobStore
import Foundation
import NIOHTTP1

/// The beginning of a file that is on its way, and what it takes to ask for the rest.
struct PartialDownload: Sendable {
    var ingest: any BlobIngest
    /// Names this very version of the file, for `If-Range`; empty when the host gives none that will do.
    var validator: String
    /// Bytes of the whole file, as announced.
    var total: Int?
    /// Of the answer that the file began with.
    var facts: DownloadFacts
    /// Bytes received.
    var bytes = 0
}

/// A connection that ended in the middle of a file, with what had come by then.
struct BrokenOff: Error {
    var partial: PartialDownload
    var cause: DownloadError
}

/// What part of a file an answer holds (RFC 9110, section 14.4).
struct ContentRange {
    /// `nil` for an answer that only says how long the file is.
    let start: Int?
    /// `nil` when the host does not know.
    let total: Int?

    /// Reads `bytes 5-9/10`, `bytes 5-9/*` and `bytes */10`; anything else is `nil`.
    init?(_ headers: HTTPHeaders) {
        guard let value = headers.first(name: "content-range"), value.lowercased().hasPrefix("bytes ") else { return nil }
        let parts = value.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        total = Int(parts[1])
        start = parts[0].split(separator: "-").first.flatMap { Int($0) }
    }

    /// The validator for `If-Range`: a strong entity tag, or else the date of the last change (RFC 9110, section 13.1.5).
    static func validator(_ headers: HTTPHeaders) -> String? {
        if let tag = headers.first(name: "etag") { return tag.hasPrefix("\"") ? tag : nil }
        return headers.first(name: "last-modified")
    }
}
