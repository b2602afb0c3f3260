package import Foundation
package import SizeContract

/// The recorded request to the model, as far as it is known.
///
/// The upstream's answers do not repeat size, resolution or prompt, so an audit needs a recorded request.
package struct RecordedRequest: Sendable, Hashable, Codable {
    package var model: String?
    package var prompt: String?
    /// `auto`, a ratio or `WxH`, as in the request.
    package var size: String?
    package var resolution: String?
    /// URLs of reference images, without their queries.
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

    /// Fills missing facts from another record of the same request. A size that cannot be parsed is replaced.
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

    /// The requested size for the judgement; `nil` if none was recorded or the recorded text is not a valid size.
    ///
    /// A request recorded with a prompt alone says nothing about its size. Deliveries are judged only by a recorded `size`, or by
    /// a complete request as `submit` records it.
    package func sizeRequest(in contract: SizeContract) -> SizeRequest? {
        guard let size else { return nil }
        return try? contract.request(size: size, resolution: resolution)
    }
}

extension RecordedRequest {
    /// The requested size for display; a ratio is followed by its tier: `16:9 4K`. `nil` without a size.
    package var sizeText: String? { Self.sizeText(size, resolution) }

    static func sizeText(_ size: String?, _ resolution: String?) -> String? {
        guard let size, !size.isEmpty else { return nil }
        guard size.contains(":") else { return size }
        return "\(size) \(resolution.flatMap { $0.isEmpty ? nil : $0 } ?? "1K")"
    }
}

extension OutputView.Requested {
    /// See ``RecordedRequest/sizeText``.
    package var sizeText: String? { RecordedRequest.sizeText(size, resolution) }
}
