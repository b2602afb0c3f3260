package import Foundation
package import SizeContract

/// What somebody asked the model for, as far as that is on record.
///
/// The upstream's answers do not repeat size, resolution or prompt, so only a recorded request can be audited.
package struct RecordedRequest: Sendable, Hashable, Codable {
    package var model: String?
    package var prompt: String?
    /// `auto`, a ratio or `WxH`, as it was written.
    package var size: String?
    package var resolution: String?
    /// Reference images, without their queries.
    package var imageURLs: [String]?
    package var recordedAt: Date?

    package init(
        model: String? = nil, prompt: String? = nil, size: String? = nil, resolution: String? = nil, imageURLs: [String]? = nil,
        recordedAt: Date? = nil
    ) {
        self.model = model
        self.prompt = prompt
        self.size = size
        self.resolution = resolution
        self.imageURLs = imageURLs
        self.recordedAt = recordedAt
    }

    /// The size to judge a delivery by; `nil` when none was recorded, or when the recorded text names no size.
    ///
    /// A request recorded with a prompt alone says nothing of its size: only a `size` on record, or a whole request as `submit`
    /// records it, is judged.
    package func sizeRequest(in contract: SizeContract) -> SizeRequest? {
        guard let size else { return nil }
        return try? contract.request(size: size, resolution: resolution)
    }
}
