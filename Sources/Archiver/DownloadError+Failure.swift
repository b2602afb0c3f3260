import ArchiveModel

extension DownloadError {
    /// The failure of a try.
    /// - Parameter isLinkFresh: Whether the link was read for this try: only then does an answer of the vendor close a window.
    func failure(isLinkFresh: Bool) -> Failure {
        Failure(detail, kind: kind, cause: cause, isRefusal: isLinkFresh && cause == .vendor, retryAfter: retryAfter)
    }
}
