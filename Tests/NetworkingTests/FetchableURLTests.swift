import AsyncHTTPClient
import Foundation
import Networking
import Testing

@Suite struct FetchableURLTests {
    private func code(_ text: String) -> LinkError.Code? {
        do {
            _ = try FetchableURL(text)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(
        "Links that a library cannot read, or reads in its own way, are refused",
        arguments: [
            ("https://a.example:65536/x", .port), ("https://a.example:0/x", .port), ("https://a.example:-1/x", .port),
            ("https://a.example:99999999999999999999999999/x", .port), ("https://a.example:8x/", .port),
            ("https://a.example:80:80/", .port), ("https://1.2.3.4:70000", .port), ("https://[2606:4700::1]:70000/", .port),
            ("https://a.example: 80/", .port),
            ("", .notHTTP), ("a.example/x", .notHTTP), ("ftp://a.example/", .notHTTP), ("httpss://a/", .notHTTP),
            ("http+unix://%2Ftmp%2Fs/x", .notHTTP), ("unix:///tmp/s", .notHTTP), ("javascript:1", .notHTTP), ("://a/", .notHTTP),
            ("https:", .noHost), ("https:/a.example", .noHost), ("https://", .noHost), ("https:///x", .noHost),
            ("https://?x", .noHost), ("https://./x", .noHost), ("https://:443/x", .noHost),
            ("https://u@a.example/", .userInfo), ("https://u:p@a.example/", .userInfo), ("https://@a.example/", .userInfo),
            ("https://a.example@1.2.3.4:70000/", .userInfo),
            ("https://a.exa\u{0}mple/", .character), ("https://a.example/\r\nHost: b", .character),
            ("https://a.example/\tx", .character), ("https://a.example/\u{7F}", .character),
            ("https://a.example\\@b.example/", .backslash), ("https:\\\\a.example/", .backslash),
            ("https://a.example/x\\y", .backslash),
            ("https://a b.example/", .hostName), ("https://a..example/", .hostName), ("https://a.example%00/", .hostName),
            ("https://%61.example/", .hostName), ("https://a,b/", .hostName), ("https://[1.2.3.4]/", .hostName),
            ("https://[::1/", .hostName), ("https://[::1]x/", .hostName), ("https://[]/", .hostName), ("https://::1/", .noHost),
            ("https://\(String(repeating: "a", count: 64)).example/", .hostName),
            ("https://bücher.example/", .foreignHost), ("https://a\u{3002}example/", .foreignHost),
            ("https://[fe80::1%25eth0]/", .zone), ("https://[fe80::1%eth0]/", .zone),
            ("https://a.example/" + String(repeating: "x", count: 16_384), .tooLong),
            ("https://a.example/" + String(repeating: "ü", count: 4000), .tooLong),
        ] as [(String, LinkError.Code)])
    func ambiguousLinksAreRefused(_ text: String, _ expected: LinkError.Code) { #expect(code(text) == expected) }

    @Test(
        "Valid links are normalised",
        arguments: [
            ("https://a.example", "https://a.example/"), ("HtTpS://A.Example.:443/x?y#z", "https://a.example/x?y"),
            ("  https://a.example/x\n", "https://a.example/x"), ("http://a.example:80?x", "http://a.example/?x"),
            ("https://a.example:/x", "https://a.example/x"), ("https://a.example:00443/x", "https://a.example/x"),
            ("https://a.example:65535/", "https://a.example:65535/"), ("http://a.example:443/", "http://a.example:443/"),
            ("https://[2606:4700::ABCD]:8443/x", "https://[2606:4700::abcd]:8443/x"),
            ("https://a_b.example/my file.png", "https://a_b.example/my%20file.png"),
            ("https://a.example/ü?q=\"ü\"", "https://a.example/%C3%BC?q=%22%C3%BC%22"),
            ("https://a.example/%zz%4", "https://a.example/%25zz%254"),
            ("https://a.example/%2e%2E/", "https://a.example/%2e%2E/"),
            ("https://a.example/a/../b", "https://a.example/a/../b"),
            ("https://a.example/?a=[b]|c", "https://a.example/?a=%5Bb%5D%7Cc"),
            ("https://a.example#@b.example/", "https://a.example/"),
            ("https://a.example?@b.example/", "https://a.example/?@b.example/"),
        ])
    func validLinksAreNormalised(_ text: String, _ expected: String) throws { #expect(try FetchableURL(text).text == expected) }

    /// RFC 3986, section 5.4, with `http://a/b/c/d;p?q` as the base; fragments are dropped here.
    @Test(arguments: [
        ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
        ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q"),
        ("g#s", "http://a/b/c/g"), ("g?y#s", "http://a/b/c/g?y"), (";x", "http://a/b/c/;x"), ("g;x", "http://a/b/c/g;x"),
        ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("./", "http://a/b/c/"), ("..", "http://a/b/"),
        ("../", "http://a/b/"),
        ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../", "http://a/"), ("../../g", "http://a/g"),
        ("../../../g", "http://a/g"), ("../../../../g", "http://a/g"), ("/./g", "http://a/g"), ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."), (".g", "http://a/b/c/.g"), ("g..", "http://a/b/c/g.."), ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"), ("./g/.", "http://a/b/c/g/"), ("g/./h", "http://a/b/c/g/h"), ("g/../h", "http://a/b/c/h"),
        ("g;x=1/./y", "http://a/b/c/g;x=1/y"), ("g;x=1/../y", "http://a/b/c/y"), ("g?y/./x", "http://a/b/c/g?y/./x"),
        ("https://g/x/../y", "https://g/y"),
    ])
    func referencesAreResolvedAsInRFC3986(_ reference: String, _ expected: String) throws {
        #expect(try FetchableURL("http://a/b/c/d;p?q").resolving(reference).text == expected)
    }

    @Test(arguments: ["g:h", "http:g", "//u@g/", "//g:70000/", "//", "/x\r\ny", "\\\\g"])
    func anInvalidReferenceIsRefused(_ reference: String) throws {
        let base = try FetchableURL("http://a/b/c/d;p?q")
        #expect(throws: LinkError.self) { try base.resolving(reference) }
    }

    @Test func noMessageContainsPathQueryOrUser() throws {
        for text in [
            "https://secret@a/", "https://a:99999/secret", "https://a/secret?secret\u{1}", "secret://a/", "https://a\\secret",
        ] {
            let error = #expect(throws: LinkError.self) { try FetchableURL(text) }
            #expect(error?.description.contains("secret") == false)
        }
    }

    /// The library gets every accepted mutant, and must neither trap nor see another server than was checked.
    @Test func theClientReadsMutatedLinksAsChecked() throws {
        let pieces = [
            "https", "HTTP", ":", "//", "/", "?", "#", "@", "[", "]", "::1", "1.2.3.4", "127.1", "a.example", "..", ".", "%",
            "%41",
            "%00", "\\", " ", "\t", "ü", "65535", "65536", "0", "99999999999999999999", "x=1&y=[2]", "-", "_", ",", "|", "\"",
            ";",
        ]
        var state: UInt64 = 7
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var accepted = 0
        for _ in 0..<20_000 {
            let text = (draw(3) > 0 ? "https://" : "") + (0..<draw(9)).map { _ in pieces[draw(pieces.count)] }.joined()
            guard let url = try? FetchableURL(text) else { continue }
            accepted += 1
            let request = try HTTPClient.Request(url: url.text)
            #expect(request.scheme == url.scheme.rawValue && request.host == url.host && request.port == url.port, "\(text)")
            #expect(request.url.absoluteString == url.text, "\(text)")
        }
        #expect(accepted > 1000)
    }

    /// Every request in the sources is made from a ``FetchableURL``.
    @Test func everyRequestIsMadeFromACheckedURL() throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources").standardizedFileURL
        let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)?.allObjects as? [URL] ?? []
        var requests = 0
        for file in files where file.pathExtension == "swift" {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                #expect(!line.contains("HTTPClient.Request("), "\(file.lastPathComponent)")
                guard line.contains("HTTPClientRequest(url:") else { continue }
                requests += 1
                #expect(line.contains(".text)"), "\(file.lastPathComponent): \(line)")
            }
        }
        #expect(requests >= 5)
    }
}
