import Foundation
import FuzzNetworking

/// Takes the bytes as a link, a line end and the `Location` of a redirect, and traps where a checked URL is not what a client reads.
///
/// The HTTP client makes its request from `Foundation.URL`, so that is the second reader here.
@c(fixative_fuzz_link)
public func link(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
    let (text, location) = (parts.first ?? "", parts.count > 1 ? parts[1] : "")
    if DataLink.isOne(text) { return checkData(text, count) }
    guard let url = try? FetchableURL(text) else { return 0 }
    check(url)
    let policy = AddressPolicy(resultHosts: [HostPattern("*.example")].compactMap { $0 })
    if let target = try? policy.target(of: url) {
        precondition(target.scheme == "https" && target.host.hasSuffix(".example"), "the policy let another host through")
    }
    guard let next = try? url.resolving(location) else { return 0 }
    check(next)
    if let target = try? policy.target(of: next, from: url) { precondition(target.scheme == "https", "a downgrade") }
    return 0
}

private func check(_ url: FetchableURL) {
    precondition((1...65_535).contains(url.port) && !url.host.isEmpty, "no place to connect to")
    precondition(
        url.text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x5C && $0 != 0x23 }, "a character slipped through")
    precondition(url.text.utf8.count <= 3 * FetchableURL.longest, "an absurd length")
    guard let read = URL(string: url.text) else { preconditionFailure("the client can't read it") }
    let host = read.host.map { $0.hasPrefix("[") ? String($0.dropFirst().dropLast()) : $0 }
    precondition(read.scheme == url.scheme.rawValue && host == url.host, "the client reads another host")
    precondition((read.port ?? url.scheme.port) == url.port && read.user == nil && read.password == nil, "another port or a user")
    precondition(read.absoluteString == url.text, "the client writes another URL")
    precondition((try? FetchableURL(url.text))?.text == url.text, "not stable")
}

private func checkData(_ text: String, _ count: Int) -> Int32 {
    guard let link = try? DataLink(text) else { return 0 }
    precondition(link.shown.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2C }, "data in what is shown")
    var chunks = link.chunks()
    var total = 0
    while let chunk = try? chunks.next() {
        precondition(!chunk.isEmpty && chunk.count <= 64 << 10, "a chunk of the wrong size")
        total += chunk.count
    }
    // Broken UTF-8 becomes three bytes for one.
    precondition(total <= 3 * count, "more data than text")
    return 0
}
