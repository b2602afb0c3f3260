/// What becomes of a task and its results for good.
package enum TaskFate: Sendable, Hashable {
    /// Its results can be had, sooner or later.
    case ordinary
    /// It is in the list, but reading it is answered 404 for ever, and batches leave it out.
    case vanished
    /// Its first links died early with this status. Whoever reads the task again after that gets links that work.
    case linkDiesOnce(status: Int)
    /// Its links are dead with this status, the fresh ones too.
    case linkDead(status: Int)
    /// Its links redirect in a circle.
    case redirectLoop
    /// Its links redirect to an address inside the storage's own network.
    case redirectToPrivateAddress
    /// Its links answer 200 with a web page.
    case alwaysHTML
    /// Its files are cut short, with a content length that agrees.
    case truncated

    /// Whether its results never arrive at all.
    package var isLost: Bool {
        switch self {
        case .vanished, .linkDead, .redirectLoop, .redirectToPrivateAddress: true
        case .ordinary, .linkDiesOnce, .alwaysHTML, .truncated: false
        }
    }

    /// Whether its results arrive as bytes that are no whole picture.
    package var isUndecodable: Bool { self == .alwaysHTML || self == .truncated }
}
