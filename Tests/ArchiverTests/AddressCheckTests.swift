import ArchiveModel
import AsyncHTTPClient
import BlobStore
import Foundation
import GenerationAPI
import Glibc
import Hummingbird
import NIOCore
import NIOHTTP1
import Networking
import Synchronization
import Testing

@testable import Archiver

/// Links that would make this machine talk to its own network.
@Suite(.serialized) struct AddressCheckTests {
    /// - Returns: Why a link is not fetched; `nil` when it is.
    private func refusal(
        _ link: String, policy: AddressPolicy,
        resolve: @escaping @Sendable (String) throws -> [NetworkAddress] = { try NetworkAddress.resolve($0) }
    ) async throws -> DownloadError? {
        let archive = try TestArchive()
        let downloader = ResultDownloader(store: archive.blobs, policy: policy, clock: archive.clock, resolve: resolve)
        var failure: DownloadError?
        do {
            _ = try await downloader.fetch(ResultLink(link))
        } catch let error as DownloadError {
            failure = error
        }
        await downloader.shutdown()
        return failure
    }

    private static func host(_ literal: String) -> String { literal.contains(":") ? "[\(literal)]" : literal }

    @Test(arguments: SpecialRange.all)
    func onlyAddressesOutsideSpecialRangesArePublic(_ row: SpecialRange) throws {
        for text in row.inside { #expect(try #require(NetworkAddress(literal: text)).isPublic == false, "\(text)") }
        for text in row.outside { #expect(try #require(NetworkAddress(literal: text)).isPublic, "\(text)") }
    }

    @Test(arguments: SpecialRange.all)
    func noSpecialAddressIsConnectedTo(_ row: SpecialRange) async throws {
        for text in row.inside {
            let error = try await refusal("https://\(Self.host(text))/x", policy: AddressPolicy())
            #expect(error?.code == .refusedAddress, "\(text)")
            #expect(error?.detail.contains("has the private address") == true, "\(text): refused before connecting")
        }
    }

    @Test func noRedirectLeadsToASpecialAddress() async throws {
        let targets = SpecialRange.all.flatMap(\.inside)
        try await withStorageHost { request in
            let target = targets[Int(request.uri.path.dropFirst()) ?? 0]
            return Response(status: .found, headers: [.location: "https://\(Self.host(target))/x"])
        } _: { host in
            let policy = AddressPolicy(exceptions: [host.replacing("http://", with: "")])
            for index in targets.indices {
                let error = try await refusal("\(host)/\(index)", policy: policy)
                #expect(error?.code == .refusedAddress, "\(targets[index])")
                #expect(error?.detail.contains("has the private address") == true, "\(targets[index]): refused before connecting")
            }
        }
    }

    @Test(arguments: SpecialRange.all)
    func aNameWithOneSpecialAddressIsRefused(_ row: SpecialRange) async throws {
        let literal = try #require(row.inside.first.flatMap { NetworkAddress(literal: $0) })
        let error = try await refusal("https://files.example/x", policy: AddressPolicy()) { _ in [.v4(0x0808_0808), literal] }
        #expect(error?.code == .refusedAddress)
    }

    /// 127.0.0.2 stands for a public address here, and 127.0.0.1 for what it is.
    @Test func aChangingNameConnectsToTheCheckedAddress() async throws {
        let (publicly, privately) = (NetworkAddress.v4(0x7F00_0002), NetworkAddress.v4(0x7F00_0001))
        let decoy = try Listener(publicly)
        let prey = try Listener(privately, port: decoy.port)
        var policy = AddressPolicy()
        policy.isPublic = { $0 == publicly || $0.isPublic }
        let looks = Mutex(0)
        let link = "https://rebinding.example:\(decoy.port)/x"
        @Sendable func changing(_: String) -> [NetworkAddress] {
            looks.withLock { $0 += 1 }
            return looks.withLock { $0 } == 1 ? [publicly] : [privately]
        }
        let first = try await refusal(link, policy: policy, resolve: changing)
        #expect(first?.code == .connection, "the listener closes at once")
        #expect(looks.withLock { $0 } == 1, "the name is resolved only once")
        #expect(decoy.connections > 0)
        let second = try await refusal(link, policy: policy, resolve: changing)
        #expect(second?.code == .refusedAddress)
        #expect(prey.connections == 0)
    }

    /// As if the connection had gone elsewhere than to the address that was checked.
    @Test func theConnectedAddressIsCheckedAgain() async throws {
        let served = Mutex(0)
        try await withStorageHost { _ in
            served.withLock { $0 += 1 }
            return Response(status: .ok)
        } _: { host in
            let port = try #require(URL(string: host)?.port)
            let target = AddressPolicy.Target(scheme: "http", host: "rebinding.example", port: port)
            func fetch(_ policy: AddressPolicy) async throws -> Int {
                let clients = PinnedClients(policy: policy, idleTimeout: 10)
                let pin = PinnedClients.Pin(target: target, address: .v4(0x7F00_0001))
                let client = await clients.borrow(pin)
                do {
                    let request = HTTPClientRequest(url: "http://rebinding.example:\(port)/x")
                    let status = try await client.execute(request, timeout: .seconds(10)).status.code
                    await clients.giveBack(pin)
                    await clients.shutdown()
                    return Int(status)
                } catch {
                    await clients.giveBack(pin)
                    await clients.shutdown()
                    throw error
                }
            }
            let error = await #expect(throws: DownloadError.self) { _ = try await fetch(AddressPolicy()) }
            #expect(error?.code == .refusedAddress)
            #expect(served.withLock { $0 } == 0, "not a byte of a request was sent")
            let allowed = try await fetch(AddressPolicy(exceptions: [target.key]))
            #expect(allowed == 200)
        }
    }

    @Test func onlyListedHostsAreResolvedAndFetchedFrom() async throws {
        let patterns = ["files.example", "*.cdn.example", "[2606:4700::1]"].compactMap { HostPattern($0) }
        let policy = AddressPolicy(resultHosts: patterns)
        let asked = Mutex<[String]>([])
        @Sendable func resolve(_ host: String) throws -> [NetworkAddress] {
            asked.withLock { $0.append(host) }
            return try NetworkAddress.resolve("no-such-host.invalid")
        }
        for host in ["files.example", "FILES.example.", "a.cdn.example", "a.b.cdn.example", "[2606:4700::1]"] {
            let error = try await refusal("https://\(host)/x", policy: policy, resolve: resolve)
            #expect(error?.code == .dns, "\(host)")
        }
        #expect(asked.withLock { $0.count } == 5)
        for host in ["evil.example", "files.example.evil", "xfiles.example", "cdn.example", "acdn.example", "a.files.example"] {
            let error = try await refusal("https://\(host)/x", policy: policy, resolve: resolve)
            #expect(error?.code == .refusedAddress && error?.detail.contains("--result-host") == true, "\(host)")
        }
        #expect(asked.withLock { $0.count } == 5, "an unlisted host is not resolved")
        try await withStorageHost { _ in
            Response(status: .found, headers: [.location: "https://evil.example/x"])
        } _: { host in
            let address = host.replacing("http://", with: "")
            let policy = AddressPolicy(exceptions: [address], resultHosts: ["127.0.0.1"].compactMap { HostPattern($0) })
            let error = try await refusal("\(host)/x", policy: policy)
            #expect(error?.code == .refusedAddress, "a later hop is checked as well")
        }
    }

    @Test(arguments: [
        "", "*", "*.", "https://a.example", "a.example:443", "a*.example", "*.*.example", "a b", ".example", "a..b",
    ])
    func anInvalidHostPatternIsRefused(_ text: String) { #expect(HostPattern(text) == nil) }
}

/// Counts the connections to an address of loopback, and closes each.
private final class Listener: Sendable {
    let port: Int
    private let socket: Int32
    private let count = Mutex(0)

    var connections: Int { count.withLock { $0 } }

    init(_ address: NetworkAddress, port: Int = 0) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = UInt16(port).bigEndian
        if case .v4(let number) = address { name.sin_addr.s_addr = number.bigEndian }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &name) { name in
            unsafe name.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                unsafe bind(socket, name, length) == 0 && listen(socket, 8) == 0 && getsockname(socket, name, &length) == 0
            }
        }
        self.port = Int(UInt16(bigEndian: name.sin_port))
        self.socket = socket
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        Thread.detachNewThread { [socket, weak self] in
            while true {
                let connection = accept(socket, nil, nil)
                guard connection >= 0 else { return }
                self?.count.withLock { $0 += 1 }
                close(connection)
            }
        }
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }
}
