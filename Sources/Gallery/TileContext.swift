internal import ArchiveModel
internal import Markup
internal import SizeContract

/// Template data of one picture.
struct TileContext {
    private let picture: GalleryPicture

    init(_ picture: GalleryPicture) { self.picture = picture }

    /// The data of a tile on a grid page.
    func tile(isFirst: Bool) -> [String: Any] {
        var context = shared
        context["shape"] = "r\(picture.ratioInHundredths)"
        context["loading"] = isFirst ? "eager" : "lazy"
        // Rows are about 16rem high at most, which gives the width; a tile is never wider than the window.
        context["sizes"] = "min(100vw, \(max(6, picture.ratioInHundredths * 16 / 100))rem)"
        return context
    }

    /// The data of the picture's own page.
    var context: [String: Any] {
        var context = shared
        context["explanation"] = picture.words.explanation
        context["hasPrompt"] = picture.entry.request?.prompt?.isEmpty == false
        context["prompt"] = picture.entry.request?.prompt
        context["facts"] = facts.map {
            ["label": $0.0, "value": $0.1, "code": $0.0 == "Task" || $0.0 == "SHA-256"] as [String: Any]
        }
        context["original"] = picture.original.map { "../\($0.path)" }
        context["credentials"] = CredentialContext(picture.entry.credentials)?.context
        return context
    }

    private var shared: [String: Any] {
        var context: [String: Any] = [
            "name": picture.name, "page": picture.page, "alt": picture.title, "verdict": picture.words.label,
            "tone": picture.words.tone.rawValue,
        ]
        switch picture.kind {
        case .picture:
            context["isSigned"] = picture.entry.credentials?.isBelievable == true
            if let thumbnail = picture.thumbnail { context["image"] = image(thumbnail) }
        case .file, .unavailable:
            context["card"] = ["text": picture.cardText]
        }
        return context
    }

    private func image(_ thumbnail: GalleryPicture.Media) -> [String: Any] {
        var image: [String: Any] = ["src": thumbnail.path, "width": thumbnail.width, "height": thumbnail.height]
        let largest = picture.preview ?? thumbnail
        image["large"] = largest.path
        image["largeWidth"] = largest.width
        image["largeHeight"] = largest.height
        if let preview = picture.preview, preview.width > thumbnail.width {
            image["srcset"] = "\(thumbnail.path) \(thumbnail.width)w, \(preview.path) \(preview.width)w"
        }
        image["placeholder"] = picture.entry.thumbHash.flatMap(TinyPlaceholder.dataURL)
        return image
    }

    /// The facts in the order in which readers look for them; the script's viewer shows the same.
    private var facts: [(String, String)] {
        let entry = picture.entry
        let judgement = entry.judgement
        let facts: [(String, String?)] = [
            ("Requested", asked),
            ("Delivered", judgement?.delivered.map(pixels)),
            ("Requested tier", judgement?.billedTier?.rawValue),
            ("Delivered tier", judgement?.deliveredTier?.rawValue),
            ("Below the requested tier", judgement?.overpaid.flatMap { $0 > .zero ? "\($0) × the base price" : nil }),
            ("Nearest size", judgement?.nearestCell.map { "\($0.ratio) at \($0.tier)" }),
            ("Reason", picture.kind == .picture ? nil : entry.reason),
            ("Model", entry.request?.model),
            ("File", entry.original.map { "\(GalleryPicture.kindOfFile($0.mediaType)), \(NumberFormat.bytes($0.bytes))" }),
            ("Created", entry.createdAt.map { CivilTime($0).text }),
            (entry.state == .unavailable ? "Given up" : "Archived", entry.endedAt.map { CivilTime($0).text }),
            ("Task", "\(entry.id.task), result \(entry.id.index)"),
            ("SHA-256", entry.original?.digest.hex),
        ]
        return facts.compactMap { label, value in value.map { (label, $0) } }
    }

    /// The requested size, followed by its pixels unless it is already in pixels.
    private var asked: String? {
        guard let asked = picture.asked, let expected = picture.entry.judgement?.expected else { return picture.asked }
        return asked == expected.description ? pixels(expected) : "\(asked) (\(pixels(expected)))"
    }

    private func pixels(_ size: PixelSize) -> String { "\(size.width)\u{A0}×\u{A0}\(size.height)" }
}
