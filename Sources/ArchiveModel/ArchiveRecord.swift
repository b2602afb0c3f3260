package import Foundation
package import SizeContract

/// A blob with its size and media type.
package struct BlobReference: Sendable, Hashable, Codable {
    package var digest: Digest
    package var bytes: Int
    /// Detected from the content, such as `image/png`; `application/octet-stream` for bytes that are not a picture.
    package var mediaType: String

    package init(digest: Digest, bytes: Int, mediaType: String) {
        self.digest = digest
        self.bytes = bytes
        self.mediaType = mediaType
    }
}

/// A picture made from an original.
package struct Derivative: Sendable, Hashable, Codable {
    package enum Role: String, Sendable, Hashable, Codable, CaseIterable { case thumbnail, preview }

    package var role: Role
    package var blob: BlobReference
    /// In pixels, after the orientation was applied.
    package var width: Int
    package var height: Int
    /// The settings and library versions that reproduce the derivative.
    package var recipe: JSONValue

    package init(role: Role, blob: BlobReference, width: Int, height: Int, recipe: JSONValue) {
        self.role = role
        self.blob = blob
        self.width = width
        self.height = height
        self.recipe = recipe
    }
}

/// A complete file that this program does not decode.
package struct UnreadFacts: Sendable, Hashable, Codable {
    /// A short name of the format, such as `gif`.
    package var format: String
    /// The reason in plain text.
    package var reason: String
    /// In pixels, as stated in the header; `nil` if the header does not state it.
    package var width: Int?
    package var height: Int?

    package init(format: String, reason: String, width: Int? = nil, height: Int? = nil) {
        self.format = format
        self.reason = reason
        self.width = width
        self.height = height
    }

    package var size: PixelSize? {
        guard let width, let height, 1...PixelSize.maximumSide ~= width, 1...PixelSize.maximumSide ~= height else { return nil }
        return PixelSize(width: width, height: height)
    }
}

/// The response of the storage host to a download.
package struct DownloadFacts: Sendable, Hashable, Codable {
    /// Without the query.
    package var url: String
    package var headers: [String: String]
    package var fetchedAt: Date
    package var redirects: Int

    package init(url: String, headers: [String: String], fetchedAt: Date, redirects: Int) {
        self.url = url
        self.headers = headers
        self.fetchedAt = fetchedAt
        self.redirects = redirects
    }
}

/// A non-negative integer. Decoding throws for a negative number, so code that uses the number need not check it.
@propertyWrapper
package struct NonNegative: Sendable, Hashable, Codable {
    package var wrappedValue: Int

    package init(wrappedValue: Int) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = try container.decode(Int.self)
        guard wrappedValue >= 0 else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(wrappedValue) is below 0")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

/// Everything known about one output, in one self-contained file. The catalog can be rebuilt from these files.
///
/// A record never contains the query of a link or a key: pass text from the upstream through ``Redactor`` first.
package struct ArchiveRecord: Sendable, Hashable, Codable {
    /// Format 1 plus a checksum line: see ``RecordFile``.
    package static let currentFormat = "fixative.output/2"
    package static let unsealedFormat = "fixative.output/1"

    package enum State: String, Sendable, Hashable, Codable { case archived, unavailable }

    package var format = ArchiveRecord.currentFormat
    package var task: TaskID
    @NonNegative package var index: Int
    package var state: State
    /// Why the output is unavailable.
    package var reason: String?
    package var source: String
    package var discoveredAt: Date
    package var createdAt: Date?
    package var deadline: Date?
    package var endedAt: Date
    package var attempts: Int
    package var request: RecordedRequest?
    /// The API's answer about the task, without link queries.
    package var taskJSON: JSONValue?
    /// The name of the task record in the same folder that holds the API's answer. Set when the answer is too large to store
    /// here.
    package var taskJSONFile: String?
    package var download: DownloadFacts?
    package var original: BlobReference?
    /// Earlier deliveries that were not a complete picture, oldest first. Set when a later attempt delivered other bytes.
    package var earlierOriginals: [BlobReference]?
    package var picture: ImageFacts?
    /// Why the original could not be decoded as a picture.
    package var decodeError: String?
    /// The party responsible for a missing or damaged picture. `nil` for a complete picture, and in records of release 0.1.0.
    package var cause: FailureCause?
    /// The format of a complete original that is not decoded here.
    package var unread: UnreadFacts?
    package var judgement: Judgement?
    package var derivatives: [Derivative]
    /// Base64.
    package var thumbHash: String?
    /// 16 hexadecimal digits.
    package var perceptualHash: String?

    package var id: OutputID { OutputID(task: task, index: index) }

    /// In bytes. A larger answer is stored once, in the task record: otherwise a task with 2,000 results stores it 2,000 times.
    package static let largestOwnAnswer = 16 << 10
    /// In bytes. Only the small members of a larger answer are kept, so that every record stays small enough to be read again.
    package static let largestAnswer = 16 << 20

    /// The answer stored in this record. Setting it clears ``taskJSONFile``.
    package var answer: JSONValue? {
        get { taskJSON }
        set {
            taskJSON = newValue
            taskJSONFile = nil
        }
    }

    /// Carries over the originals of an earlier record of the same output, so that no delivered blob loses its reference.
    package mutating func keepOriginals(of earlier: ArchiveRecord) {
        let originals = (earlier.earlierOriginals ?? []) + [earlier.original].compactMap { $0 }
        let others = originals.filter { $0.digest != original?.digest }
        earlierOriginals = others.isEmpty ? nil : others
    }

    /// Adds deliveries that were not a complete picture to ``earlierOriginals``.
    package mutating func keep(_ candidates: [DeliveryCandidate]) {
        let known = Set((earlierOriginals ?? []).map(\.digest) + [original?.digest].compactMap { $0 })
        let others = (earlierOriginals ?? []) + candidates.map(\.original).filter { !known.contains($0.digest) }
        earlierOriginals = others.isEmpty ? nil : others
    }

    package init(
        id: OutputID, state: State, reason: String? = nil, source: String, discoveredAt: Date, createdAt: Date?, deadline: Date?,
        endedAt: Date, attempts: Int, request: RecordedRequest?, taskJSON: JSONValue?
    ) {
        self.task = id.task
        self.index = id.index
        self.state = state
        self.reason = reason
        self.source = source
        self.discoveredAt = discoveredAt
        self.createdAt = createdAt
        self.deadline = deadline
        self.endedAt = endedAt
        self.attempts = attempts
        self.request = request
        self.taskJSON = taskJSON
        self.derivatives = []
    }

    package func derivative(_ role: Derivative.Role) -> Derivative? { derivatives.first { $0.role == role } }
}

/// Everything known about a task that has no output. Such a task failed, is unknown to the upstream, or was submitted by this
/// program and is still in progress.
package struct TaskRecord: Sendable, Hashable, Codable {
    /// Format 1 plus a checksum line: see ``RecordFile``.
    package static let currentFormat = "fixative.task/2"
    package static let unsealedFormat = "fixative.task/1"

    package var format = TaskRecord.currentFormat
    package var task: TaskID
    package var state: TaskState
    package var reason: String?
    package var source: String
    package var discoveredAt: Date
    package var createdAt: Date?
    package var request: RecordedRequest?
    package var taskJSON: JSONValue?
    /// The party responsible for a missing result. `nil` if the upstream ended the task, and in records of release 0.1.0.
    package var cause: FailureCause?

    package init(
        task: TaskID, state: TaskState, reason: String? = nil, source: String, discoveredAt: Date, createdAt: Date?,
        request: RecordedRequest?, taskJSON: JSONValue?
    ) {
        self.task = task
        self.state = state
        self.reason = reason
        self.source = source
        self.discoveredAt = discoveredAt
        self.createdAt = createdAt
        self.request = request
        self.taskJSON = taskJSON
    }
}

/// The state of a task in the queue.
package enum TaskState: String, Sendable, Hashable, Codable, CaseIterable {
    /// Not yet read from the upstream.
    case waiting
    /// A worker is reading it.
    case leased
    /// Its results are known and exist as outputs.
    case resolved
    /// The upstream produced no picture.
    case failed, cancelled
    /// The upstream does not know the task, or no longer knows it.
    case unavailable
    /// Paused because its source stopped, for example after an invalid key or an exhausted quota.
    case held
}

/// The state of an output in the queue.
package enum OutputState: String, Sendable, Hashable, Codable, CaseIterable {
    case waiting, leased, archived, unavailable, held
}

extension JSONEncoder {
    /// The encoder for all JSON that this program writes: keys sorted, dates in ISO 8601 UTC with milliseconds.
    package static func archive(pretty: Bool) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            var container = encoder.singleValueContainer()
            try container.encode(date.iso8601)
        }
        return encoder
    }
}

extension JSONDecoder {
    /// Decodes the output of ``Foundation/JSONEncoder/archive(pretty:)``.
    package static var archive: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = Date(iso8601: text) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not an ISO 8601 date")
            }
            return date
        }
        return decoder
    }
}
