import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Limits the bytes of buffered requests or answers: for all callers together, and for each key other than the service's own.
final class GatewayMemory: Sendable {
    /// Maximum number of bytes for all callers.
    private let most: Int
    /// Maximum number of bytes for all callers with their own keys, so that they can't crowd out callers of the service's key.
    private var mostOfStrangers: Int { most / 2 }
    /// Maximum number of bytes per such key.
    private var mostOfKey: Int { most / 4 }

    private struct Held {
        var all = 0
        var strangers = 0
        /// Bytes by hash of the key; keys without bytes have no entry.
        var keys: [SHA256Digest: Int] = [:]
    }

    private let held = Mutex(Held())

    init(most: Int = 128 << 20) { self.most = most }

    /// The memory used by one request; released on deinit.
    final class Share: Sendable {
        private let memory: GatewayMemory
        private let key: SHA256Digest?
        private let bytes = Mutex(0)

        fileprivate init(_ memory: GatewayMemory, key: SHA256Digest?) {
            self.memory = memory
            self.key = key
        }

        /// - Returns: `false` if a limit is reached.
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
            guard held.all + count <= most else { return false }
            if let key {
                let ofKey = held.keys[key] ?? 0
                guard held.strangers + count <= mostOfStrangers, ofKey + count <= mostOfKey else { return false }
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
