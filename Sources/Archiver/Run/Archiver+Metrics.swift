import ArchiveModel
import BlobStore
import Catalog
package import GenerationAPI
import SizeContract
package import Telemetry

extension ArchiveMetrics {
    /// Updates the counters that an event affects.
    func record(_ event: ArchiveEvent) {
        switch event {
        case .discovered(_, let new): discovered(new.count)
        case .archived(let entry): ended(entry.judgement?.verdict.isClean == false ? .mismatch : .match)
        case .unavailable: ended(.unavailable)
        case .taskEnded(_, let state, _): taskEnded(state.rawValue)
        case .resolved, .swept, .sweepFailed, .postponed, .failing, .waiting, .sourceStopped, .sourceResumed, .atRisk,
            .problemFound, .problemCleared, .warning, .note:
            break
        }
    }

    /// Counts a failure of the archive's own storage; other errors are not counted.
    func record(failure error: any Error) {
        switch error {
        case is BlobStoreError: storeFailed(.blobs)
        case let error as CatalogError where error.code != .leaseLost: storeFailed(.catalog)
        default: break
        }
    }

    /// Counts a failed attempt at an output that will be retried.
    /// - Parameter failure: Its kind. Status codes are grouped by class to limit the number of label values.
    func retried(output failure: String) {
        let words = failure.split(separator: " ")
        let isStatus = words.count == 2 && words[0] == "status"
        retried(.output, cause: isStatus ? "status_\(words[1].prefix(1))xx" : words.joined(separator: "_"))
    }

    /// Counts an API call that is retried.
    package func retried(call error: APIError) { retried(.call, cause: error.cause) }
}

extension APIError {
    /// The party responsible, as far as the error shows.
    var failureCause: FailureCause {
        switch code {
        // The limits of an answer's size are ours.
        case .unauthorized, .noQuota, .forbidden, .tooLarge: .ours
        case .refused, .malformed, .server: .vendor
        case .notFound, .rateLimited, .transport, .redirected, .notTheAPI: .unknown
        }
    }

    /// The kind of error, as a metric label.
    var cause: String {
        switch code {
        case .unauthorized: "unauthorized"
        case .noQuota: "no_quota"
        case .forbidden: "forbidden"
        case .notFound: "not_found"
        case .refused: "refused"
        case .rateLimited: "rate_limited"
        case .server: "server"
        case .transport: "transport"
        case .malformed: "malformed"
        case .tooLarge: "too_large"
        case .redirected: "redirected"
        case .notTheAPI: "not_the_api"
        }
    }
}
