import ArchiveModel
import BlobStore
import Catalog
import ImageCodecs

/// Deliveries that can't be filed yet.
extension Archiver {
    /// The failure of a delivery that is not a complete picture or may be cut short, with the delivery as its candidate; `nil` if
    /// it can be filed.
    ///
    /// - Parameter candidates: The earlier deliveries of the output.
    static func failure(
        of download: Download, _ inspection: Inspection, besides candidates: [DeliveryCandidate], isLinkFresh: Bool
    ) -> Failure? {
        switch inspection {
        case .picture: return nil
        case .unread(var facts, let mediaType):
            // No decoder has read this file. A second delivery of the same bytes confirms it.
            guard let doubt = doubt(about: facts, download), !candidates.contains(where: { $0.isConfirmed(by: download.digest) })
            else { return nil }
            facts.reason = "it seems to be \(facts.reason), but \(doubt)"
            let candidate = DeliveryCandidate(
                original: download.blob(mediaType), reason: facts.reason, looksLikePicture: true, download: download.facts,
                unread: facts)
            return Failure(
                "the same bytes must be delivered twice: \(facts.reason)", kind: "transport",
                cause: download.isEndStated ? .unknown : .vendor,
                candidate: candidate)
        case .undecodable(let reason, let looksLikePicture):
            let candidate = DeliveryCandidate(
                original: download.blob(MediaType.unknown), reason: reason, looksLikePicture: looksLikePicture,
                download: download.facts)
            return Failure(
                "the delivery is not a complete picture: \(reason)", kind: looksLikePicture ? "damaged picture" : "no picture",
                cause: .vendor, isRefusal: isLinkFresh, candidate: candidate)
        case .unjudged(let facts, let mediaType):
            // The decoder crashed or ran out of resources. The bytes may be a complete picture.
            let candidate = DeliveryCandidate(
                original: download.blob(mediaType), reason: facts.reason, looksLikePicture: true, download: download.facts,
                unread: facts)
            return Failure(facts.reason, kind: "decoder", cause: .ours, candidate: candidate)
        }
    }

    /// Why the bytes of a file that is not decoded may differ from those that its host has; `nil` if there is no reason to doubt.
    private static func doubt(about facts: UnreadFacts, _ download: Download) -> String? {
        guard download.isEndStated else { return "its host did not state where it ends, so it may be cut short" }
        guard let format = ImageFormat(rawValue: facts.format), !format.hasChecksums else { return nil }
        return "its format has no checksums, so it may be damaged"
    }

    /// Stores the candidate of a failure. It becomes the original if no later attempt succeeds.
    /// - Returns: The failure. If its candidate is not worth storing, only the digest is remembered, and only if the bytes may be
    ///   complete.
    func keepCandidate(of failure: Failure, _ download: Download, _ lease: OutputLease) async throws -> Failure {
        guard let candidate = failure.candidate else { return failure }
        if candidate.isWorthStoring(besides: lease.candidates) {
            _ = try await download.ingest.publish()
            return failure
        }
        var failure = failure
        failure.candidate = candidate.unread == nil ? nil : DeliveryCandidate.best(of: lease.candidates)
        failure.candidate?.laterDigest = candidate.original.digest
        return failure
    }
}

extension Download {
    fileprivate func blob(_ mediaType: String) -> BlobReference {
        BlobReference(digest: digest, bytes: bytes, mediaType: mediaType)
    }
}
