package import ArchiveModel
package import Foundation
import Networking
package import SizeContract

/// A request to generate a picture.
package struct GenerationRequest: Sendable, Hashable {
    package static let defaultModel = "gpt-image-2-beta"

    package var model: String
    package var prompt: String
    package var size: String?
    package var resolution: String?
    package var imageURLs: [String]
    package var callbackURL: String?

    package init(
        model: String = defaultModel, prompt: String, size: String? = nil, resolution: String? = nil, imageURLs: [String] = [],
        callbackURL: String? = nil
    ) {
        self.model = model
        self.prompt = prompt
        self.size = size
        self.resolution = resolution
        self.imageURLs = imageURLs
        self.callbackURL = callbackURL
    }

    /// The request as it is recorded: everything needed for an audit, with the API's defaults filled in and links without
    /// queries.
    package func recorded(at now: Date) -> RecordedRequest {
        let redact = Redactor()
        return RecordedRequest(
            model: model, prompt: prompt, size: size ?? "auto", resolution: resolution,
            imageURLs: imageURLs.isEmpty ? nil : imageURLs.map { redact($0) }, recordedAt: now)
    }

    /// The JSON body of the call.
    var json: JSONValue {
        var members: [String: JSONValue] = ["model": .string(model), "prompt": .string(prompt)]
        if let size { members["size"] = .string(size) }
        if let resolution { members["resolution"] = .string(resolution) }
        if !imageURLs.isEmpty { members["image_urls"] = .array(imageURLs.map(JSONValue.string)) }
        if let callbackURL { members["callback_url"] = .string(callbackURL) }
        return .object(members)
    }
}

/// Why the upstream would refuse a request; checked before sending.
package enum RequestProblem: Error, Sendable, Hashable {
    case emptyPrompt
    case size(SizeViolation)
    case tooManyImages(Int)
    case imageURL(String, detail: String)
    case callbackURL(String, detail: String)
}

extension RequestProblem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .emptyPrompt: "the prompt is empty"
        case .size(let violation): "the API does not offer this size: \(violation)"
        case .tooManyImages(let count): "\(count) reference images are more than the limit of \(UpstreamRules.imageLimit)"
        case .imageURL(let url, let detail): "the reference image \(url) \(detail)"
        case .callbackURL(let url, let detail): "the callback address \(url) \(detail)"
        }
    }
}

extension GenerationRequest {

    /// Every violation of the API's reference page; empty for a valid request. Only the upstream can count the tokens of a
    /// prompt, so its length is not checked.
    package func problems() -> [RequestProblem] {
        var found: [RequestProblem] = []
        if prompt.allSatisfy(\.isWhitespace) { found.append(.emptyPrompt) }
        found += sizeProblems()
        if imageURLs.count > UpstreamRules.imageLimit { found.append(.tooManyImages(imageURLs.count)) }
        found += imageURLs.compactMap(Self.imageProblem)
        if let callbackURL, let detail = Self.callbackProblem(callbackURL) {
            found.append(.callbackURL(Redactor()(String(callbackURL.prefix(200))), detail: detail))
        }
        return found
    }

    private func sizeProblems() -> [RequestProblem] {
        let contract = SizeContract.contract(model: model)
        do {
            if let resolution, Tier(parsing: resolution) == nil { return [.size(.unknownResolution(resolution))] }
            return contract.violations(of: try contract.request(size: size, resolution: resolution)).map(RequestProblem.size)
        } catch {
            return [.size(error)]
        }
    }

    private static func imageProblem(_ text: String) -> RequestProblem? {
        let shown = Redactor()(text)
        let url: FetchableURL
        do {
            url = try FetchableURL(text)
        } catch {
            return .imageURL(shown, detail: "can't be used: \(error)")
        }
        let ending = url.path.lowercased().split(separator: ".").last.map(String.init) ?? ""
        guard ["jpeg", "jpg", "png", "webp"].contains(ending) else {
            return .imageURL(shown, detail: "does not end in .jpeg, .jpg, .png or .webp")
        }
        return nil
    }

    /// Why the upstream would refuse a callback address; `nil` for a valid one.
    package static func callbackProblem(_ text: String) -> String? {
        guard text.count <= UpstreamRules.callbackLength else {
            return "has \(text.count) characters; the limit is \(UpstreamRules.callbackLength)"
        }
        let url: FetchableURL
        do {
            url = try FetchableURL(text)
        } catch {
            return "can't be used: \(error)"
        }
        guard url.scheme == .https else { return "is not an HTTPS address" }
        if let address = NetworkAddress(literal: url.host) { return address.isPublic ? nil : "is an internal address" }
        let isInternal =
            url.host == "localhost" || [".localhost", ".local", ".internal", ".home.arpa"].contains { url.host.hasSuffix($0) }
        return isInternal ? "is an internal address" : nil
    }
}
