import Foundation
import HummingbirdTesting
import NIOCore
import SizeContract
import Testing

@testable import UpstreamSimulator

/// A folder of pictures served through.
struct FolderTests {
    private static func withFolder(_ files: [String: [UInt8]], _ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "simulator-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appending(path: "a-folder.png"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, bytes) in files { try Data(bytes).write(to: folder.appending(path: name)) }
        try await body(folder.path(percentEncoded: false))
    }

    @Test func everyPictureIsServedByteForByteInNameOrder() async throws {
        let files: [String: [UInt8]] = [
            "b.png": TinyPictures.png(width: 2048, height: 2048, seed: 1),
            "c wide.txt": TinyPictures.png(width: 1672, height: 941, seed: 2),
            "a.jpg": [0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 0x02, 0x00, 0x04, 0x00, 3, 0, 0, 0, 0],
            "notes.png": Array("no picture".utf8),
            "README.md": Array("text".utf8), ".hidden.png": TinyPictures.png(width: 16, height: 16, seed: 3), "empty.png": [],
        ]
        try await Self.withFolder(files) { folder in
            try await Bench.run {
                $0.images = folder
            } test: { bench in
                let tasks = try await bench.simulator.populate(tasks: 24)
                #expect(tasks.map { $0.outputs.first?.format } == [.jpeg, .png, .png])
                #expect(tasks.map { $0.outputs.first?.size?.description } == ["1024x512", "2048x2048", "1672x941"])
                for (task, name) in zip(tasks, ["a.jpg", "b.png", "c wide.txt"]) {
                    let link = try #require(try await bench.links(of: task.id).first)
                    let response = try await bench.fetch(link)
                    #expect(Array(response.body.readableBytesView) == files[name])
                }
                #expect(bench.pictures.count == 0)
            }
        }
    }

    @Test func theRequestIsPlausibleForThePicture() {
        for number in 0..<50 {
            var draw = Draw(seed: 9, "test", number)
            let (size, resolution) = RequestStock.plausibleSize(for: PixelSize(width: 2048, height: 2048), draw: &draw)
            #expect(size == "2048x2048" || (size == "1:1" && resolution == "2K"))
        }
    }

    @Test func aFolderWithoutPicturesIsAnError() async throws {
        try await Self.withFolder(["notes.txt": Array("x".utf8)]) { folder in
            var options = SimulatorOptions()
            options.images = folder
            #expect { try UpstreamSimulator(options: options, pictures: TinyPictures()) } throws: {
                ($0 as? SimulatorError)?.code == .noPictures
            }
            options.images = folder + "/missing"
            #expect { try UpstreamSimulator(options: options, pictures: TinyPictures()) } throws: {
                ($0 as? SimulatorError)?.code == .unreadableFolder
            }
        }
    }

    /// Headers by hand: RFC 9649 for WebP, ISO/IEC 10918-1 for JPEG.
    @Test func thePixelSizeIsReadFromTheFileHeader() {
        let lossy = Array("RIFF____WEBPVP8 ____".utf8) + [0, 0, 0, 0x9D, 0x01, 0x2A, 0x62, 0x04, 0x7A, 0x05]
        #expect(PictureHeader.size(of: Data(lossy), format: .webp) == PixelSize(width: 1122, height: 1402))
        let extended = Array("RIFF____WEBPVP8X____".utf8) + [0, 0, 0, 0, 0x61, 0x04, 0, 0x79, 0x05, 0]
        #expect(PictureHeader.size(of: Data(extended), format: .webp) == PixelSize(width: 1122, height: 1402))
        // 14 bits of width - 1, then 14 bits of height - 1: 1253 | 1253 << 14.
        let packed = 1253 | 1253 << 14
        let bytes = (0..<4).map { UInt8(packed >> (8 * $0) & 255) }
        let lossless = Array("RIFF____WEBPVP8L____".utf8) + [0x2F] + bytes + [0, 0, 0, 0, 0]
        #expect(PictureHeader.size(of: Data(lossless), format: .webp) == PixelSize(width: 1254, height: 1254))
        let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xC2, 0, 17, 8, 0x03, 0xAD, 0x06, 0x88, 3, 0, 0]
        #expect(PictureHeader.size(of: Data(jpeg), format: .jpeg) == PixelSize(width: 1672, height: 941))
    }
}
