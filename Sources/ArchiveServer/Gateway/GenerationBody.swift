import ArchiveModel
import Foundation
import GenerationAPI
import SizeContract

/// The body of a request to generate, as a caller wrote it. Its bytes stay as they are, but for a callback address that is added.
struct GenerationBody {
    private(set) var bytes: Data
    private let json: JSONValue?

    init(_ bytes: Data) {
        self.bytes = bytes
        let json = try? JSONDecoder().decode(JSONValue.self, from: bytes)
        if case .object = json { self.json = json } else { self.json = nil }
    }

    /// What is put on record of it; `nil` for a body that is no JSON object, which the upstream will refuse.
    var recorded: RecordedRequest? {
        guard let json else { return nil }
        let redact = Redactor()
        let images = json["image_urls"]?.array?.compactMap(\.string).map { redact($0) }
        return RecordedRequest(
            model: json["model"]?.string, prompt: json["prompt"]?.string, size: json["size"]?.string ?? "auto",
            resolution: json["resolution"]?.string, imageURLs: images?.isEmpty == false ? images : nil)
    }

    /// Why the documentation rules the size out.
    struct SizeProblem: CustomStringConvertible {
        var parameter: String
        var description: String
    }

    /// What is wrong with the size, by the model's documentation; `nil` for a model whose sizes are not known here, and for fields of
    /// another type than documented, which are the upstream's to judge.
    var sizeProblem: SizeProblem? {
        guard let json, let contract = Self.contract(of: json["model"]) else { return nil }
        let (size, resolution) = (json["size"]?.string, json["resolution"]?.string)
        if let resolution, Tier(parsing: resolution) == nil {
            return SizeProblem(parameter: "resolution", description: "\(SizeViolation.unknownResolution(resolution))")
        }
        do throws(SizeViolation) {
            let violations = contract.violations(of: try contract.request(size: size, resolution: resolution))
            guard !violations.isEmpty else { return nil }
            return SizeProblem(parameter: "size", description: violations.map(\.description).joined(separator: "; "))
        } catch {
            return SizeProblem(parameter: "size", description: "\(error)")
        }
    }

    private static func contract(of model: JSONValue?) -> SizeContract? {
        guard let model, model != .null else { return SizeContract.gptImage2 }
        return model.string.flatMap { name in SizeContract.all.first { $0.model == name } }
    }

    /// Adds a callback address where the caller has none of his own.
    mutating func addCallback(_ url: String) {
        guard let json, json["callback_url"] == nil, let brace = bytes.firstIndex(of: UInt8(ascii: "{")),
            let quoted = try? JSONEncoder().encode(url)
        else { return }
        let isEmpty = bytes[(brace + 1)...].first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "}")
        let field = Data("\"callback_url\":".utf8) + quoted + Data((isEmpty ? "" : ",").utf8)
        bytes.insert(contentsOf: field, at: brace + 1)
    }
}
