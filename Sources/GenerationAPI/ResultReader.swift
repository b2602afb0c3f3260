import ArchiveModel
import Foundation

/// Extracts the results from a task's JSON, whatever its structure.
///
/// Every list item keeps its number: an item that is not a link becomes a problem with a reason. Exceptions:
/// - An item with several files, such as `{"url":[…]}`, counts as that many results.
/// - A link that occurs twice in a list, letter by letter, counts once.
/// - A picture named in two fields of an object counts once. Links with the same host and path, or with the same long file name,
///   are the same picture.
struct ResultReader {
    let address: ResultAddress
    /// Maximum number of results of a task.
    let most: Int

    private static let deepest = 16

    /// The context of a value; determines the meaning of an empty one.
    private enum Place {
        /// An item of a list of results: it always gets a number.
        case item
        /// A field that holds links; ignored if empty.
        case linkField
        /// A field that may hold results or text.
        case container
    }

    // MARK: A task

    /// Fields of a task that contain results. The first one is documented.
    private static let taskFields = [
        "results", "result", "resultdata", "data", "output", "outputs", "images", "artifacts", "generations", "predictions",
        "choices", "candidates", "response", "resulturl", "resulturls", "outputurl", "outputurls", "b64json", "imagebase64",
        "base64",
    ]
    /// Fields that may also contain the request's images or the task's own address. They are read only if no other field contains
    /// a link.
    private static let doubtfulFields = ["imageurl", "image", "downloadurl", "fileurl", "videourl", "url", "link"]

    /// - Parameter isUnfinished: Whether the task's status says that it is still in progress.
    func results(of task: JSONValue, isUnfinished: Bool) -> [TaskResult] {
        let members = Members(task)
        var lists = Self.taskFields.flatMap { name in
            members[name].map { read($0, as: name == "results" ? .linkField : place(of: name), depth: 0) }
        }
        if !isUnfinished, !lists.contains(where: Self.hasLink) {
            lists += Self.doubtfulFields.flatMap { members[$0].map { read($0, as: .container, depth: 0) } }
        }
        let found = Self.merged(lists)
        guard found.count > most else { return found }
        let reason = "the upstream's answer lists more results than the limit of \(most); later results are not read"
        return Array(found.prefix(most)) + [.problem(reason)]
    }

    // MARK: Values

    private func read(_ value: JSONValue, as place: Place, depth: Int) -> [TaskResult] {
        guard depth < Self.deepest else { return [.problem("it is nested deeper than \(Self.deepest) levels")] }
        switch value {
        case .string(let text): return read(text, as: place, depth: depth)
        case .array(let items): return read(items, as: place, depth: depth)
        case .object: return read(Members(value), of: value, as: place, depth: depth)
        case .null: return place == .item ? [.problem("it is null")] : []
        case .bool: return place == .item ? [.problem("it is true or false, not a link")] : []
        case .integer, .unsigned, .number: return place == .item ? [.problem("it is a number, not a link")] : []
        }
    }

    private func read(_ items: [JSONValue], as place: Place, depth: Int) -> [TaskResult] {
        if items.isEmpty { return place == .item ? [.problem("it is an empty list")] : [] }
        var results: [TaskResult] = []
        var seen: Set<TaskResult> = []
        for item in items {
            for result in read(item, as: .item, depth: depth + 1) {
                let isRepeatable = result.problem.map { !InlineData.isSummary($0) } ?? false
                if isRepeatable || seen.insert(result).inserted { results.append(result) }
            }
            if results.count > most { break }
        }
        return results
    }

    private func read(_ text: String, as place: Place, depth: Int) -> [TaskResult] {
        let trimmed = Self.trimmed(text)
        guard !trimmed.isEmpty else { return place == .item ? [.problem("it is an empty string")] : [] }
        // A summary from an archived answer, which does not contain the file.
        if InlineData.isSummary(trimmed) { return [.problem(trimmed)] }
        if let link = InlineData.link(sniffing: trimmed) { return [.link(link)] }
        if let first = trimmed.first, "{[\"".contains(first), let json = JSONValue(text: trimmed), json.string != text {
            return read(json, as: place, depth: depth + 1)
        }
        let images = Self.markdownImages(in: trimmed)
        if !images.isEmpty { return images.compactMap(address.read) }
        if let result = address.read(trimmed) { return [result] }
        guard place != .container else { return [] }
        return [.problem("the text '\(Redactor()(trimmed.cut(to: 120)))' is not a link")]
    }

    /// Removes white space, control characters and zero-width characters at both ends.
    private static func trimmed(_ text: String) -> String {
        func isBlank(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isWhitespace || [.control, .format].contains(scalar.properties.generalCategory)
        }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }), let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(scalars[first...last])
    }

    /// The addresses of Markdown pictures, `![text](address)`. Chat models deliver pictures in this form.
    private static func markdownImages(in text: String) -> [String] {
        guard text.contains("](") else { return [] }
        var links: [String] = []
        var rest = text[...]
        while links.count < 1000, let mark = rest.range(of: "![", options: .literal) {
            rest = rest[mark.upperBound...]
            guard let open = rest.range(of: "](", options: .literal) else { break }
            let end = rest[open.upperBound...].firstIndex { $0 == ")" || $0 == " " } ?? rest.endIndex
            links.append(String(rest[open.upperBound..<end]))
            rest = rest[end...]
        }
        return links
    }

    // MARK: Objects

    private static let inlineFields = [
        "b64json", "b64", "base64", "imagebase64", "base64image", "b64image", "imageb64", "bytesbase64encoded", "imagebytes",
    ]
    private static let linkFields = [
        "url", "imageurl", "link", "uri", "src", "href", "imageuri", "fileuri", "downloadurl", "signedurl", "fileurl",
        "resulturl", "outputurl", "publicurl", "cdnurl", "gcsuri", "originalurl", "pictureurl", "imgurl", "videourl", "audiourl",
        "urls", "resulturls", "outputurls", "links",
    ]
    /// May also contain the request's reference images.
    private static let doubtfulLinkField = "imageurls"
    private static let containers = [
        "image", "results", "result", "resultdata", "data", "output", "outputs", "images", "artifacts", "files", "file", "items",
        "generations", "predictions", "choices", "candidates", "message", "content", "text", "parts", "inlinedata", "source",
        "media",
        "assets", "response", "payload", "picture", "video", "audio",
    ]

    private func place(of field: String) -> Place { Self.linkFields.contains(field) ? .linkField : .container }

    private func read(_ members: Members, of value: JSONValue, as place: Place, depth: Int) -> [TaskResult] {
        // An embedded file is the same picture as a link next to it, and needs no download.
        for name in Self.inlineFields + ["data", "content"] {
            let files = members[name].compactMap { inline($0, named: name, members) }
            if let file = files.first { return [file] }
        }
        var lists = (Self.linkFields + Self.containers).flatMap { name in
            members[name].map { read($0, as: self.place(of: name), depth: depth + 1) }
        }
        if !lists.contains(where: Self.hasLink) {
            lists += members[Self.doubtfulLinkField].map { read($0, as: .linkField, depth: depth + 1) }
        }
        if lists.contains(where: Self.hasLink) { return Self.merged(lists) }
        if let words = Self.errorWords(members, isItem: place == .item) { return [.problem(words)] }
        let found = Self.merged(lists)
        if !found.isEmpty { return found }
        guard place == .item, !Self.isText(members) else { return [] }
        if Self.inlineFields.contains(where: { members[$0].contains { $0 != .null } }) {
            return [.problem("its base64 can't be decoded")]
        }
        let names = members.names.prefix(6).map { $0.cut(to: 60) }.joined(separator: ", ")
        return [.problem(names.isEmpty ? "it is an empty object" : "it is an object without a link; its members are \(names)")]
    }

    private func inline(_ value: JSONValue, named name: String, _ members: Members) -> TaskResult? {
        guard let text = value.string else { return nil }
        let trimmed = Self.trimmed(text)
        if InlineData.isDataURI(trimmed) { return address.read(trimmed) }
        if InlineData.isSummary(trimmed) { return .problem(trimmed) }
        let types = ["mimetype", "mediatype", "contenttype"].flatMap { members[$0].compactMap(\.string) }
        let type = types.first { $0.utf8.count < 100 && $0.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != 0x2C && $0 != 0x3B } }
        // `data` and `content` may also contain text, so they count as a file only if a media type is given or the file type is
        // detected.
        let isCalledBase64 = Self.inlineFields.contains(name) || type != nil
        guard isCalledBase64, trimmed.utf8.count >= 8 else { return InlineData.link(sniffing: trimmed).map(TaskResult.link) }
        return InlineData.link(base64: trimmed, mediaType: type).map(TaskResult.link)
    }

    /// Parts of a chat that are text according to their type.
    private static func isText(_ members: Members) -> Bool {
        let types = ["text", "output_text", "reasoning", "thinking", "message"]
        return members["type"].contains { types.contains($0.string ?? "") } || members["text"].contains { $0.string != nil }
    }

    /// - Parameter isItem: Whether the object is a result without a picture. General fields such as `message` are then taken as
    ///   the reason.
    private static func errorWords(_ members: Members, isItem: Bool) -> String? {
        let error = members["error"].lazy.compactMap(UpstreamText.failure).first
        var reasons = ["failreason", "failurereason", "errormessage", "errormsg"]
        if isItem { reasons += ["reason", "message", "detail", "code"] }
        let words = error ?? reasons.lazy.flatMap { members[$0].compactMap(\.string) }.first { !$0.isEmpty }
        return words.map { Redactor()($0.cut(to: 500)) }
    }

    // MARK: Results in several fields

    private static func hasLink(_ results: [TaskResult]) -> Bool { results.contains { $0.link != nil } }

    /// Merges the results of several fields that may contain the same pictures.
    private static func merged(_ lists: [[TaskResult]]) -> [TaskResult] {
        var telling = lists.filter(hasLink)
        guard !telling.isEmpty else { return lists.first { !$0.isEmpty } ?? [] }
        var merged = telling.removeFirst()
        guard !telling.isEmpty else { return merged }
        var known = Set(merged.flatMap(names))
        for list in telling {
            for (position, result) in list.enumerated() where result.link != nil && known.isDisjoint(with: names(result)) {
                known.formUnion(names(result))
                if list.count == merged.count, merged.indices.contains(position), merged[position].link == nil {
                    merged[position] = result
                } else {
                    merged.append(result)
                }
            }
        }
        return merged
    }

    /// File names of up to this many characters, such as `image.png`, may be shared by different pictures.
    private static let shortName = 15

    private static func names(_ result: TaskResult) -> [String] {
        guard let link = result.link else { return [] }
        let name = ResultName(link)
        let file = name.path.split(separator: "/").last.map(String.init) ?? ""
        return [name.text] + (file.count > shortName && !InlineData.isDataURI(link.unsafeText) ? ["file " + file] : [])
    }
}

/// The members of an object, found by name without case, underscores and hyphens: `imageUrl` and `image_url` are the same.
private struct Members {
    private(set) var names: [String] = []
    private var values: [String: [JSONValue]] = [:]

    init(_ value: JSONValue) {
        guard case .object(let members) = value else { return }
        names = members.keys.sorted()
        for name in names {
            guard let value = members[name] else { continue }
            values[name.lowercased().filter { $0 != "_" && $0 != "-" }, default: []].append(value)
        }
    }

    subscript(name: String) -> [JSONValue] { values[name] ?? [] }
}
