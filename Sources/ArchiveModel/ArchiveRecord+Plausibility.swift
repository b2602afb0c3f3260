import SizeContract

extension ArchiveRecord {
    /// Describes the first number that is out of range; `nil` when all are in range. Within this range, sums over records and
    /// products of sides do not overflow.
    var absurdNumber: String? {
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
        return nil
    }

    /// 2^31 - 1, the longest side of a PNG.
    private static let most = 2_147_483_647
    /// 2^48 bytes, about a million times the size of the largest file accepted.
    private static let mostBytes = 1 << 48
}
