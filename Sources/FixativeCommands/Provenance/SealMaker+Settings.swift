import ArchiveModel
import ArchiveStore
import ContentCredentials
import Foundation
import TimeStamping
import Upkeep

extension SealMaker {
    /// - Parameter stamp: `nil` for seals without a time stamp.
    init(_ archive: Archive, stamp: Stamp?) {
        self.init(
            records: archive.records, seals: archive.files.seals, catalog: archive.catalog, clock: archive.clock,
            archiveID: archive.files.archiveID, stamp: stamp)
    }

    /// Requests tokens from an authority; `nil` if none is named.
    /// - Throws: ``SettingsError`` for an address that is not allowed.
    static func stamp(_ address: String?, allowsPlainHTTP: Bool) throws -> Stamp? {
        guard let address, !address.isEmpty else { return nil }
        do {
            let client = try TimeStampClient(address, allowsPlainHTTP: allowsPlainHTTP)
            return { try await client.stamp(over: $0).der }
        } catch { throw SettingsError("\(error). Correct --tsa or FIXATIVE_TSA") }
    }
}
