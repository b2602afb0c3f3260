package import Foundation

/// The archive that release 0.1.0 made, unpacked into a folder that goes when its owner does.
/// `Tests/Fixtures/archive-0.1.0/README.md` says what is in it.
package final class ReleasedArchive: Sendable {
    /// The archive's folder.
    package let path: String
    private let scratch: URL

    /// When all of its tasks were created: their links lived for 24 hours from then.
    package static let created = Date(timeIntervalSince1970: 1_795_715_199)

    private static let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/archive-0.1.0")

    package init() throws {
        scratch = FileManager.default.temporaryDirectory.appending(path: "released-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        let packed = Self.fixture.appending(path: "archive-0.1.0.tar.gz").path(percentEncoded: false)
        let folder = scratch.path(percentEncoded: false)
        _ = try shell("tar -xzf '\(packed)' -C '\(folder)' --no-same-owner")
        path = scratch.appending(path: "archive-0.1.0").path(percentEncoded: false)
    }

    deinit { try? FileManager.default.removeItem(at: scratch) }

    /// What that release answered to `fixative list --format json`.
    package static func list() throws -> Data { try Data(contentsOf: fixture.appending(path: "list.json")) }
}
