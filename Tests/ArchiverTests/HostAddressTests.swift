import ArchiveModel
import Foundation
import GenerationAPI
import Hummingbird
import ImageCodecs
import NIOCore
import Networking
import SyntheticPictures
import Testing

@testable import Archiver

/// Hosts with several addresses, of which some can't be reached.
@Suite struct HostAddressTests {
    private static func addresses(_ literals: [String]) -> [NetworkAddress] {
        literals.compactMap { NetworkAddress(literal: $0) }
    }

    /// The server listens at 127.0.0.1 only; the other addresses of this machine refuse the connection.
    @Test(arguments: [["::1", "127.0.0.1"], ["127.0.0.77", "127.0.0.1"], ["127.0.0.77", "::1", "127.0.0.78", "127.0.0.1"]])
    func anUnreachableAddressDoesNotHideTheOthers(_ literals: [String]) async throws {
        let picture = try SyntheticPicture.make(width: 16, height: 16, seed: 1, as: .png)
        try await withStorageHost { _ in
            Response(status: .ok, body: .init(byteBuffer: ByteBuffer(bytes: picture)))
        } _: { host in
            let port = try #require(URL(string: host)?.port)
            let archive = try TestArchive()
            let downloader = ResultDownloader(
                store: archive.blobs, policy: AddressPolicy(exceptions: ["pictures.example:\(port)"]), clock: archive.clock,
                resolve: { _ in Self.addresses(literals) })
            let download = try await downloader.fetch(ResultLink("http://pictures.example:\(port)/x"))
            #expect(download.bytes == picture.count)
            await downloader.shutdown()
        }
    }

    @Test func theFamiliesTakeTurnsAndTheAddressThatAnsweredComesFirst() async {
        let clients = PinnedClients(policy: AddressPolicy(), idleTimeout: 10)
        let target = AddressPolicy.Target(scheme: "https", host: "pictures.example", port: 443)
        let all = Self.addresses(["2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1", "192.0.2.2"])
        #expect(await clients.order(all, of: target) == Self.addresses(["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"]))
        await clients.prefer(all[4], of: target)
        #expect(await clients.order(all, of: target).first == all[4])
        #expect(await clients.order(Array(all.prefix(1)), of: target) == [all[0]], "the host has other addresses now")
        let tried = [all[0], all[1], all[3], all[4]]
        await clients.avoid(tried, among: all, of: target)
        #expect(await clients.order(all, of: target).first == all[2], "the only address that was not tried")
        #expect(await clients.order([], of: target) == [])
        await clients.shutdown()
    }
}
