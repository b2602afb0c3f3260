import SizeContract

extension ArchiveRecord {
    /// The first number that no record can hold, in words; `nil` when there is none. Sums over records, and products of sides, then
    /// never overflow.
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
    /// 2^48: a million times what one file may hold.
    private static let mostBytes = 1 << 48
}
