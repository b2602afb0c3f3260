package import ArchiveModel
package import Foundation
package import SizeContract

/// What was asked of the simulated service in one call.
package struct SimulatedRequest: Sendable, Hashable {
    package var model: String
    package var prompt: String
    /// As it was written; `nil` when the call left it out, which means `auto`.
    package var size: String?
    package var resolution: String?
    package var imageURLs: [String]
    package var callbackURL: String?

    package init(
        model: String = SizeContract.gptImage2.model, prompt: String, size: String? = nil, resolution: String? = nil,
        imageURLs: [String] = [], callbackURL: String? = nil
    ) {
        self.model = model
        self.prompt = prompt
        self.size = size
        self.resolution = resolution
        self.imageURLs = imageURLs
        self.callbackURL = callbackURL
    }

    /// The request in the words of an archive.
    package var recorded: RecordedRequest {
        RecordedRequest(
            model: model, prompt: prompt, size: size, resolution: resolution, imageURLs: imageURLs.isEmpty ? nil : imageURLs)
    }

    /// What the service makes of the size. A request is validated before it becomes a task, so text that names no size can't occur;
    /// it would count as `auto`.
    var sizeRequest: SizeRequest {
        (try? SizeContract.contract(model: model).request(size: size, resolution: resolution)) ?? .auto
    }

    /// The price of the call.
    var price: Credits {
        let contract = SizeContract.contract(model: model)
        return Credits(multiplier: contract.multiplier(of: contract.billedTier(of: sizeRequest)))
    }
}

/// One task of the simulated account, as whoever started it knows it.
package struct SimulatedTask: Sendable, Hashable {
    package let id: TaskID
    package let request: SimulatedRequest
    package let created: Date
    /// What its results are, in their order. They can be had only as far as ``fate`` and the link's lifetime allow.
    package let outputs: [SimulatedOutput]
    /// What becomes of it under hostile faults; `ordinary` otherwise.
    package let fate: TaskFate

    /// The task as one line of a manifest: task id, prompt, and size and resolution where the request named them.
    package var manifestLine: JSONValue {
        var members: [String: JSONValue] = ["task_id": .string(id.text), "prompt": .string(request.prompt)]
        members["model"] = .string(request.model)
        members["size"] = request.size.map(JSONValue.string)
        members["resolution"] = request.resolution.map(JSONValue.string)
        return .object(members)
    }
}

/// One result of a simulated task.
package struct SimulatedOutput: Sendable, Hashable {
    /// Counted from 0.
    package let index: Int
    /// The delivered pixels; `nil` for a served file whose header doesn't tell.
    package let size: PixelSize?
    /// What the bytes are, whatever the link's ending and the content type say.
    package let format: PictureFormat
}

/// The formats that results come in.
package enum PictureFormat: String, Sendable, Hashable, CaseIterable {
    case png, jpeg, webp

    var contentType: String { "image/\(rawValue)" }
    var ending: String { self == .jpeg ? "jpg" : rawValue }
}

/// An amount of credits, held in tenths so that sums of it are exact.
struct Credits: Sendable, Hashable {
    var tenths: Int

    init(tenths: Int) { self.tenths = tenths }

    /// A call's price: the base price of 4 credits times the tier's factor.
    init(multiplier: PriceMultiplier) { tenths = 4 * multiplier.tenths }

    var amount: Double { Double(tenths) / 10 }
    /// About 68 credits are 1 USD.
    var usd: Double { (amount / 68 * 10_000).rounded() / 10_000 }
}
