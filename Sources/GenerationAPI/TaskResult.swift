package import ArchiveModel

/// One numbered result of a task.
package enum TaskResult: Sendable, Hashable {
    case link(ResultLink)
    /// Why the item is not a link, such as an error in place of a picture.
    case problem(String)

    package var link: ResultLink? {
        guard case .link(let link) = self else { return nil }
        return link
    }

    package var problem: String? {
        guard case .problem(let reason) = self else { return nil }
        return reason
    }
}

// Links must not appear in logs or errors, so every printed form shows only host and path.
extension TaskResult: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        switch self {
        case .link(let link): InlineData.isDataURI(link.unsafeText) ? InlineData.summary(of: link.unsafeText) : link.description
        case .problem(let reason): "no link: \(reason)"
        }
    }

    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension TaskResult {
    private static let problemScheme = "problem:"

    /// The result as a single text, for the queue in the catalog.
    package var stored: ResultLink {
        switch self {
        case .link(let link): link
        case .problem(let reason): ResultLink(Self.problemScheme + reason)
        }
    }

    package init(stored link: ResultLink) {
        let text = link.unsafeText
        let isProblem = text.utf8.starts(with: Self.problemScheme.utf8)
        self = isProblem ? .problem(String(text.dropFirst(Self.problemScheme.count))) : .link(link)
    }
}
