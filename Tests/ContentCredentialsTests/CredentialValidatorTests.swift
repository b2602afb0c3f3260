import Crypto
import Foundation
import Testing

@testable import ContentCredentials

@Suite struct CredentialValidatorTests {
    @Test func aSignedFileIsTrusted() throws {
        let report = try TestFile(TestManifest()).report()
        #expect(report.state == .trusted, "\(report.codes)")
        #expect(report.codes(.failure) == [])
        #expect(report.codes.filter { $0.code == "assertion.hashedURI.match" }.count == 2)
        #expect(
            report.codes(.success).isSuperset(of: [
                "assertion.dataHash.match", "claimSignature.validated", "signingCredential.trusted",
            ]))
        #expect(report.claim?.generatorName == "Test" && report.claim?.specVersion == "2.2.0" && report.claim?.version == 2)
        #expect(report.actions.first?.agent == "gpt-image" && report.binding == "c2pa.hash.data")
        #expect(report.signer?.name == "Test Leaf" && report.chain.count == 1)
    }

    @Test func aClaimOfVersion1IsRead() throws {
        var manifest = TestManifest()
        manifest.version = 1
        let report = try TestFile(manifest).report()
        #expect(report.state == .trusted && report.claim?.version == 1, "\(report.codes)")
    }

    @Test func withoutAStoreTheCredentialIsAbsent() throws {
        var file = TestFile(TestManifest())
        file.location.stores = 2
        #expect(try file.report().state == .absent)
        #expect(try file.report().codes(.informational) == ["x-fixative.store.several"])
        let validator = CredentialValidator(trust: try TestSigner.shared.trust)
        #expect(validator.report(of: file.bytes.span, at: nil, now: .distantPast).state == .absent)
    }

    @Test func aPlaceOutsideTheFileIsUnreadable() throws {
        var file = TestFile(TestManifest())
        file.location.payloads = [10..<file.bytes.count + 1]
        #expect(try file.report().state == .unreadable)
        file.location.payloads = [50..<60, 40..<50]
        #expect(try file.report().state == .unreadable)
    }

    @Test func everyChangedByteOfThePictureIsAMismatch() throws {
        let file = TestFile(TestManifest())
        for position in [0, 39, file.location.units[0].upperBound, file.bytes.count - 1] {
            var changed = file
            changed.bytes[position] ^= 1
            #expect(try changed.report().codes(.failure) == ["assertion.dataHash.mismatch"])
        }
    }

    /// The padding of the signature is in no hash. It shrinks, and a picture takes the freed bytes: length, hash and signature stay right.
    @Test func aPictureInTheFreedBytesOfThePaddingIsRefused() throws {
        var manifest = TestManifest()
        manifest.pad = [UInt8](repeating: 0, count: 150)
        let shrunk = TestFile { binding in
            let full = superbox("c2pa", "c2pa", TestManifest().encoded(binding))
            return full
        }
        let binding = map([
            "exclusions": .array([map(["start": .unsigned(40), "length": .unsigned(UInt64(shrunk.store.count))])]),
            "alg": .text("sha256"),
            "hash": .bytes(Array(SHA256.hash(data: [UInt8](repeating: 1, count: 40) + [UInt8](repeating: 2, count: 100)))[...]),
            "pad": .bytes([]),
        ])
        let store = superbox("c2pa", "c2pa", manifest.encoded(binding))
        let hidden = [UInt8](repeating: 0x49, count: shrunk.store.count - store.count)
        #expect(hidden.count == 50)
        var forged = shrunk
        forged.bytes.replaceSubrange(40..<40 + shrunk.store.count, with: store + hidden)
        forged.location.units = [40..<40 + store.count]
        forged.location.payloads = forged.location.units
        #expect(try forged.report().codes(.failure) == ["assertion.dataHash.mismatch"])
        // The same bytes within the carrier, after the store.
        forged.location.units = [40..<40 + shrunk.store.count]
        forged.location.payloads = forged.location.units
        #expect(try forged.report().codes(.failure) == ["assertion.dataHash.mismatch"])
    }

    @Test func foreignBytesBetweenTwoCarriersAreRefused() throws {
        let file = TestFile(TestManifest())
        let range = file.location.units[0]
        var split = file
        split.location.units = [range.lowerBound..<range.lowerBound + 100, range.lowerBound + 101..<range.upperBound]
        #expect(try split.report().codes(.failure).contains("assertion.dataHash.mismatch"))
        split.location.units = [range.lowerBound..<range.lowerBound + 100, range.lowerBound + 100..<range.upperBound]
        #expect(try split.report().state == .trusted)
    }

    @Test func dataInThePaddingOfTheSignatureIsReported() throws {
        var manifest = TestManifest()
        manifest.pad[7] = 1
        let report = try TestFile(manifest).report()
        #expect(report.state == .trusted && report.codes(.informational).contains("x-fixative.padding.notZero"))
    }

    @Test func aWrongChecksumOfTheCarrierIsAFailure() throws {
        var file = TestFile(TestManifest())
        file.location.isDamaged = true
        #expect(try file.report().codes(.failure) == ["x-fixative.carrier.damaged"])
    }

    /// The exclusions of the store, and of ten bytes from `start` that count from the end of the store.
    static func second(_ start: Int, within manifest: TestManifest = TestManifest()) -> TestFile {
        var manifest = manifest
        manifest.changeBinding = { binding in
            let own = binding["exclusions"]?.array?.first ?? .simple(22)
            let end = 40 + Int(own["length"]?.integer ?? 0)
            let other = map(["start": .unsigned(UInt64(end + start)), "length": .unsigned(10)])
            let hashed = [UInt8](repeating: 1, count: 40) + [UInt8](repeating: 2, count: 90)
            return binding.setting("exclusions", .array([own, other])).setting(
                "hash", .bytes(Array(SHA256.hash(data: hashed))[...]))
        }
        return TestFile(manifest)
    }

    @Test func aSecondExclusionIsReported() throws {
        var file = Self.second(20)
        file.location.pictureData = []
        let report = try file.report()
        #expect(
            report.state == .trusted && report.codes(.informational).contains("assertion.dataHash.additionalExclusionsPresent"))
    }

    @Test func anExclusionOverThePictureIsAFailure() throws {
        #expect(try Self.second(20).report().codes(.failure) == ["x-fixative.exclusion.pictureData"])
    }

    @Test func overlappingExclusionsAreMalformed() throws {
        #expect(try Self.second(-5).report().codes(.failure) == ["assertion.dataHash.malformed"])
    }

    @Test func anExclusionAfterTheEndIsAMismatch() throws {
        #expect(try Self.second(95).report().codes(.failure) == ["assertion.dataHash.mismatch"])
    }

    @Test func noFlippedByteOfTheStoreIsTrusted() throws {
        let file = TestFile(TestManifest())
        // The padding and its name are not signed.
        let zeros = [UInt8](repeating: 0, count: 200)
        let padding = file.store.lastRange(of: Array("pad".utf8) + [0x58, 200] + zeros) ?? 0..<0
        let open = [padding.lowerBound..<padding.lowerBound + 3, padding.lowerBound + 5..<padding.upperBound]
        #expect(padding.count == 205)
        for position in file.location.payloads[0] where !open.contains(where: { $0.contains(position - 40) }) {
            var changed = file
            changed.bytes[position] ^= 0x10
            let report = try changed.report()
            #expect(report.state != .trusted && report.state != .valid, "byte \(position - 40)")
        }
    }

    /// RIFF pads odd chunks with a zero, which signers hash or leave out.
    @Test func thePaddingByteOfAnOddChunkIsZero() throws {
        for value in [UInt8(0), 1] {
            var manifest = TestManifest()
            manifest.changeBinding = { binding in
                let length = (binding["exclusions"]?.array?.first?["length"]?.integer ?? 0) + 1
                let hashed = [UInt8](repeating: 1, count: 40) + [UInt8](repeating: 2, count: 99)
                return binding.setting(
                    "exclusions", .array([map(["start": .unsigned(40), "length": .unsigned(UInt64(length))])])
                ).setting("hash", .bytes(Array(SHA256.hash(data: hashed))[...]))
            }
            var padded = TestFile(manifest)
            padded.bytes[padded.location.units[0].upperBound] = value
            padded.location.units = [40..<padded.location.units[0].upperBound + 1]
            #expect(try padded.report().state == (value == 0 ? .trusted : .invalid))
        }
    }

    @Test func anEndedCertificateMakesTheFileInvalid() throws {
        let file = TestFile(TestManifest())
        let validator = CredentialValidator(trust: try TestSigner.shared.trust)
        let later = try Date("2031-01-01T00:00:00Z", strategy: .iso8601)
        let report = validator.report(of: file.bytes.span, at: file.location, now: later)
        #expect(report.state == .invalid && report.codes(.failure).contains("claimSignature.outsideValidity"))
        #expect(report.turnsInvalidAt == nil && !report.isValidByVendorTime)
        #expect(try file.report().turnsInvalidAt == Date("2030-01-01T00:00:00Z", strategy: .iso8601))
    }

    @Test func everyTruncatedStoreIsRefused() throws {
        let file = TestFile(TestManifest())
        for count in stride(from: 1, to: file.store.count, by: 7) {
            var cut = file
            cut.location.payloads = [40..<40 + count]
            #expect(try cut.report().state < .valid)
        }
    }
}

extension Array where Element == UInt8 {
    func lastRange(of pattern: [UInt8]) -> Range<Int>? {
        for start in stride(from: count - pattern.count, through: 0, by: -1)
        where self[start..<start + pattern.count].elementsEqual(pattern) {
            return start..<start + pattern.count
        }
        return nil
    }
}
