import ArchiveModel
import Crypto
import Foundation
import GenerationAPI
import SizeContract

/// The body of a request to generate, as a caller wrote it. Its bytes stay as they are, but for a callback address that is added.
struct GenerationBody: Sendable {
    private(set) var bytes: Data
    /// `nil` for a body that is no JSON object.
    private let fields: Fields?
    /// The request for the record; `nil` for a body that is no JSON object, which the upstream will refuse.
    let recorded: RecordedRequest?
    /// Whether something can be put into the bytes: only into JSON to the letter.
    private let isExact: Bool

    init(_ bytes: Data) {
        self.bytes = bytes
        let reading = try? JSONReading(bytes)
        // Read once: a body may hold pictures of many megabytes, and those are not kept a second time.
        var fields = reading.flatMap { Fields($0.value) }
        let images = fields?.imageURLs?.map(Self.recorded)
        fields?.imageURLs = nil
        self.fields = fields
        recorded = fields.map { fields in
            RecordedRequest(
                model: fields.model, prompt: fields.prompt, size: fields.size ?? "auto", resolution: fields.resolution,
                imageURLs: images?.isEmpty == false ? images : nil)
        }
        isExact = reading?.findings.isDisjoint(with: .inexact.subtracting(.deep)) ?? false
    }

    /// The fields that are looked at, each only when it has its documented type.
    private struct Fields: Sendable {
        var model: String?
        /// Whether a model is named at all, in whatever type.
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

    /// A reference image as it stands on record: a link without its query, a picture inside the request by its digest.
    private static func recorded(_ image: String) -> String {
        guard image.prefix(5).lowercased() == "data:" else { return Redactor()(image) }
        let type = image.dropFirst(5).prefix(60).prefix { $0 != ";" && $0 != "," }
        let digest = SHA256.hash(data: Data(image.utf8)).map { String(format: "%02x", $0) }.joined()
        return "data:\(type) (\(image.utf8.count) characters, SHA-256 \(digest))"
    }

    /// Why the documentation rules the size out.
    struct SizeProblem: CustomStringConvertible {
        var parameter: String
        var description: String
    }

    /// What is wrong with the size, by the model's documentation; `nil` for a model whose sizes are not known here, and for fields of
    /// another type than documented, which are the upstream's to judge.
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

    /// Adds a callback address where the caller has none of his own.
    mutating func addCallback(_ url: String) {
        guard isExact, !bytes.contains(0), fields?.hasCallback == false, let brace = bytes.firstIndex(of: UInt8(ascii: "{")),
            let quoted = try? JSONEncoder().encode(url)
        else { return }
        let isEmpty = bytes[(brace + 1)...].first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "}")
        let field = Data("\"callback_url\":".utf8) + quoted + Data((isEmpty ? "" : ",").utf8)
        bytes.insert(contentsOf: field, at: brace + 1)
    }
}
