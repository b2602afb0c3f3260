import Networking
import Testing

@Suite struct NetworkAddressTests {
    @Test(
        "Special-purpose ranges are not public at their first and last address",
        arguments: [
            "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
            "127.255.255.255",
            "169.254.0.0", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.7", "224.0.0.1",
            "239.255.255.255", "240.0.0.0", "255.255.255.255",
            "::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1",
            "64:ff9b:1::192.168.1.1", "2001:2::1", "2001:10::1", "2001:20::1", "3fff::1",
            "3fff:fff::1", "100::1", "2001::1", "2001:0:ffff::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1",
            "fc00::1", "fdff::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2606:4700::5efe:127.0.0.1",
            "2606:4700::200:5efe:8.8.8.8",
        ])
    func specialRangesAreNotPublic(_ text: String) throws {
        #expect(try #require(NetworkAddress(literal: text)).isPublic == false)
    }

    @Test(
        "Neighbours of special-purpose ranges are public",
        arguments: [
            "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
            "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
            "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700:4700::1111",
            "2001:4860:4860::8888", "2003::1", "2001:3::1", "3fff:1000::1", "64:ff9b::8.8.8.8", "[2606:4700::1]",
        ])
    func neighboursOfSpecialRangesArePublic(_ text: String) throws {
        #expect(try #require(NetworkAddress(literal: text)).isPublic)
    }

    @Test(
        "Every notation of loopback that a resolver knows is recognised",
        arguments: ["127.1", "0x7f.1", "2130706433", "0177.0.0.1", "[::1]", "0:0:0:0:0:0:0:1"])
    func everyNotationOfLoopbackIsRecognised(_ text: String) throws {
        let address = try #require(NetworkAddress(literal: text))
        #expect(!address.isPublic)
        #expect(["127.0.0.1", "0:0:0:0:0:0:0:1"].contains(address.description))
    }

    @Test(arguments: ["", "example.com", "1.2.3.4.5", "256.1.1.1", ":::1", "localhost"])
    func aNameIsNotAnAddress(_ text: String) { #expect(NetworkAddress(literal: text) == nil) }

    @Test func localhostResolvesToAPrivateAddress() throws {
        #expect(try NetworkAddress.resolve("localhost").allSatisfy { !$0.isPublic })
        #expect(throws: ResolutionError.self) { try NetworkAddress.resolve("no-such-host.invalid") }
    }
}
