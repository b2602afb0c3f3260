import Foundation
import Glibc
import Synchronization

/// A host on loopback that answers every request with bytes as they are given, and closes the connection.
final class RawHost: Sendable {
    let url: String
    private let socket: Int32
    private let log = Log()

    private final class Log: Sendable { let heads = Mutex<[String]>([]) }

    /// The request heads so far.
    var requests: [String] { log.heads.withLock { $0 } }

    /// - Parameter answer: The bytes for the request of this number, from 0, with this head. Called on many threads.
    init(_ answer: @escaping @Sendable (_ number: Int, _ head: String) -> [UInt8]) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &name) { name in
            unsafe name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                unsafe bind(socket, name, length) == 0 && listen(socket, 64) == 0 && getsockname(socket, name, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        url = "http://127.0.0.1:\(UInt16(bigEndian: name.sin_port))"
        self.socket = socket
        Thread.detachNewThread { [socket, log] in
            while true {
                let connection = accept(socket, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { Self.serve(connection, log, answer) }
            }
        }
    }

    /// The `Date` header of an answer, with its line break.
    /// - Parameter ahead: Seconds that the clock of this machine is ahead of the host's.
    static func dateLine(ahead: TimeInterval = 0) -> String {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return "Date: \(format.string(from: Date() - ahead))\r\n"
    }

    private static func serve(_ connection: Int32, _ log: Log, _ answer: (Int, String) -> [UInt8]) {
        var head = ""
        var byte: UInt8 = 0
        while !head.hasSuffix("\r\n\r\n"), unsafe read(connection, &byte, 1) == 1 {
            head.unicodeScalars.append(Unicode.Scalar(byte))
        }
        let number = log.heads.withLock { heads in
            heads.append(head.lowercased())
            return heads.count - 1
        }
        var bytes = answer(number, head.lowercased())[...]
        while !bytes.isEmpty {
            let sent = unsafe bytes.withUnsafeBytes {
                unsafe send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { break }
            bytes = bytes.dropFirst(sent)
        }
        shutdown(connection, Int32(SHUT_WR))
        // The client reads to the end before its answer meets a closed socket.
        while unsafe read(connection, &byte, 1) > 0 {}
        close(connection)
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }
}
