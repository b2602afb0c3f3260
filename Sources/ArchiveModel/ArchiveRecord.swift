package import Foundation
package import SizeContract

/// A blob and what kind of bytes it holds.
package struct BlobReference: Sendable, Hashable, Codable {
    package var digest: Digest
    package var bytes: Int
    /// By content, such as `image/png`; `application/octet-stream` for bytes that are no picture.
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
    /// In pixels, upright.
    package var width: Int
    package var height: Int
    /// How it was made, so that it can be made again: settings and library versions.
    package var recipe: JSONValue

    package init(role: Role, blob: BlobReference, width: Int, height: Int, recipe: JSONValue) {
        self.role = role
        self.blob = blob
        self.width = width
        self.height = height
        self.recipe = recipe
    }
}

/// A whole file that is not decoded here.
package struct UnreadFacts: Sendable, Hashable, Codable {
    /// A short name of the format, such as `gif`.
    package var format: String
    /// Why it is not decoded, in words.
    package var reason: String
    /// In pixels, as the header claims; `nil` where it does not tell.
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

/// How a file came: the answer of the storage host.
package struct DownloadFacts: Sendable, Hashable, Codable {
    /// Without query.
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

/// A number that counts from 0: JSON with a negative one is refused where it is read, not where the number is used.
@propertyWrapper
package struct Natural: Sendable, Hashable, Codable {
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

/// Everything known of one output, in one file that explains itself. The catalog can be made again from these.
///
/// No link's query and no key is ever part of it: whoever builds one passes the upstream's words through ``Redactor`` first.
package struct ArchiveRecord: Sendable, Hashable, Codable {
    /// As format 1, sealed: see ``RecordFile``.
    package static let currentFormat = "fixative.output/2"
    package static let unsealedFormat = "fixative.output/1"

    package enum State: String, Sendable, Hashable, Codable { case archived, unavailable }

    package var format = ArchiveRecord.currentFormat
    package var task: TaskID
    @Natural package var index: Int
    package var state: State
    /// Why it is unavailable.
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
    /// The file beside this record, the record of the task, that holds the answer instead, because it is large.
    package var taskJSONFile: String?
    package var download: DownloadFacts?
    package var original: BlobReference?
    /// What was delivered before and was no whole picture, when a later try brought other bytes; the oldest first.
    package var earlierOriginals: [BlobReference]?
    package var picture: ImageFacts?
    /// Why the original could not be read as a picture.
    package var decodeError: String?
    /// Who caused that there is no whole picture. `nil` for a whole picture, and in every record of release 0.1.0.
    package var cause: FailureCause?
    /// What the original is, when it is whole and not decoded here.
    package var unread: UnreadFacts?
    package var judgement: Judgement?
    package var derivatives: [Derivative]
    /// Base64.
    package var thumbHash: String?
    /// 16 hexadecimal digits.
    package var perceptualHash: String?

    package var id: OutputID { OutputID(task: task, index: index) }

    /// In bytes. A larger answer is stored once, in the record of the task: one with 2,000 results would otherwise take 2,000 copies.
    package static let largestOwnAnswer = 16 << 10
    /// In bytes. Of a larger answer only the small members are kept, so that no record grows larger than what is read again.
    package static let largestAnswer = 16 << 20

    /// The answer in the record itself. Setting it takes the place of a reference to the record of the task.
    package var answer: JSONValue? {
        get { taskJSON }
        set {
            taskJSON = newValue
            taskJSONFile = nil
        }
    }

    /// Goes on naming the originals of an earlier record of the same output: nothing that was delivered is forgotten.
    package mutating func keepOriginals(of earlier: ArchiveRecord) {
        let originals = (earlier.earlierOriginals ?? []) + [earlier.original].compactMap { $0 }
        let others = originals.filter { $0.digest != original?.digest }
        earlierOriginals = others.isEmpty ? nil : others
    }

    /// Goes on naming deliveries that were not a whole picture.
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

/// Everything known of a task that has no output of its own to carry it: one that failed, that the upstream no longer knows, or that
/// was submitted from here and is still being made.
package struct TaskRecord: Sendable, Hashable, Codable {
    /// As format 1, sealed: see ``RecordFile``.
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
    /// Who caused that the task has no result; `nil` for what the upstream itself ended, and in every record of release 0.1.0.
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

/// Where a task stands.
package enum TaskState: String, Sendable, Hashable, Codable, CaseIterable {
    /// To be read from the upstream.
    case waiting
    /// Being read by a worker.
    case leased
    /// Its results are known and stand as outputs.
    case resolved
    /// The upstream made no picture.
    case failed, cancelled
    /// The upstream does not know it, or no longer.
    case unavailable
    /// Put aside, because the source stopped: a bad key, no quota.
    case held
}

/// Where an output stands.
package enum OutputState: String, Sendable, Hashable, Codable, CaseIterable {
    case waiting, leased, archived, unavailable, held
}

extension JSONEncoder {
    /// The one way JSON is written here: keys sorted, dates in ISO 8601 UTC with milliseconds.
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
    /// Reads what ``Foundation/JSONEncoder/archive(pretty:)`` writes.
    package static var archive: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = Date(iso8601: text) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no ISO 8601 date")
            }
            return date
        }
        return decoder
    }
}
