import Crypto
import Foundation
import NIOCore
import SizeContract

/// The bytes of a result.
struct ShelvedFile: Sendable {
    let bytes: ByteBuffer
    /// A strong entity tag, derived from the content.
    let etag: String
}

/// Generates results on first request, with an LRU cache.
///
/// Drawing a picture takes about a tenth of a second. It is drawn once even for concurrent requests, and never on a thread that
/// serves requests.
actor PictureShelf {
    private let source: any PictureSource
    private let threads = DrawingThreads(width: 2)
    private let capacity: Int
    private var files: [Delivery: ShelvedFile] = [:]
    /// Least recently used first.
    private var order: [Delivery] = []
    private var size = 0
    private var making: [Delivery: Task<ShelvedFile, any Error>] = [:]

    /// - Parameter capacity: Maximum size of cached files in bytes.
    init(source: any PictureSource, capacity: Int = 24 << 20) {
        self.source = source
        self.capacity = capacity
    }

    func file(for delivery: Delivery) async throws -> ShelvedFile {
        if let file = files[delivery] {
            touch(delivery)
            return file
        }
        if let task = making[delivery] { return try await task.value }
        let task = Task(executorPreference: threads) { [source] in try await Self.make(delivery, source: source) }
        making[delivery] = task
        defer { making[delivery] = nil }
        let file = try await task.value
        keep(file, for: delivery)
        return file
    }

    private static func make(_ delivery: Delivery, source: any PictureSource) async throws -> ShelvedFile {
        let bytes: ByteBuffer
        switch delivery.content {
        case .file(let path):
            do {
                bytes = ByteBuffer(bytes: try Data(contentsOf: URL(filePath: path)))
            } catch {
                throw SimulatorError(.unreadablePicture, path: path, cause: error)
            }
        case .made(let seed):
            let (width, height) = (delivery.size?.width ?? 1024, delivery.size?.height ?? 1024)
            bytes = ByteBuffer(
                bytes: try await source.picture(width: width, height: height, format: delivery.format.rawValue, seed: seed))
        }
        let hash = SHA256.hash(data: bytes.readableBytesView)
        return ShelvedFile(bytes: bytes, etag: "\"\(LinkSigner.hex(hash.prefix(16)))\"")
    }

    private func keep(_ file: ShelvedFile, for delivery: Delivery) {
        guard files[delivery] == nil, file.bytes.readableBytes <= capacity else { return }
        files[delivery] = file
        order.append(delivery)
        size += file.bytes.readableBytes
        while size > capacity, let oldest = order.first {
            order.removeFirst()
            size -= files.removeValue(forKey: oldest)?.bytes.readableBytes ?? 0
        }
    }

    private func touch(_ delivery: Delivery) {
        order.removeAll { $0 == delivery }
        order.append(delivery)
    }
}
