package import Foundation
package import SizeContract

/// One output, or a task without an output, as the JSON documents of this program show it: `list`, the outputs of `audit`, the HTTP
/// API, the notifications and the gallery's manifest. `list --failing` and `show` have keys of their own.
///
/// Unknown facts are left out and never `null`. Sizes are in pixels, dates are ISO 8601 in UTC.
package struct OutputView: Sendable, Hashable, Codable {
    /// The request, as far as it is recorded.
    package struct Requested: Sendable, Hashable, Codable {
        package var model: String?
        package var prompt: String?
        /// `auto`, a ratio or `WxH`, as in the request.
        package var size: String?
        package var resolution: String?

        /// - Returns: `nil` if nothing of this is recorded.
        package init?(_ request: RecordedRequest?, withPrompt: Bool) {
            guard let request else { return nil }
            model = request.model
            prompt = withPrompt ? request.prompt : nil
            size = request.size
            resolution = request.resolution
            if model == nil, prompt == nil, size == nil, resolution == nil { return nil }
        }
    }

    /// The delivered file.
    package struct Delivered: Sendable, Hashable, Codable {
        /// Absent if the pixel size is unknown.
        package var width: Int?
        package var height: Int?
        package var bytes: Int
        /// `png`, `jpeg`, `webp` or the name of another format; absent if the bytes are of no known format.
        package var format: String?
        /// Detected from the bytes.
        package var mediaType: String
        package var sha256: Digest

        init(_ original: OutputEntry.Original, _ pixels: PixelSize?) {
            width = pixels?.width
            height = pixels?.height
            bytes = original.bytes
            format = original.format
            mediaType = original.mediaType
            sha256 = original.digest
        }
    }

    package var taskId: TaskID
    /// The output's index within its task, from 0, and ``OutputID/name``; absent for a task without an output.
    package var index: Int?
    package var name: String?
    /// An ``OutputState``, or a ``TaskState`` for a task without an output; absent where only ended outputs are shown.
    package var state: String?
    package var requested: Requested?
    /// The size that the request promises.
    package var expected: PixelSize?
    package var delivered: Delivered?
    package var verdict: Verdict?
    /// The relative difference between the delivered and the expected aspect ratio: 0.01 is one per cent.
    package var ratioError: Double?
    /// Delivered pixels divided by expected pixels.
    package var pixelRatio: Double?
    package var onGrid: Bool?
    package var billedTier: Tier?
    package var deliveredTier: Tier?
    /// The overpayment in base prices, to one decimal.
    package var overpaidMultiplier: PriceMultiplier?
    /// The most similar size of the model's table, if no requested size is recorded.
    package var nearestCell: SizeContract.Cell?
    /// The picture's Content Credentials and their verdict; absent if they were never checked.
    package var credentials: CredentialSummary?
    package var createdAt: Date?
    /// The time until which the link works, as promised by the API. Tries may go on after it.
    package var deadline: Date?
    /// When the output was archived or given up.
    package var endedAt: Date?
    /// Why there is no picture, or the last error.
    package var reason: String?
    package var cause: FailureCause?

    /// - Parameter prompts: Whether to include the prompt.
    package init(_ entry: OutputEntry, prompts: Bool = true) {
        self.init(entry.id, entry.request, entry.judgement, entry.original, prompts: prompts)
        state = entry.state.rawValue
        credentials = entry.credentials
        createdAt = entry.createdAt
        deadline = entry.deadline
        endedAt = entry.endedAt
        reason = entry.reason
        cause = entry.cause
    }

    /// Without the prompt, since an audit may list a hundred thousand outputs.
    package init(_ entry: AuditEntry) {
        self.init(entry.id, entry.request, entry.judgement, entry.original, prompts: false)
        createdAt = entry.createdAt
        reason = entry.reason
        cause = entry.cause
    }

    private init(
        _ id: OutputID, _ request: RecordedRequest?, _ judgement: Judgement?, _ original: OutputEntry.Original?, prompts: Bool
    ) {
        taskId = id.task
        index = id.index
        name = id.name
        requested = Requested(request, withPrompt: prompts)
        expected = judgement?.expected
        delivered = original.map { Delivered($0, judgement?.delivered) }
        verdict = judgement?.verdict
        ratioError = judgement?.ratioError
        pixelRatio = judgement?.pixelRatio
        onGrid = judgement?.isOnGrid
        billedTier = judgement?.billedTier
        deliveredTier = judgement?.deliveredTier
        overpaidMultiplier = judgement?.overpaid
        nearestCell = judgement?.nearestCell
    }

    /// A task without an output.
    package init(
        task: TaskID, state: TaskState, request: RecordedRequest?, createdAt: Date?, reason: String?, prompts: Bool = true
    ) {
        taskId = task
        self.state = state.rawValue
        requested = Requested(request, withPrompt: prompts)
        self.createdAt = createdAt
        self.reason = reason
    }
}
