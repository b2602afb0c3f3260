import ArchiveModel
import Foundation
import Testing

@testable import Gallery

/// Writes the galleries that the browser tests open; see Tests/Browser. Does nothing in an ordinary test run.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["FIXATIVE_BROWSER_RECORDS"] != nil))
struct DemoGallery {
    private struct Blobs: GalleryBlobSource {
        let folder: String
        func bytes(of digest: Digest) async throws -> [UInt8] {
            [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(digest)")))
        }
        func path(of digest: Digest) async throws -> String? { "\(folder)/\(digest)" }
    }

    @Test func writesTheRecordsAsAGallery() async throws {
        let environment = ProcessInfo.processInfo.environment
        let records = try #require(environment["FIXATIVE_BROWSER_RECORDS"])
        let output = try #require(environment["FIXATIVE_BROWSER_GALLERY"])
        let lines = try String(contentsOfFile: "\(records)/records.jsonl", encoding: .utf8).split(separator: "\n")
        let entries = try lines.map { OutputEntry(try JSONDecoder.archive.decode(ArchiveRecord.self, from: Data($0.utf8))) }
        let options = GalleryExport.Options(
            title: "Studio archive", output: output, includesOriginals: true, transfer: .link, pageSize: 50)
        let clock = ContinuousClock()
        let began = clock.now
        let summary = try await GalleryExport(options).write(entries, blobs: Blobs(folder: "\(records)/blobs"))
        print("\(summary) in \(clock.now - began)")
    }
}
