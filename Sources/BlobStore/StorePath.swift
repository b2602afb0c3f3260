import Foundation

/// A place below an archive's folder. Its parts are opened one by one without following symbolic links, so no link below the folder
/// leads out of it. The folder itself may be reached through links.
struct StorePath: Sendable, Hashable, CustomStringConvertible {
    /// The archive's folder.
    let root: String
    /// The names below the folder; none for the folder itself.
    private(set) var components: [String] = []

    init(root: String) { self.root = root }

    /// - Parameter inside: Names with slashes between them.
    init(root: String, inside: String) {
        self.root = root
        components = inside.split(separator: "/").map(String.init)
    }

    static func / (path: StorePath, name: String) -> StorePath {
        var child = path
        child.components += name.split(separator: "/").map(String.init)
        return child
    }

    /// The same place with something added to its last name.
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

    /// The names below the folder, with slashes between them.
    var inside: String { components.joined(separator: "/") }

    var description: String { components.isEmpty ? root : root + "/" + inside }

    /// Whether no part leads upwards or ends a C string.
    var isPlain: Bool {
        components.allSatisfy { $0 != ".." && $0 != "." && !$0.utf8.contains(0) }
    }
}
