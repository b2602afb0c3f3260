import ArchiveModel
import Networking
import SizeContract

/// Parses and validates the body of a creation according to the model's reference page.
struct CreateBody {
    let allowInternalCallbacks: Bool

    /// The page allows 2000 tokens without naming the tokenizer. This limit counts four bytes of UTF-8 as one token, which is
    /// close for English.
    static let promptLimit = 8000
    static let imageLimit = 16
    static let imageEndings = [".jpeg", ".jpg", ".png", ".webp"]

    /// - Throws: ``SimulatedAPIError`` with the first invalid field.
    func request(_ body: JSONValue) throws(SimulatedAPIError) -> SimulatedRequest {
        guard case .object = body else { throw .invalidRequest("the body is not a JSON object") }
        let model = try text("model", of: body) ?? SizeContract.gptImage2.model
        guard SimulatedModel.all.contains(model) else {
            throw .invalidRequest("the model '\(model)' is not known", param: "model")
        }
        guard let prompt = try text("prompt", of: body), prompt.contains(where: { !$0.isWhitespace }) else {
            throw .invalidRequest("prompt is required", param: "prompt")
        }
        guard prompt.utf8.count <= Self.promptLimit else {
            throw .invalidRequest("prompt is longer than 2000 tokens", param: "prompt")
        }
        let request = SimulatedRequest(
            model: model, prompt: prompt, size: try text("size", of: body), resolution: try text("resolution", of: body),
            imageURLs: try imageURLs(of: body), callbackURL: try text("callback_url", of: body))
        try check(size: request)
        if let callback = request.callbackURL,
            let objection = CallbackAddress.objection(to: callback, allowInternal: allowInternalCallbacks)
        {
            throw .invalidRequest(objection, param: "callback_url")
        }
        return request
    }

    private func check(size request: SimulatedRequest) throws(SimulatedAPIError) {
        let contract = SizeContract.contract(model: request.model)
        do throws(SizeViolation) {
            let size = try contract.request(size: request.size, resolution: request.resolution)
            if let violation = contract.violations(of: size).first { throw violation }
        } catch {
            var param = "size"
            if case .unknownResolution = error { param = "resolution" }
            throw .invalidRequest(error.description, param: param)
        }
    }

    private func imageURLs(of body: JSONValue) throws(SimulatedAPIError) -> [String] {
        guard let value = body["image_urls"], value != .null else { return [] }
        guard let items = value.array else { throw .invalidRequest("image_urls is not a list", param: "image_urls") }
        guard items.count <= Self.imageLimit else {
            throw .invalidRequest("\(items.count) image_urls are more than \(Self.imageLimit)", param: "image_urls")
        }
        var links: [String] = []
        for item in items {
            guard let link = item.string, let address = try? FetchableURL(link) else {
                throw .invalidRequest("image_urls contains an item that is not an http or https address", param: "image_urls")
            }
            guard Self.imageEndings.contains(where: { address.path.lowercased().hasSuffix($0) }) else {
                throw .invalidRequest(
                    "image_urls contains '\(link)', which does not end in one of " + Self.imageEndings.joined(separator: " "),
                    param: "image_urls")
            }
            links.append(link)
        }
        return links
    }

    /// A string member; `nil` if it is missing or null.
    private func text(_ name: String, of body: JSONValue) throws(SimulatedAPIError) -> String? {
        guard let value = body[name], value != .null else { return nil }
        guard let text = value.string else { throw .invalidRequest("\(name) is not a string", param: name) }
        return text
    }
}
