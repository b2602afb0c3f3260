package import ArchiveModel
import Foundation
import ImageCodecs
package import Imaging
import Provenance

/// A decoded picture, with the verdict on its Content Credentials.
package struct ExaminedPicture: Sendable, Hashable, Codable {
    package var picture: InspectedPicture
    /// `nil` when no check was asked for.
    package var credentials: CredentialFacts?

    package init(_ picture: InspectedPicture, credentials: CredentialFacts? = nil) {
        (self.picture, self.credentials) = (picture, credentials)
    }
}

/// One examination, as it runs in a worker or in this process.
struct PictureJob {
    var recipe: DerivativeRecipe
    var limits: ImageLimits
    var declared: DigitalSourceType?
    var check: CredentialCheck
    /// The time of the check; `nil` for none.
    var checkedAt: Date?

    init(_ settings: JobSettings, _ check: CredentialCheck, checkedAt: Date?) {
        (recipe, limits, declared) = (settings.recipe, settings.limits, settings.declared)
        (self.check, self.checkedAt) = (check, checkedAt)
    }

    /// Checks the credentials first: the derivatives repeat the source type that a valid manifest declares.
    func examine(_ bytes: Span<UInt8>, _ inspect: DecodeWorker.Inspect) -> Result<ExaminedPicture, RefusedPicture> {
        let credentials = checkedAt.map { check.facts(of: bytes, now: $0) }
        let verified = (credentials?.declaredSourceType).flatMap { DigitalSourceType(uri: $0, origin: .contentCredentials) }
        do throws(CodecError) {
            let picture = try inspect(bytes, recipe, limits, declared ?? verified)
            return .success(ExaminedPicture(picture, credentials: credentials))
        } catch {
            return .failure(RefusedPicture(error, RefusedFile(bytes, refusedFor: error)))
        }
    }
}
