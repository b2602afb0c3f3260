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

    /// Of the small gallery, with more rows than the window holds; the large and the empty one wait for nothing.
    private static func waiting(beside count: Int) throws -> WaitingList? {
        guard (1..<1000).contains(count) else { return nil }
        let entries = try (0..<40).map { number in
            try WaitingTests.failing(
                number, prompt: number.isMultiple(of: 3) ? "a lighthouse in a winter storm, oil on canvas" : nil,
                cause: number.isMultiple(of: 4) ? .ours : .vendor, end: 3600 + Double(number) * 1000)
        }
        return try WaitingTests.waiting(entries, count: 60, failing: [.vendor: 30, .ours: 10], atRisk: 4)
    }

    @Test func theRecordsAreWrittenAsAGallery() async throws {
        let environment = ProcessInfo.processInfo.environment
        let records = try #require(environment["FIXATIVE_BROWSER_RECORDS"])
        let output = try #require(environment["FIXATIVE_BROWSER_GALLERY"])
        let lines = try String(contentsOfFile: "\(records)/records.jsonl", encoding: .utf8).split(separator: "\n")
        let entries = try lines.map { OutputEntry(try JSONDecoder.archive.decode(ArchiveRecord.self, from: Data($0.utf8))) }
        let options = GalleryExport.Options(
            title: "Studio archive", output: output, includesOriginals: true, transfer: .link,
            pageSize: entries.count > 20_000 ? 200 : 50)
        let began = clock()
        let summary = try await GalleryExport(options).write(
            entries, waiting: try Self.waiting(beside: entries.count), blobs: Blobs(folder: "\(records)/blobs"))
        // Processor time, since other work on the machine must not fail this.
        let seconds = Double(clock() - began) / Double(CLOCKS_PER_SEC)
        let each = summary.written > 0 ? ", \(seconds / Double(max(1, summary.pictures)) * 1000) ms a picture" : ""
        print("\(summary) in \(seconds) s of processor time\(each)")
        // Blobs are links here, so this is all but the copying.
        if summary.written > 0, summary.pictures >= 1000 { #expect(seconds / Double(summary.pictures) < 0.004) }
    }
}
