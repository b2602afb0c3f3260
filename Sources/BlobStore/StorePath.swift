import Foundation

/// A path below an archive's folder. Its components are opened one by one without following symbolic links, so no link below the
/// folder can lead out of it. The folder itself may be reached through links.
struct StorePath: Sendable, Hashable, CustomStringConvertible {
    /// The archive's folder.
    let root: String
    /// The names below the folder; empty for the folder itself.
    private(set) var components: [String] = []

    init(root: String) { self.root = root }

    /// - Parameter inside: Names separated by slashes.
    init(root: String, inside: String) {
        self.root = root
        components = inside.split(separator: "/").map(String.init)
    }

    static func / (path: StorePath, name: String) -> StorePath {
        var child = path
        child.components += name.split(separator: "/").map(String.init)
        return child
    }

    /// The same path with `suffix` appended to its last name.
    static func + (path: StorePath, suffix: String) -> StorePath {
        var other = path
        if let last = other.components.popLast() { other.components.append(last + suffix) }
        return other
    }

    var parent: StorePath {
        var parent = self
        _ = parent.components.popLast()
        return parent
    }

    /// The last name; empty for the folder itself.
    var name: String { components.last ?? "" }

    /// The names below the folder, separated by slashes.
    var inside: String { components.joined(separator: "/") }

    var description: String { components.isEmpty ? root : root + "/" + inside }

    /// Whether no component is `.`, `..` or contains U+0000.
    var isPlain: Bool {
        components.allSatisfy { $0 != ".." && $0 != "." && !$0.utf8.contains(0) }
    }
}
