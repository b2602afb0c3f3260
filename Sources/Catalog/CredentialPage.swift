package import ArchiveModel

/// One page of credentials.
package struct CredentialPage: Sendable, Hashable {
    package var rows: [CredentialRow]
    /// The cursor for the next page; `nil` after the last page.
    package var next: ListCursor?
}

extension CatalogReader {
    /// Calls `body` with each page of archived outputs, the newest task first.
    package func forEachCredentialPage(_ query: EntryQuery, _ body: ([CredentialRow]) async throws -> Void) async throws {
        var cursor: ListCursor?
        repeat {
            let page = try await credentialPage(query, after: cursor)
            try await body(page.rows)
            cursor = page.next
        } while cursor != nil
    }
}
