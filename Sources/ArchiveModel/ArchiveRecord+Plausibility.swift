import SizeContract

extension ArchiveRecord {
    /// Describes the first impossible value; `nil` when there is none. Within the ranges of numbers, sums over records and products
    /// of sides do not overflow. Media types are valid names, so that none contains a path.
    var absurdValue: String? {
        let blobs = [original].compactMap { $0 } + (earlierOriginals ?? []) + derivatives.map(\.blob)
        let sides = derivatives.flatMap { [$0.width, $0.height] } + [picture?.width, picture?.height].compactMap { $0 }
        let counts = [
            attempts, index, download?.redirects, picture?.bitDepth, picture?.frameCount, picture?.orientation,
            picture?.jpegQuality,
        ]
        let bytes = blobs.map(\.bytes) + [picture?.contentCredentialsBytes, picture?.trailingBytes].compactMap { $0 }
        if let value = bytes.first(where: { !(0...Self.mostBytes).contains($0) }) { return "\(value) bytes" }
        if let value = sides.first(where: { !(0...Self.most).contains($0) }) { return "a side of \(value) pixels" }
        if let value = counts.compactMap({ $0 }).first(where: { !(0...Self.most).contains($0) }) { return "the count \(value)" }
        if let overpaid = judgement?.overpaid, !(-Self.most...Self.most).contains(overpaid.tenths) {
            return "\(overpaid) base prices"
        }
        if let type = blobs.map(\.mediaType).first(where: { !MediaType.isValid($0) }) {
            return "the media type \(type.cut(to: 80).debugDescription)"
        }
        return nil
    }

    /// Replaces media types with which the record could not be read again. They come from a damaged or foreign catalog.
    mutating func replaceInvalidMediaTypes() {
        original = original.map(Self.withValidMediaType)
        earlierOriginals = earlierOriginals?.map(Self.withValidMediaType)
        for place in derivatives.indices { derivatives[place].blob = Self.withValidMediaType(derivatives[place].blob) }
    }

    private static func withValidMediaType(_ blob: BlobReference) -> BlobReference {
        var blob = blob
        if !MediaType.isValid(blob.mediaType) { blob.mediaType = MediaType.unknown }
        return blob
    }

    /// 2^31 - 1, the longest side of a PNG.
    private static let most = 2_147_483_647
    /// 2^48 bytes, about a million times the size of the largest file accepted.
    private static let mostBytes = 1 << 48
}
