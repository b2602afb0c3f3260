package import Foundation
package import SizeContract

/// One output as lists, reports and galleries show it. All fields come from the catalog; no record is opened.
package struct OutputEntry: Sendable, Hashable {
    /// The delivered bytes. Fields are `nil` if the bytes are not a picture.
    package struct Original: Sendable, Hashable {
        package var digest: Digest
        package var bytes: Int
        package var mediaType: String
        /// `png`, `jpeg` or `webp`; another name for a complete file that is not decoded here.
        package var format: String?

        package init(digest: Digest, bytes: Int, mediaType: String, format: String?) {
            self.digest = digest
            self.bytes = bytes
            self.mediaType = mediaType
            self.format = format
        }
    }

    /// A thumbnail or preview.
    package struct Rendition: Sendable, Hashable {
        package var digest: Digest
        package var mediaType: String
        /// In pixels, after the orientation was applied.
        package var width: Int
        package var height: Int

        package init(digest: Digest, mediaType: String, width: Int, height: Int) {
            self.digest = digest
            self.mediaType = mediaType
            self.width = width
            self.height = height
        }

        package init(_ derivative: Derivative) {
            self.init(
                digest: derivative.blob.digest, mediaType: derivative.blob.mediaType, width: derivative.width,
                height: derivative.height)
        }
    }

    package var id: OutputID
    package var state: OutputState
    /// Why the output is unavailable, or the last error.
    package var reason: String?
    package var createdAt: Date?
    package var deadline: Date?
    /// When the output was archived or given up.
    package var endedAt: Date?
    package var attempts: Int
    /// The party responsible for a missing or damaged picture; `nil` for a complete one.
    package var cause: FailureCause?
    /// Set while the output waits for a retry after a failure.
    package var failing: FailingState?
    package var request: RecordedRequest?
    package var judgement: Judgement?
    package var original: Original?
    package var thumbnail: Rendition?
    package var preview: Rendition?
    /// Base64.
    package var thumbHash: String?
    /// 16 hexadecimal digits.
    package var perceptualHash: String?
    /// `nil` when the picture's Content Credentials were never checked.
    package var credentials: CredentialSummary?

    package init(id: OutputID, state: OutputState, attempts: Int = 0) {
        self.id = id
        self.state = state
        self.attempts = attempts
    }

    /// Builds an entry from a record.
    package init(_ record: ArchiveRecord) {
        self.init(id: record.id, state: record.state == .archived ? .archived : .unavailable, attempts: record.attempts)
        reason = record.reason ?? record.decodeError ?? record.unread?.reason
        createdAt = record.createdAt
        deadline = record.deadline
        endedAt = record.endedAt
        cause = record.cause
        request = record.request
        judgement = record.judgement
        original = record.original.map {
            Original(
                digest: $0.digest, bytes: $0.bytes, mediaType: $0.mediaType,
                format: record.picture?.format ?? record.unread?.format)
        }
        thumbnail = record.derivative(.thumbnail).map(Rendition.init)
        preview = record.derivative(.preview).map(Rendition.init)
        thumbHash = record.thumbHash
        perceptualHash = record.perceptualHash
        credentials = record.picture?.credentials.map(CredentialSummary.init)
    }
}
