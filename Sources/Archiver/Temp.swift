package import ArchiveModel

extension DownloadError {
    package var cause: FailureCause {
        switch code {
        case .gone, .blocked, .status, .redirects: .vendor
        case .refusedAddress, .tooLarge: .ours
        case .transport, .timeout, .hostBusy: .unknown
        }
    }
}
