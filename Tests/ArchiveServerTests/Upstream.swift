import Foundation
import Glibc
import Synchronization

/// An upstream on loopback that says what it is told to, byte for byte, and keeps what it was asked.
final class Upstream: Sendable {
    let port: Int
    private let socket: Int32
    private let heads = Mutex<[String]>([])

    /// The heads of the requests so far.
    var asked: [String] { heads.withLock { $0 } }

    /// - Parameter body: Follows each answer; what is no text.
    init(answer: @escaping @Sendable (String) -> String, body: [UInt8] = []) throws {
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
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        self.socket = socket
        port = Int(UInt16(bigEndian: name.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(socket, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { [self] in serve(connection, answer, body) }
            }
        }
    }

    private func serve(_ connection: Int32, _ answer: (String) -> String, _ body: [UInt8]) {
        defer { close(connection) }
        var read: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !String(decoding: read, as: UTF8.self).contains("\r\n\r\n") {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(connection, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return }
            read += buffer[..<count]
        }
        let head = String(decoding: read, as: UTF8.self)
        heads.withLock { $0.append(head) }
        let bytes = Array(answer(head).utf8) + body
        _ = unsafe bytes.withUnsafeBytes { unsafe send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        shutdown(connection, Int32(SHUT_WR))
        // Reads on, so that the answer is not lost to a reset.
        while unsafe buffer.withUnsafeMutableBytes({ unsafe recv(connection, $0.baseAddress, $0.count, 0) }) > 0 {}
    }

    func end() { shutdown(socket, Int32(SHUT_RDWR)) }
}
