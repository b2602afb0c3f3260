import Testing

/// A range of addresses that are not of the public internet, with what Python's `ipaddress` says of its edges.
struct SpecialRange: CustomTestStringConvertible {
    var range: String
    /// The first and the last address inside, and what else is worth a try.
    var inside: [String]
    /// The addresses next to it that are public.
    var outside: [String]

    var testDescription: String { range }

    init(_ range: String, _ inside: [String], outside: [String] = []) {
        self.range = range
        self.inside = inside
        self.outside = outside
    }

    private static let ones = "ffff:ffff:ffff:ffff:ffff:ffff"

    static let all = [
        SpecialRange("0.0.0.0/8", ["0.0.0.0", "0.255.255.255"], outside: ["1.0.0.0"]),
        SpecialRange("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], outside: ["9.255.255.255", "11.0.0.0"]),
        SpecialRange("100.64.0.0/10", ["100.64.0.0", "100.127.255.255"], outside: ["100.63.255.255", "100.128.0.0"]),
        SpecialRange(
            "127.0.0.0/8", ["127.0.0.0", "127.0.0.1", "127.255.255.255", "127.1", "0x7f.1", "2130706433", "0177.0.0.1"],
            outside: ["126.255.255.255", "128.0.0.0"]),
        SpecialRange(
            "169.254.0.0/16", ["169.254.0.0", "169.254.169.254", "169.254.255.255"], outside: ["169.253.255.255", "169.255.0.0"]),
        SpecialRange("172.16.0.0/12", ["172.16.0.0", "172.31.255.255"], outside: ["172.15.255.255", "172.32.0.0"]),
        SpecialRange("192.0.0.0/24", ["192.0.0.0", "192.0.0.255"], outside: ["191.255.255.255", "192.0.1.0"]),
        SpecialRange("192.0.2.0/24", ["192.0.2.0", "192.0.2.255"], outside: ["192.0.1.255", "192.0.3.0"]),
        SpecialRange("192.88.99.0/24", ["192.88.99.0", "192.88.99.255"], outside: ["192.88.98.255", "192.88.100.0"]),
        SpecialRange("192.168.0.0/16", ["192.168.0.0", "192.168.255.255"], outside: ["192.167.255.255", "192.169.0.0"]),
        SpecialRange("198.18.0.0/15", ["198.18.0.0", "198.19.255.255"], outside: ["198.17.255.255", "198.20.0.0"]),
        SpecialRange("198.51.100.0/24", ["198.51.100.0", "198.51.100.255"], outside: ["198.51.99.255", "198.51.101.0"]),
        SpecialRange("203.0.113.0/24", ["203.0.113.0", "203.0.113.255"], outside: ["203.0.112.255", "203.0.114.0"]),
        SpecialRange("224.0.0.0/4", ["224.0.0.0", "239.255.255.255"], outside: ["223.255.255.255"]),
        SpecialRange("240.0.0.0/4", ["240.0.0.0", "255.255.255.254", "255.255.255.255"]),
        SpecialRange("::/128", ["::"]),
        SpecialRange("::1/128", ["::1", "0:0:0:0:0:0:0:1"]),
        SpecialRange(
            "::ffff:0:0/96, mapped",
            ["::ffff:0:0", "::ffff:ffff:ffff", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::fffe:ffff:ffff", "::1:0:0:0"]),
        SpecialRange("::/96, compatible", ["::2", "::ffff:ffff", "::127.0.0.1", "::8.8.8.8", "::1:0:0"]),
        // Judged by the inner address: what is inside has the edges of private ranges, what is outside those of public ones.
        SpecialRange(
            "64:ff9b::/96",
            ["64:ff9b::", "64:ff9b::ffff:ffff", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254"],
            outside: ["64:ff9b::8.8.8.8", "64:ff9b::9.255.255.255", "64:ff9b::11.0.0.0"]),
        SpecialRange("64:ff9b::1:0:0, next to it", ["64:ff9b::1:808:808", "64:ff9a:\(ones)"]),
        // RFC 6052, section 2.2, for prefixes of 96, 48, 56 and 64 bits; the last hides 127.0.0.1 behind a public address.
        SpecialRange(
            "64:ff9b:1::/48",
            [
                "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "64:ff9b:1::192.168.1.1", "64:ff9b:1:1::10.0.0.1",
                "64:ff9b:1:a00:0:100::", "64:ff9b:1:a:0:1::", "64:ff9b:1:0:a:0:100::", "64:ff9b:1:7f00:0:100:808:808",
                "64:ff9b:1:0:100:0:808:808",
            ],
            outside: ["64:ff9b:1::8.8.8.8", "64:ff9b:1:808:8:800::", "64:ff9b:1:8:8:808::", "64:ff9b:1:0:8:808:800:0"]),
        SpecialRange("64:ff9b:2::, next to it", ["64:ff9b:2::8.8.8.8"]),
        SpecialRange("100::/64", ["100::", "100::ffff:ffff:ffff:ffff", "100:0:0:1::"]),
        SpecialRange("2001::/32, Teredo", ["2001::", "2001:0:\(ones)"], outside: ["2000:ffff:\(ones)", "2001:1::"]),
        SpecialRange(
            "2001:2::/48", ["2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff"], outside: ["2001:1:\(ones)", "2001:2:1::"]),
        SpecialRange("2001:10::/28", ["2001:10::", "2001:1f:\(ones)"], outside: ["2001:f:\(ones)"]),
        SpecialRange("2001:20::/28", ["2001:20::", "2001:2f:\(ones)"], outside: ["2001:30::"]),
        SpecialRange("2001:db8::/32", ["2001:db8::", "2001:db8:\(ones)"], outside: ["2001:db7:\(ones)", "2001:db9::"]),
        SpecialRange(
            "2002::/16, 6to4", ["2002::", "2002:ffff:\(ones)", "2002:7f00:1::", "2002:808:808::1"],
            outside: ["2001:ffff:\(ones)", "2003::"]),
        SpecialRange("3fff::/20", ["3fff::", "3fff:fff:\(ones)"], outside: ["3ffe:ffff:\(ones)", "3fff:1000::"]),
        SpecialRange("fc00::/7", ["fc00::", "fdff:ffff:\(ones)", "fbff:ffff:\(ones)", "fe00::"]),
        SpecialRange("fe80::/10", ["fe80::", "febf:ffff:\(ones)"]),
        SpecialRange("fec0::/10", ["fec0::", "feff:ffff:\(ones)"]),
        SpecialRange("ff00::/8", ["ff00::", "ffff:ffff:\(ones)", "ff02::1"]),
        SpecialRange(
            "ISATAP",
            [
                "2606:4700::5efe:127.0.0.1", "2606:4700::5efe:0:0", "2606:4700::5efe:8.8.8.8", "2606:4700::200:5efe:8.8.8.8",
                "2606:4700::200:5efe:10.0.0.1", "fe80::5efe:10.0.0.1",
            ], outside: ["2606:4700::5eff:8.8.8.8", "2606:4700::5efd:8.8.8.8", "2606:4700::201:5efe:8.8.8.8"]),
    ]
}
