import NIOCore
import Synchronization

/// The connections that are open, by client address, so that no address can take all places and the server's health can always be read.
final class ConnectionTable: Sendable {
    enum Place: Sendable {
        /// For any request.
        case full
        /// For one request of `/healthz`.
        case reserve
    }

    private struct Open {
        var all = 0
        var byAddress: [ClientAddress: Int] = [:]
        /// Those of the reserve, the oldest first.
        var reserve: [ObjectIdentifier] = []
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private let limits: ConnectionLimits
    private let open = Mutex(Open())

    init(_ limits: ConnectionLimits) { self.limits = limits }

    /// Gives a new connection its place. A full reserve gives up its oldest connection, which has had time to ask.
    func enter(_ channel: any Channel) -> Place {
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
