import ArchiveModel

extension DownloadError {
    /// Converts the error into the failure of an attempt.
    /// - Parameter isLinkFresh: Whether the link was read for this attempt. Only then can the vendor's answer close a window.
    func failure(isLinkFresh: Bool) -> Failure {
        Failure(detail, kind: kind, cause: cause, isRefusal: isLinkFresh && cause == .vendor, retryAfter: retryAfter)
    }
}
