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
            title: "Studio archive", output: output, includesOriginals: true, transfer: .link,
            pageSize: entries.count > 20_000 ? 200 : 50)
        let began = clock()
        let summary = try await GalleryExport(options).write(entries, blobs: Blobs(folder: "\(records)/blobs"))
        // Processor time, since other work on the machine must not fail this.
        let seconds = Double(clock() - began) / Double(CLOCKS_PER_SEC)
        let each = summary.written > 0 ? ", \(seconds / Double(max(1, summary.pictures)) * 1000) ms a picture" : ""
        print("\(summary) in \(seconds) s of processor time\(each)")
        // Blobs are links here, so this is all but the copying.
        if summary.written > 0, summary.pictures >= 1000 { #expect(seconds / Double(summary.pictures) < 0.004) }
    }
}
