import Foundation
import Synchronization

extension RawHost {
    /// How an answer says where its body ends (RFC 9112, section 6.3).
    enum Framing { case length, chunked, connection }

    /// An API with the task `t-1`, which has one result on the same host.
    /// - Parameter file: The answer to the request of the file with this number, from 0.
    static func withOneTask(created: Date, _ file: @escaping @Sendable (_ number: Int) -> [UInt8]) throws -> RawHost {
        let count = Mutex(0)
        let created = Int(created.timeIntervalSince1970)
        return try RawHost { _, head in
            guard head.hasPrefix("get /v1/") else {
                return file(
                    count.withLock { count in
                        defer { count += 1 }
                        return count
                    })
            }
            let port = head.firstMatch(of: /host: 127\.0\.0\.1:(\d+)/)?.output.1 ?? ""
            let task =
                #"{"id":"t-1","status":"completed","created":\#(created),"results":["http://127.0.0.1:\#(port)/a?sig=abcdefgh"]}"#
            return Self.answer(Array(task.utf8))
        }
    }

    static func answer(_ body: [UInt8], _ framing: Framing = .length) -> [UInt8] {
        let head = "HTTP/1.1 200 OK\r\n\(dateLine())Content-Type: application/octet-stream\r\nConnection: close\r\n"
        switch framing {
        case .length: return Array("\(head)Content-Length: \(body.count)\r\n\r\n".utf8) + body
        case .chunked:
            let size = String(body.count, radix: 16)
            return Array("\(head)Transfer-Encoding: chunked\r\n\r\n\(size)\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8)
        case .connection: return Array("\(head)\r\n".utf8) + body
        }
    }
}
