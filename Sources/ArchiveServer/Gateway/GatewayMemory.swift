import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// How many bytes of requests the gateway holds at once, for all callers together and for each key that is not the service's own.
final class GatewayMemory: Sendable {
    /// Of all callers.
    static let most = 128 << 20
    /// Of all callers with keys of their own: what they hold must not keep the service's own callers out.
    static let mostOfStrangers = 64 << 20
    /// Of one such key.
    static let mostOfKey = 32 << 20

    private struct Held {
        var all = 0
        var strangers = 0
        /// By the hash of the key; no entry without bytes.
        var keys: [SHA256Digest: Int] = [:]
    }

    private let held = Mutex(Held())

    /// The part of one request.
    final class Share: Sendable {
        private let memory: GatewayMemory
        private let key: SHA256Digest?
        private let bytes = Mutex(0)

        fileprivate init(_ memory: GatewayMemory, key: SHA256Digest?) {
            self.memory = memory
            self.key = key
        }

        /// - Returns: `false` when there is no room.
        func take(_ count: Int) -> Bool {
            guard memory.take(count, key) else { return false }
            bytes.withLock { $0 += count }
            return true
        }

        deinit { memory.give(bytes.withLock { $0 }, key) }
    }

    /// - Parameter key: The hash of the caller's key; `nil` for the service's own.
    func share(of key: SHA256Digest?) -> Share { Share(self, key: key) }

    private func take(_ count: Int, _ key: SHA256Digest?) -> Bool {
        held.withLock { held in
            guard held.all + count <= Self.most else { return false }
            if let key {
                let ofKey = held.keys[key] ?? 0
                guard held.strangers + count <= Self.mostOfStrangers, ofKey + count <= Self.mostOfKey else { return false }
                held.strangers += count
                held.keys[key] = ofKey + count
            }
            held.all += count
            return true
        }
    }

    private func give(_ count: Int, _ key: SHA256Digest?) {
        held.withLock { held in
            held.all -= count
            guard let key else { return }
            held.strangers -= count
            let left = (held.keys[key] ?? 0) - count
            held.keys[key] = left > 0 ? left : nil
        }
    }
}
