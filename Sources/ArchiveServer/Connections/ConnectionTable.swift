import NIOCore
import Synchronization

/// The open connections per client address. It ensures that no address takes every slot, and that health checks always work.
final class ConnectionTable: Sendable {
    enum Place: Sendable {
        /// Accepts any request.
        case full
        /// Accepts one `/healthz` request.
        case reserve
    }

    private struct Open {
        var all = 0
        var byAddress: [ClientAddress: Int] = [:]
        /// Connections of the reserve, oldest first.
        var reserve: [ObjectIdentifier] = []
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let limits: ConnectionLimits
    private let open = Mutex(Open())

    init(_ limits: ConnectionLimits) { self.limits = limits }

    /// Assigns a slot to a new connection. If the reserve is full, its oldest connection is closed, since it has had the longest
    /// time to send its request.
    func admit(_ channel: any Channel) -> Place {
        let address = ClientAddress(channel.remoteAddress)
        let (place, oldest) = open.withLock { open -> (Place, (any Channel)?) in
            let ofAddress = open.byAddress[address] ?? 0
            if open.all < limits.connections, ofAddress < limits.perAddress {
                open.all += 1
                open.byAddress[address] = ofAddress + 1
                return (.full, nil)
            }
            var oldest: (any Channel)?
            if open.reserve.count >= limits.reserve, !open.reserve.isEmpty {
                oldest = open.channels.removeValue(forKey: open.reserve.removeFirst())
            }
            open.reserve.append(ObjectIdentifier(channel))
            open.channels[ObjectIdentifier(channel)] = channel
            return (.reserve, oldest)
        }
        oldest?.close(promise: nil)
        let id = ObjectIdentifier(channel)
        channel.closeFuture.whenComplete { [self] _ in leave(id, address, place) }
        return place
    }

    private func leave(_ id: ObjectIdentifier, _ address: ClientAddress, _ place: Place) {
        open.withLock { open in
            switch place {
            case .full:
                open.all -= 1
                let left = (open.byAddress[address] ?? 1) - 1
                open.byAddress[address] = left > 0 ? left : nil
            case .reserve:
                guard open.channels.removeValue(forKey: id) != nil else { return }
                open.reserve.removeAll { $0 == id }
            }
        }
    }
}
