/// A reference to a box of the same store: `self#jumbf=/c2pa/MANIFEST/BOX/…`, or `self#jumbf=BOX/…` within one manifest (specification, 8.4.2.1).
struct JumbfURI: Hashable, Sendable {
    /// The manifest's label.
    var manifest: String
    /// The labels from the manifest down to the box; empty for the manifest.
    var path: [String]

    /// - Parameter manifest: The manifest that a relative reference starts from.
    init?(_ text: String, in manifest: String) {
        let prefix = "self#jumbf="
        guard text.utf8.starts(with: prefix.utf8), !text.contains("..") else { return nil }
        var labels = text.dropFirst(prefix.count).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if labels.first == "" {
            guard labels.count >= 3, labels[1] == "c2pa" else { return nil }
            self.manifest = labels[2]
            labels.removeFirst(3)
        } else {
            self.manifest = manifest
        }
        guard !self.manifest.isEmpty, !labels.contains("") else { return nil }
        path = labels
    }

    init(manifest: String, path: [String]) {
        self.manifest = manifest
        self.path = path
    }

    /// The absolute form. Statuses name boxes by it.
    var text: String {
        "self#jumbf=/c2pa/" + ([manifest] + path).joined(separator: "/")
    }
}
