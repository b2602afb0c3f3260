package import ArchiveModel
package import Foundation
package import SizeContract

/// The parameters of one call to the simulated service.
package struct SimulatedRequest: Sendable, Hashable {
    package var model: String
    package var prompt: String
    /// The size as requested; `nil` if the call had none, which means `auto`.
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

    /// The request in the archive's form.
    package var recorded: RecordedRequest {
        RecordedRequest(
            model: model, prompt: prompt, size: size, resolution: resolution, imageURLs: imageURLs.isEmpty ? nil : imageURLs)
    }

    /// The parsed size. Requests are validated before they become tasks, so invalid sizes can't occur; they would count as
    /// `auto`.
    var sizeRequest: SizeRequest {
        (try? SizeContract.contract(model: model).request(size: size, resolution: resolution)) ?? .auto
    }

    /// The price of the call.
    var price: Credits {
        let contract = SizeContract.contract(model: model)
        return Credits(multiplier: contract.multiplier(of: contract.billedTier(of: sizeRequest)))
    }
}

/// One task of the simulated account, with everything the client that created it knows.
package struct SimulatedTask: Sendable, Hashable {
    package let id: TaskID
    package let request: SimulatedRequest
    package let created: Date
    /// The results, in order. Whether they can be downloaded depends on ``fate`` and the link's lifetime.
    package let outputs: [SimulatedOutput]
    /// The task's permanent fault under `hostile`; otherwise `ordinary`.
    package let fate: TaskFate

    /// The task as one line of a manifest: task ID, prompt and model, and size and resolution if the request has them.
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
    /// The delivered size in pixels; `nil` for a file from a folder whose header could not be read.
    package let size: PixelSize?
    /// The actual format of the bytes, whatever the link's extension and the content type say.
    package let format: PictureFormat
}

/// The formats of results.
package enum PictureFormat: String, Sendable, Hashable, CaseIterable {
    case png, jpeg, webp

    var contentType: String { "image/\(rawValue)" }
    var ending: String { self == .jpeg ? "jpg" : rawValue }
}

/// An amount of credits in tenths, so that sums are exact.
struct Credits: Sendable, Hashable {
    var tenths: Int

    init(tenths: Int) { self.tenths = tenths }

    /// A call's price: the base price of 4 credits times the tier's factor.
    init(multiplier: PriceMultiplier) { tenths = 4 * multiplier.tenths }

    var amount: Double { Double(tenths) / 10 }
    /// About 68 credits are 1 USD.
    var usd: Double { (amount / 68 * 10_000).rounded() / 10_000 }
}
