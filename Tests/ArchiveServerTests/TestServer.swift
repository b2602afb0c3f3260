import ArchiveModel
import ArchiveServer
import BlobStore
import BlockingThreads
import Catalog
import Foundation
import Gallery
import GenerationAPI
import Glibc
import Logging
import Secrets
import ServiceLifecycleTestKit
import Telemetry
import Testing

/// A clock that stands still.
struct StandingClock: WallClock {
    let now = Date(milliseconds: 1_800_000_000_000)
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

/// A server on loopback with an archive of its own.
struct TestServer: Sendable {
    static let (reader, admin) = ("reader-token-0123456789", "admin-token-0123456789")
    static let hooks = ["hook-secret-0123456789", "next-secret-0123456789"]

    /// As the service makes it.
    static let clients = GatewayClients()

    let port: Int
    let catalog: SQLiteCatalog
    let catalogPath: String
    /// Of a file in the store, of `size` bytes of `x`, which is no picture.
    let digest: Digest
    let server: ArchiveServer
    let access: AccessControl

    static func run(
        readTokens: [String] = [reader], adminTokens: [String] = [admin], hooks: [String] = hooks,
        limits: ConnectionLimits = ConnectionLimits(), size: Int = 1000,
        upstream: Int = 9, forwardsKeys: Bool = false, parsers: GatewayParsers = GatewayParsers(),
        clients: GatewayClients = clients, log: any LogHandler = SwiftLogNoOpLogHandler(),
        clock: any WallClock = StandingClock(), at place: String? = nil, recorder: GatewayRecorder? = nil,
        _ body: @escaping @Sendable (TestServer) async throws -> Void
    ) async throws {
        let path = place ?? FileManager.default.temporaryDirectory.appending(path: "served-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try ArchiveFolder(path: path, creating: true, now: clock.now)
        let threads = BlockingThreadPool(name: "test", width: 2)
        let blobs = DirectoryBlobStore(folder: folder, threads: threads)
        let catalog = try SQLiteCatalog(path: folder.path + "/catalog.sqlite")
        let ingest = try await blobs.beginIngest()
        try await ingest.append(Array(repeating: UInt8(ascii: "x"), count: size))
        let digest = try await ingest.seal().digest
        _ = try await ingest.publish()
        let access = AccessControl(readTokens: readTokens, adminTokens: adminTokens, clock: clock)
        var options = ArchiveServer.Options(host: "127.0.0.1", port: 0, access: access, hooks: HookSecrets(hooks))
        options.limits = limits
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let log = Logger(label: "test") { _ in log }
        let key = try #require(APIKey("sk-of-a-test"))
        var gateway = Gateway.Options(baseURL: "http://127.0.0.1:\(upstream)", key: key)
        gateway.forwardsKeys = forwardsKeys
        let passing = gateway
        let recorder =
            recorder
            ?? GatewayRecorder(
                .init(begin: { _, _ in }, drop: { _ in }, complete: { _, _, _, _ in }, register: { _, _ in }), clock: clock,
                health: SourceHealth(clock: clock), logger: log)
        let server = ArchiveServer(
            options, clock: clock, health: SourceHealth(clock: clock),
            gateway: Gateway(
                passing, access: options.access, recorder: recorder, parsers: parsers, clients: clients,
                logger: log),
            registry: PrometheusRegistry(MetricFamily.all), version: "test",
            logger: log, onListening: { port.yield($0) })
        server.open(
            .init(
                blobs: blobs, records: DirectoryRecordStore(folder: folder, threads: threads), catalog: catalog, hints: catalog,
                gallery: try LiveGallery(.init(title: "Gallery", identity: "test"), catalog: catalog),
                register: { _ = try await catalog.register($0, now: clock.now) }))
        try await testGracefulShutdown { shutdown in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await server.run() }
                for await bound in ports {
                    try await body(
                        TestServer(
                            port: bound, catalog: catalog, catalogPath: folder.path + "/catalog.sqlite", digest: digest,
                            server: server, access: access))
                    break
                }
                // A server that is cancelled while it accepts a connection ends the process (swift-nio, issue 3481).
                shutdown.triggerGracefulShutdown()
                group.addTask { try await Task.sleep(for: patience) }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    /// How long connections that a test leaves open may hold up the end of its server.
    private static let patience = Duration.seconds(2)

    struct Answer {
        var status: Int
        /// Names in lower case.
        var headers: [String: String]
        var body: String
    }

    /// For calls that wait: the server under test needs the concurrency pool for itself.
    static let threads = BlockingThreadPool(name: "client", width: 8)

    /// Sends a request as it stands, byte by byte, and reads the answer to its end.
    func ask(
        _ method: String = "GET", _ path: String, token: String? = admin, body: String? = nil, _ headers: [String] = [],
        host: String = "127.0.0.1"
    ) async throws -> Answer {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: \(host)", "Connection: close"] + headers
        if let token { lines.append("Authorization: Bearer \(token)") }
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        let request = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")).utf8)
        let text = try await Self.threads.run { [port] in
            let connection = try Connection(port: port)
            connection.send(request)
            return connection.rest()
        }
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let head = (parts.first ?? "").split(separator: "\r\n")
        var found: [String: String] = [:]
        for line in head.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            found[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return Answer(
            status: Int(head.first?.split(separator: " ").dropFirst().first ?? "") ?? 0, headers: found,
            body: parts.count > 1 ? String(parts[1]) : "")
    }
}

/// A connection to loopback whose calls wait.
final class Connection {
    private let socket: Int32

    /// - Parameter from: The last byte of the loopback address that it comes from.
    init(port: Int, from: UInt32 = 1) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var own = sockaddr_in()
        own.sin_family = sa_family_t(AF_INET)
        own.sin_addr.s_addr = (0x7F00_0000 | from).bigEndian
        let number = socket
        _ = unsafe withUnsafePointer(to: &own) { own in
            unsafe own.withMemoryRebound(to: sockaddr.self, capacity: 1) { own in
                unsafe bind(number, own, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let socket = socket
        let isConnected = unsafe withUnsafePointer(to: &name) { name in
            unsafe name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                unsafe connect(socket, name, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw POSIXError(.ECONNREFUSED) }
    }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBytes { unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    /// Everything up to the end of the connection.
    func rest() -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
            guard count > 0 else { return String(decoding: all, as: UTF8.self) }
            all += buffer[..<count]
        }
    }

    /// Says that nothing more is to come.
    func finish() { shutdown(socket, Int32(SHUT_WR)) }

    /// Waits until something comes, and reads a little of it.
    func beginning() -> String {
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(socket, $0.baseAddress, $0.count, 0) }
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }

    deinit { close(socket) }
}
