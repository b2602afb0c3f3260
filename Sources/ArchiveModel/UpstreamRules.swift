package import Foundation

/// Limits of the upstream API that more than one room needs. Unless noted, they come from the API's reference page.
package enum UpstreamRules {
    /// Seconds from a task's creation during which its result links work.
    package static let linkLifetime: TimeInterval = 24 * 3600
    /// Maximum number of task IDs in one batch call.
    package static let batchLimit = 50
    /// Rows of one page of the account's task list.
    package static let pageSize = 50
    /// Maximum length of a callback address in characters.
    package static let callbackLength = 2048
    /// Maximum number of reference images of a request.
    package static let imageLimit = 16
    /// Maximum number of results read from one task, so that a hostile answer is bounded. The upper bound of `maxResults`.
    package static let mostResults = 10_000
}
