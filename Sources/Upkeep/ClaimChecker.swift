import ArchiveModel
import BlobStore

/// Reads the marked claims. A damaged one would make it possible to claim an output twice.
struct ClaimChecker {
    let claims: any ClaimStore
    let archiveID: String

    func check(_ report: inout VerificationReport) async throws {
        let listing = try await claims.listing()
        report.claims = listing.claims.count
        report.litter += listing.litter
        for path in listing.strays { report.find(.stray, path, .stray(path), "it is not a claim; it stays unchanged") }
        for id in listing.claims {
            let path = claims.path(of: id)
            func damaged(_ detail: String) {
                report.find(.damagedClaim, path, .claim(path: path), "\(detail); restore it from a backup")
            }
            do {
                guard let bytes = try await claims.bytes(of: id) else { continue }
                let claim = try ClaimRecord(file: bytes, id: id)
                if claim.archive != archiveID { damaged("it is of another archive") }
            } catch let error as RecordFileError {
                damaged("\(error)")
            } catch let error as BlobStoreError {
                damaged("\(error)")
            }
        }
    }
}
