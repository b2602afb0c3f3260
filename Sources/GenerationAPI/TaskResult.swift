import ArchiveModel

/// One result that a task names, under its number.
package enum TaskResult: Sendable, Hashable {
    /// An absolute `http(s)` address or a `data:` URI. Its query is a signature, so it is a secret: log ``description`` instead.
    case link(String)
    /// Why the item names nothing that can be fetched, such as an error in place of a picture.
    case problem(String)

    package var link: String? {
        guard case .link(let link) = self else { return nil }
        return link
    }

    package var problem: String? {
        guard case .problem(let reason) = self else { return nil }
        return reason
    }
}

// A link must not reach a log or an error by accident, so no way of printing shows more than host and path.
extension TaskResult: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        switch self {
        case .link(let link): InlineData.isDataURI(link) ? InlineData.summary(of: link) : Redactor()(link)
        case .problem(let reason): "no link: \(reason)"
        }
    }

    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension TaskResult {
    private static let problemScheme = "problem:"

    /// The result as one text, for a queue that stores links.
    package var stored: String {
        switch self {
        case .link(let link): link
        case .problem(let reason): Self.problemScheme + reason
        }
    }

    package init(stored text: String) {
        let isProblem = text.utf8.starts(with: Self.problemScheme.utf8)
        self = isProblem ? .problem(String(text.dropFirst(Self.problemScheme.count))) : .link(text)
    }
}
