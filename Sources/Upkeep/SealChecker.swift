import ArchiveModel
import BlobStore
import ContentCredentials
import Foundation

/// Compares the seals with themselves, with their time stamps, and with the records.
struct SealChecker {
    let seals: any SealStore
    let records: any RecordUpkeep
    let archiveID: String

    func check(_ report: inout VerificationReport) async throws {
        let listing = try await seals.listing()
        report.seals = listing.seals.count
        report.litter += listing.litter
        for path in listing.strays { report.find(.stray, path, .stray(path), "it is not a seal; it stays unchanged") }
        for name in listing.tokens.subtracting(listing.seals) {
            damaged(name, .token, "the seal of this time stamp is missing; restore it from a backup", &report)
        }
        for name in listing.seals {
            guard let bytes = try await seals.bytes(of: name, .seal) else { continue }
            do {
                let seal = try DaySeal(file: bytes, name: name)
                let outputs = try seal.outputs()
                if seal.archive != archiveID { damaged(name, .seal, "it is of another archive", &report) }
                try await checkToken(of: seal, &report)
                for output in outputs { try await check(output, seal, &report) }
            } catch let error as RecordFileError {
                damaged(name, .seal, "\(error); restore it from a backup", &report)
            }
        }
    }

    private func damaged(_ name: SealName, _ part: SealPart, _ detail: String, _ report: inout VerificationReport) {
        let path = seals.path(of: name, part)
        report.find(.damagedSeal, path, .seal(path: path), detail)
    }

    private func checkToken(of seal: DaySeal, _ report: inout VerificationReport) async throws {
        guard let token = try await seals.bytes(of: seal.name, .token) else { return }
        do {
            let stamp = try TimeStamp(token: token, sha256: seal.root.bytes)
            // A seal can't be older than the newest record in it.
            if let last = try? seal.outputs().map(\.endedAt).max(), stamp.time < last.addingTimeInterval(-3600) {
                damaged(seal.name, .token, "its time stamp of \(stamp.text) is older than records of the seal", &report)
            }
        } catch {
            damaged(seal.name, .token, "its time stamp does not count. \(error.why)", &report)
        }
    }

    private func check(_ output: SealedOutput, _ seal: DaySeal, _ report: inout VerificationReport) async throws {
        let path = records.path(of: output.id, day: output.day)
        func find(_ detail: String) {
            report.find(.differsFromSeal, "\(output.id)", .seal(path: path), "\(detail) (\(seals.path(of: seal.name, .seal)))")
        }
        guard let listing = try await records.listing(at: path) else {
            return find("its record is sealed, but it is missing")
        }
        // The survey reports a damaged record.
        guard case .success(.output(let record)) = listing.record else { return }
        let names = output.contradictions(in: record)
        guard !names.isEmpty else { return }
        find("its record was changed after it was sealed: \(names.joined(separator: ", "))")
    }
}
