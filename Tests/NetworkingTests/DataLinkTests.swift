import Foundation
import Networking
import Testing

@Suite struct DataLinkTests {
    private func bytes(_ link: String) throws -> [UInt8] {
        var chunks = try DataLink(link).chunks()
        var all: [UInt8] = []
        while let chunk = try chunks.next() { all += chunk }
        return all
    }

    @Test(arguments: [
        ("data:,A%20brief%20note", "A brief note"), ("data:text/plain;charset=x,a%2Cb,c", "a,b,c"), ("data:;base64,TQ==", "M"),
        ("data:;base64,TWE", "Ma"), ("data:;base64,TWFu", "Man"), ("data:;base64,T W\r\nF\tu", "Man"),
        ("data:;base64,TWE%3D", "Ma"), ("data:;base64,%54WFu", "Man"), ("data:; base64 ,TWFu", "Man"),
        ("data:x/y;a=b;BASE64,TWFu", "Man"),
        ("data:,", ""), ("data:;base64,", ""), ("data:,50%", "50%"), ("data:,a#b", "a"),
    ])
    func aDataLinkIsDecoded(_ link: String, _ expected: String) throws {
        #expect(String(decoding: try bytes(link), as: UTF8.self) == expected)
    }

    /// Foundation's Base64 is the judge, over every remainder and more than one chunk.
    @Test(arguments: [0, 1, 2, 3, 4, 65_535, 65_536, 65_537, 200_000])
    func everyByteIsDecodedFromBase64(_ count: Int) throws {
        let data = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        let text = data.base64EncodedString()
        #expect(try bytes("data:image/png;base64," + text) == Array(data))
        let other = text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        #expect(try bytes("data:image/png;base64," + other) == Array(data))
        #expect(try bytes("data:image/png;base64," + text.replacing("/", with: "%2F").replacing("+", with: "%2b")) == Array(data))
    }

    @Test(arguments: [
        "data:", "data:image/png;base64", "data:;base64,A", "data:;base64,TQ==TQ", "data:;base64,T*Fu", "http://a/,x",
    ])
    func anInvalidDataLinkIsRefused(_ link: String) { #expect(throws: LinkError(.data)) { try bytes(link) } }

    @Test(arguments: [
        ("data:image/PNG;x=1;base64,", "image/png"), ("data:,", "text/plain"), ("data:secret,", "text/plain"),
        ("data:a/b/c,", "text/plain"), ("data:image/svg+xml,", "image/svg+xml"),
    ])
    func theMediaTypeHasNoParameters(_ link: String, _ expected: String) throws {
        #expect(try DataLink(link).mediaType == expected)
        #expect(try DataLink(link).shown == "data:" + expected)
    }
}
