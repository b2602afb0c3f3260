/// The permanent fault of a task and its results, if any.
package enum TaskFate: Sendable, Hashable {
    /// The results can be downloaded eventually.
    case ordinary
    /// The task is listed, but reading it always returns 404, and batches omit it.
    case vanished
    /// The first links stop working early with this status. Reading the task again returns working links.
    case linkDiesOnce(status: Int)
    /// All links fail with this status, including fresh ones.
    case linkDead(status: Int)
    /// The links redirect in a circle.
    case redirectLoop
    /// The links redirect to a private address.
    case redirectToPrivateAddress
    /// The links return 200 with an HTML page.
    case alwaysHTML
    /// The files are truncated, with a matching Content-Length.
    case truncated

    /// Whether no bytes of its results are ever delivered.
    package var isLost: Bool {
        switch self {
        case .vanished, .linkDead, .redirectLoop, .redirectToPrivateAddress: true
        case .ordinary, .linkDiesOnce, .alwaysHTML, .truncated: false
        }
    }

    /// Whether the delivered bytes are not a complete picture.
    package var isUndecodable: Bool { self == .alwaysHTML || self == .truncated }
}
