import ArchiveModel
import ArgumentParser
import Foundation
import Provenance

/// The trust lists of a check.
struct TrustOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Use this list of signers instead of the official one (PEM, or JSON as the C2PA publishes it).", valueName: "file"))
    var trustList: String?

    @Option(
        help: ArgumentHelp("Use this list of time-stamp authorities instead of the official one.", valueName: "file"))
    var tsaList: String?

    @Option(help: ArgumentHelp("Also trust the signers below these certificates (PEM).", valueName: "file"))
    var trustAnchors: String?

    @Option(help: ArgumentHelp("Also trust the time-stamp authorities below these certificates (PEM).", valueName: "file"))
    var tsaAnchors: String?

    /// - Throws: ``SettingsError`` for a file that can't be read as a list.
    func settings() throws -> TrustSettings {
        let settings = TrustSettings(
            signers: try Self.contents(trustList), timeAuthorities: try Self.contents(tsaList),
            addedSigners: try Self.contents(trustAnchors), addedTimeAuthorities: try Self.contents(tsaAnchors))
        do { _ = try CredentialCheck.with(settings) } catch {
            throw SettingsError("\(error.description). Give a PEM file, or a list in the JSON of the C2PA")
        }
        return settings
    }

    /// The largest list that is read, in bytes. The official ones have less than 100 kB.
    private static let largest = 2 << 20

    private static func contents(_ path: String?) throws -> Data? {
        guard let path else { return nil }
        guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: largest + 1) else {
            throw SettingsError("\(path) can't be read. Check that the file exists")
        }
        guard data.count <= largest else { throw SettingsError("\(path) has more than \(largest) bytes, so it is no trust list") }
        return data
    }
}
