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

    /// This request with the facts that it lacks taken from another telling of it. A size that names none is replaced.
    package func filled(from other: RecordedRequest) -> RecordedRequest {
        var filled = self
        filled.model = model ?? other.model
        filled.prompt = prompt ?? other.prompt
        filled.imageURLs = imageURLs ?? other.imageURLs
        filled.recordedAt = recordedAt ?? other.recordedAt
        let contract = SizeContract.contract(model: filled.model)
        if sizeRequest(in: contract) == nil, other.size != nil {
            filled.size = other.size
            filled.resolution = other.resolution
        } else {
            filled.resolution = resolution ?? other.resolution
        }
        return filled
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
