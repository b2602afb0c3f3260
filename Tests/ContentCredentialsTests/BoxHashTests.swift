import Crypto
import Foundation
import Testing

@testable import ContentCredentials

/// The general box hash over a JPEG file of hand-made segments.
@Suite struct BoxHashTests {
    static let head: [UInt8] = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2]
    static let tail: [UInt8] = [0xff, 0xdb, 0, 3, 9, 0xff, 0xda, 0, 2, 1, 0xff, 0, 2, 0xff, 0xd0, 3, 4, 0xff, 0xd9]

    static func entry(_ names: [String], _ bytes: [UInt8], excluded: Bool? = nil) -> CBORValue {
        let base = map([
            "names": .array(names.map { .text($0) }), "hash": .bytes(Array(SHA256.hash(data: bytes))[...]), "pad": .bytes([]),
        ])
        return excluded.map { base.setting("excluded", .simple($0 ? 21 : 20)) } ?? base
    }

    static let store = map(["names": .array([.text("C2PA")]), "hash": .bytes([0]), "pad": .bytes([])])

    /// A signed file whose box hash has these entries.
    static func file(_ entries: [CBORValue], tail: [UInt8] = tail) -> TestFile {
        var manifest = TestManifest()
        manifest.hasBinding = false
        manifest.assertions.append(("c2pa.hash.boxes", map(["alg": .text("sha256"), "boxes": .array(entries)])))
        var file = TestFile(manifest)
        let store = file.store
        file.bytes = head + store + tail
        let range = head.count..<head.count + store.count
        let scan = range.upperBound + 5..<file.bytes.count - 2
        file.location = CredentialsLocation(units: [range], payloads: [range], pictureData: [scan])
        return file
    }

    static let right = [
        entry(["SOI", "APP0"], head), store, entry(["DQT", "SOS"], Array(tail[..<13])), entry(["RST0"], Array(tail[13..<17])),
        entry(["EOI"], Array(tail[17...])),
    ]

    @Test func aFileWithItsBoxesIsTrusted() throws {
        let report = try Self.file(Self.right).report()
        #expect(report.state == .trusted && report.codes(.success).contains("assertion.boxesHash.match"), "\(report.codes)")
    }

    @Test func everyChangedByteIsRefused() throws {
        let file = Self.file(Self.right)
        let store = file.location.units[0]
        for position in file.bytes.indices where !store.contains(position) {
            var changed = file
            changed.bytes[position] ^= 1
            #expect(try changed.report().state == .invalid, "byte \(position)")
        }
    }

    @Test func aBoxThatIsNotListedIsRefused() throws {
        let added: [UInt8] = [0xff, 0xfe, 0, 3, 7]
        let report = try Self.file(Self.right, tail: added + Self.tail).report()
        #expect(report.codes(.failure) == ["assertion.boxesHash.unknownBox"])
        #expect(try Self.file(Self.right, tail: Self.tail + added).report().codes(.failure) == ["assertion.boxesHash.unknownBox"])
    }

    @Test func anotherOrderIsAMismatch() throws {
        var entries = Self.right
        entries.swapAt(2, 3)
        #expect(try Self.file(entries).report().codes(.failure) == ["assertion.boxesHash.mismatch"])
    }

    @Test func bytesAfterThePictureNeedTheirOwnEntry() throws {
        let after: [UInt8] = [1, 2, 3]
        #expect(try Self.file(Self.right, tail: Self.tail + after).report().codes(.failure) == ["assertion.boxesHash.unknownBox"])
        let listed = Self.right + [Self.entry(["c2pa.after"], after)]
        #expect(try Self.file(listed, tail: Self.tail + after).report().state == .trusted)
    }

    @Test func anExcludedScanIsNeverWhole() throws {
        var entries = Self.right
        entries[3] = Self.entry(["RST0"], [], excluded: true)
        #expect(try Self.file(entries).report().codes(.failure) == ["x-fixative.exclusion.pictureData"])
        entries = Self.right
        entries[0] = Self.entry(["SOI", "APP0"], [], excluded: true)
        let report = try Self.file(entries).report()
        #expect(
            report.state == .trusted && report.codes(.informational).contains("assertion.boxesHash.additionalExclusionsPresent"))
    }

    @Test func theStoreIsListedAlone() throws {
        var entries = Self.right
        entries[0] = Self.entry(["SOI", "APP0", "C2PA"], Self.head)
        entries.remove(at: 1)
        #expect(try Self.file(entries).report().codes(.failure) == ["assertion.boxesHash.malformed"])
    }
}
