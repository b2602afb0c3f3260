/// The address of a result: an absolute http(s) URL or a `data:` URI.
///
/// The query of the URL is a signature. Everybody who knows the signature can fetch the file, so printed forms of the link show
/// only its host and path.
package struct ResultLink: Sendable, Hashable {
    /// The complete text with its query, for requests and for encrypted storage only.
    package let unsafeText: String

    package init(_ text: String) { unsafeText = text }

    package var isEmpty: Bool { unsafeText.isEmpty }
}

extension ResultLink: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        let isData = unsafeText.utf8.prefix(5).map { $0 | 0x20 }.elementsEqual("data:".utf8.map { $0 | 0x20 })
        return isData ? "data: URI of \(unsafeText.utf8.count) bytes" : Redactor()(unsafeText)
    }

    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

extension ResultLink: ExpressibleByStringInterpolation {
    package init(stringLiteral text: String) { self.init(text) }
}
