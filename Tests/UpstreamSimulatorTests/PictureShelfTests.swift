import Foundation
import NIOConcurrencyHelpers
import NIOCore
import SizeContract
import Testing

@testable import UpstreamSimulator

struct PictureShelfTests {
    /// Notes on which threads and how many at a time it is asked to draw.
    final class WatchedSource: PictureSource {
        private let state = NIOLockedValueBox((running: 0, most: 0, threads: Set<String>(), drawn: 0))

        var most: Int { state.withLockedValue { $0.most } }
        var threads: Set<String> { state.withLockedValue { $0.threads } }
        var drawn: Int { state.withLockedValue { $0.drawn } }

        func picture(width: Int, height: Int, format: String, seed: UInt64) throws -> [UInt8] {
            guard format != "webp" else { throw SimulatorError(.unreadablePicture) }
            let name = Thread.current.name ?? ""
            state.withLockedValue { state in
                state.running += 1
                state.drawn += 1
                state.most = max(state.most, state.running)
                state.threads.insert(name)
            }
            let picture = TinyPictures.png(width: width, height: height, seed: seed)
            state.withLockedValue { $0.running -= 1 }
            return picture
        }
    }

    private static func delivery(_ seed: UInt64, format: PictureFormat = .png) -> Delivery {
        Delivery(
            size: PixelSize(width: 256, height: 256), format: format, content: .made(seed: seed), contentType: "image/png",
            ending: "png")
    }

    @Test func picturesAreDrawnTwoAtATimeOffTheCooperativePool() async throws {
        let source = WatchedSource()
        let shelf = PictureShelf(source: source)
        try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
            for seed in 0..<24 { group.addTask { try await shelf.file(for: Self.delivery(UInt64(seed))).bytes } }
            var files: Set<ByteBuffer> = []
            for try await file in group { files.insert(file) }
            #expect(files.count == 24)
        }
        #expect(source.drawn == 24)
        #expect((1...2).contains(source.most))
        // The names of the threads of NIO's shared pool.
        let arePoolThreads = source.threads.allSatisfy { $0.hasPrefix("SGLTN-TP-") }
        #expect(arePoolThreads, "\(source.threads)")
    }

    @Test func theLatestPicturesAreKept() async throws {
        let source = WatchedSource()
        // A 256 x 256 picture of 1 bit has 8,448 bytes of rows and some 100 of framing: two fit.
        let shelf = PictureShelf(source: source, capacity: 20_000)
        for seed: UInt64 in [1, 2, 1, 3] { _ = try await shelf.file(for: Self.delivery(seed)) }
        #expect(source.drawn == 3)
        _ = try await shelf.file(for: Self.delivery(1))
        #expect(source.drawn == 3)
        _ = try await shelf.file(for: Self.delivery(2))
        #expect(source.drawn == 4)
    }

    @Test func aPictureThatCannotBeDrawnIsAlwaysAnError() async {
        let shelf = PictureShelf(source: WatchedSource())
        for _ in 1...2 {
            await #expect(throws: SimulatorError.self) { try await shelf.file(for: Self.delivery(1, format: .webp)) }
        }
    }
}
