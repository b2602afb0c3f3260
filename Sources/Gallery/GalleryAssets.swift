internal import ArchiveModel
internal import Markup
internal import Mustache

/// The gallery's style sheet, script and templates, embedded in the program.
struct GalleryAssets: Sendable {
    struct Asset: Sendable {
        /// Relative to the site's root. The path contains a hash of the contents, so browsers may cache it without expiry.
        let path: String
        let bytes: [UInt8]

        init(name: String, kind: String, bytes: [UInt8]) {
            path = "assets/\(name).\(Digest(of: bytes).hex.prefix(12)).\(kind)"
            self.bytes = bytes
        }
    }

    /// The supported aspect ratios of tiles, as width divided by height in hundredths. Pages use no inline styles, so each ratio
    /// needs a CSS class.
    static let ratios = 25...400

    let style: Asset
    let script: Asset
    private let library: MustacheLibrary

    init() throws {
        Templates.registerEscaping()
        style = Asset(
            name: "gallery", kind: "css",
            bytes: Palette.css + PackageResources.base_css + PackageResources.grid_css + PackageResources.scrubber_css
                + PackageResources.viewer_css + PackageResources.credentials_css + PackageResources.waiting_css
                + PackageResources.page_css + PackageResources.signin_css
                + Array(Self.ratioClasses.utf8))
        // One scope for all parts, so that the script defines only the global name that data files call.
        script = Asset(
            name: "gallery", kind: "js",
            bytes: Array("\"use strict\";\n(() => {\n".utf8) + PackageResources.store_js + PackageResources.layout_js
                + PackageResources.tiles_js + PackageResources.grid_js + PackageResources.scrubber_js
                + PackageResources.credentials_js + PackageResources.facts_js
                + PackageResources.viewer_js + PackageResources.zoom_js + PackageResources.controls_js + PackageResources.main_js
                + Array("})();\n".utf8))
        let sources = [
            "index": PackageResources.index_mustache, "older": PackageResources.older_mustache,
            "picture": PackageResources.picture_mustache, "head": PackageResources.head_mustache,
            "months": PackageResources.months_mustache, "controls": PackageResources.controls_mustache,
            "viewer": PackageResources.viewer_mustache, "calendar": PackageResources.calendar_mustache,
            "feed": PackageResources.feed_mustache, "waiting": PackageResources.waiting_mustache,
            "signin": PackageResources.signin_mustache, "credentials": PackageResources.credentials_mustache,
        ]
        var library = MustacheLibrary()
        for (name, source) in sources {
            do { try library.register(String(decoding: source, as: UTF8.self), named: name) } catch {
                throw GalleryError(.damagedTemplate, name, cause: error)
            }
        }
        self.library = library
    }

    func render(_ template: String, _ context: [String: Any]) throws -> [UInt8] {
        guard let text = library.render(context, withTemplate: template) else { throw GalleryError(.damagedTemplate, template) }
        return Array(text.utf8)
    }

    private static let ratioClasses = ratios.map { hundredths in
        let rest = hundredths % 100
        return ".r\(hundredths){--r:\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)}\n"
    }.joined()
}
