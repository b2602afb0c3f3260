import ArchiveModel
import Crypto
import Foundation
import GenerationAPI
import HTTPTypes
import SizeContract

/// The body of a generation request, as sent by the caller. Its bytes stay unchanged, except for an added callback address.
struct GenerationBody: Sendable {
    private(set) var bytes: Data
    /// `nil` if the body is not a JSON object.
    private let fields: Fields?
    /// The request to record; `nil` if the body is not a JSON object, which the upstream will refuse.
    let recorded: RecordedRequest?
    /// Whether fields may be inserted: the body must be strictly valid JSON.
    private let isExact: Bool

    /// Maximum number of reference images on record. The API accepts 16.
    static let mostImages = 64

    /// Reads a body as it will be sent.
    /// - Parameters:
    ///   - validates: Whether to reject sizes that the upstream's documentation rules out.
    ///   - callbackURL: Callback address for a request that names none.
    /// - Throws: ``GatewayUpstreamError`` with 400 for a body or size that is not forwarded.
    static func checked(_ bytes: Data, validates: Bool, callbackURL: String?) throws(GatewayUpstreamError) -> GenerationBody {
        guard JSONShape.isObject(bytes) else {
            throw GatewayUpstreamError(.badRequest, "invalid_request_error", "the body is not a JSON object in UTF-8", param: nil)
        }
        var body = GenerationBody(bytes)
        if validates, let problem = body.sizeProblem {
            throw GatewayUpstreamError(.badRequest, "invalid_request_error", problem.description, param: problem.parameter)
        }
        if let callbackURL { body.addCallback(callbackURL) }
        return body
    }

    init(_ bytes: Data) {
        self.bytes = bytes
        let reading = try? JSONReading(bytes)
        // Parse once, and drop the images: a body may contain images of many megabytes.
        var fields = reading.flatMap { Fields($0.value) }
        let images = (fields?.imageURLs).map(Self.listed)
        fields?.imageURLs = nil
        self.fields = fields
        recorded = fields.map { fields in
            RecordedRequest(
                model: fields.model, prompt: fields.prompt, size: fields.size ?? "auto", resolution: fields.resolution,
                imageURLs: images?.isEmpty == false ? images : nil
            ).fitting()
        }
        isExact = reading?.findings.isDisjoint(with: .inexact.subtracting(.deep)) ?? false
    }

    /// The fields used here; a field is `nil` if it does not have its documented type.
    private struct Fields: Sendable {
        var model: String?
        /// Whether a model is given, in any type.
        var hasModel: Bool
        var prompt: String?
        var size: String?
        var resolution: String?
        var imageURLs: [String]?
        var hasCallback: Bool

        init?(_ json: JSONValue) {
            guard case .object = json else { return nil }
            model = json["model"]?.string
            hasModel = json["model"] != nil && json["model"] != .null
            prompt = json["prompt"]?.string
            size = json["size"]?.string
            resolution = json["resolution"]?.string
            let images = json["image_urls"]?.array
            let texts = images?.compactMap(\.string)
            imageURLs = texts?.count == images?.count ? texts : nil
            hasCallback = json["callback_url"] != nil
        }
    }

    /// The first reference images as they are recorded, and how many more there are.
    private static func listed(_ images: [String]) -> [String] {
        let kept = images.prefix(mostImages).map(Self.recorded)
        let more = images.count - kept.count
        return more > 0 ? kept + ["\(more) more reference images are not recorded"] : kept
    }

    /// A reference image as it is recorded: a link without its query; for an inlined image, its type and digest.
    private static func recorded(_ image: String) -> String {
        guard image.prefix(5).lowercased() == "data:" else { return Redactor()(image) }
        let type = image.dropFirst(5).prefix(60).prefix { $0 != ";" && $0 != "," }
        return "data:\(type) (\(image.utf8.count) characters, SHA-256 \(Digest(of: image)))"
    }

    /// Why the documented rules do not allow the size.
    struct SizeProblem: CustomStringConvertible {
        var parameter: String
        var description: String
    }

    /// The problem of the size according to the model's documentation; `nil` for a model with unknown sizes. Fields of an
    /// undocumented type are left to the upstream.
    var sizeProblem: SizeProblem? {
        guard let fields, let contract = Self.contract(of: fields) else { return nil }
        if let resolution = fields.resolution, Tier(parsing: resolution) == nil {
            return SizeProblem(parameter: "resolution", description: "\(SizeViolation.unknownResolution(resolution))")
        }
        do throws(SizeViolation) {
            let violations = contract.violations(
                of: try contract.request(size: fields.size, resolution: fields.resolution))
            guard !violations.isEmpty else { return nil }
            return SizeProblem(parameter: "size", description: violations.map(\.description).joined(separator: "; "))
        } catch {
            return SizeProblem(parameter: "size", description: "\(error)")
        }
    }

    private static func contract(of fields: Fields) -> SizeContract? {
        guard fields.hasModel else { return SizeContract.gptImage2 }
        return fields.model.flatMap { name in SizeContract.all.first { $0.model == name } }
    }

    /// Adds a callback address if the caller gave none.
    mutating func addCallback(_ url: String) {
        guard isExact, !bytes.contains(0), fields?.hasCallback == false, let brace = bytes.firstIndex(of: UInt8(ascii: "{")),
            let quoted = try? JSONEncoder().encode(url)
        else { return }
        let isEmpty = bytes[(brace + 1)...].first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "}")
        let field = Data("\"callback_url\":".utf8) + quoted + Data((isEmpty ? "" : ",").utf8)
        bytes.insert(contentsOf: field, at: brace + 1)
    }
}
