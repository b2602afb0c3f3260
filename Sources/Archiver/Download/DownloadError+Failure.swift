import ArchiveModel

extension DownloadError {
    /// Converts the error into the failure of an attempt.
    /// - Parameter isLinkFresh: Whether the link was read for this attempt. Only then can the vendor's answer close a window.
    func failure(isLinkFresh: Bool) -> Failure {
        Failure(detail, kind: kind, cause: cause, isRefusal: isLinkFresh && isAboutTheLink, retryAfter: retryAfter)
    }

    /// Whether the host has answered that this link leads to nothing. Its overload, outages and broken-off answers say nothing about
    /// the link, so that they close no window.
    private var isAboutTheLink: Bool {
        switch code {
        case .gone, .blocked, .unusableLink, .redirects: true
        case .status(let status): (400..<500).contains(status) && ![408, 425, 429].contains(status)
        case .transport, .coding, .timeout, .dns, .tls, .connection, .refusedAddress, .tooLarge, .hostBusy: false
        }
    }
}
