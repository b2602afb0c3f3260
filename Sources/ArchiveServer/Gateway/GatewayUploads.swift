import Crypto
import Synchronization

/// Limits the bodies that are streamed to the upstream at the same time. Each holds a connection to the upstream until its caller
/// has sent everything.
final class GatewayUploads: Sendable {
    /// Maximum number for callers of the service's key, and for all callers with their own keys: half of the connections of
    /// each. Other calls use the other half.
    static let most = GatewayClients.connections / 2
    /// Maximum number for each key other than the service's own.
    static let mostOfKey = 32
    /// Maximum number for each client address, with such keys. Anybody can make up many keys.
    static let mostOfAddress = 64

    private struct Open {
        var own = 0
        var strangers = 0
        /// The number of open uploads of each key. A key without open uploads has no entry.
        var keys: [SHA256Digest: Int] = [:]
        /// The number of open uploads of each address. An address without open uploads has no entry.
        var addresses: [ClientAddress: Int] = [:]
    }

    private let open = Mutex(Open())

    /// The place of one upload; released on deinit.
    final class Place: Sendable {
        private let uploads: GatewayUploads
        private let key: SHA256Digest?
        private let address: ClientAddress

        fileprivate init(_ uploads: GatewayUploads, key: SHA256Digest?, address: ClientAddress) {
            self.uploads = uploads
            self.key = key
            self.address = address
        }

        deinit { uploads.end(key: key, address: address) }
    }

    /// - Parameter key: The hash of the caller's key; `nil` for the service's own.
    /// - Returns: `nil` if a limit is reached.
    func begin(key: SHA256Digest?, address: ClientAddress) -> Place? {
        let fits = open.withLock { open in
            guard let key else {
                guard open.own < Self.most else { return false }
                open.own += 1
                return true
            }
            let (ofKey, ofAddress) = (open.keys[key] ?? 0, open.addresses[address] ?? 0)
            guard open.strangers < Self.most, ofKey < Self.mostOfKey, ofAddress < Self.mostOfAddress else { return false }
            open.strangers += 1
            open.keys[key] = ofKey + 1
            open.addresses[address] = ofAddress + 1
            return true
        }
        return fits ? Place(self, key: key, address: address) : nil
    }

    private func end(key: SHA256Digest?, address: ClientAddress) {
        open.withLock { open in
            guard let key else {
                open.own -= 1
                return
            }
            open.strangers -= 1
            let (ofKey, ofAddress) = ((open.keys[key] ?? 1) - 1, (open.addresses[address] ?? 1) - 1)
            open.keys[key] = ofKey > 0 ? ofKey : nil
            open.addresses[address] = ofAddress > 0 ? ofAddress : nil
        }
    }
}
