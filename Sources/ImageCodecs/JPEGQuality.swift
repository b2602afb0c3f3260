/// The compression quality of a JPEG, estimated from its quantisation tables.
public struct JPEGQuality: Sendable, Hashable, Codable {
    /// The quality setting of the Independent JPEG Group's library whose tables are closest, 1 to 100.
    public var estimate: Int
    /// Whether the file's tables are exactly the library's tables for ``estimate``. Other programs use other tables, so the
    /// estimate for their files is only approximate.
    public var isExact: Bool

    public init(estimate: Int, isExact: Bool) {
        self.estimate = estimate
        self.isExact = isExact
    }
}

/// The quantisation tables of a JPEG (T.81, B.2.4.1). By convention, table 0 is for luminance and table 1 for chrominance.
struct QuantisationTables {
    private var tables: [Int: [Int]] = [:]

    mutating func read(_ bytes: Span<UInt8>, _ body: Range<Int>) {
        var offset = body.lowerBound
        while offset < body.upperBound {
            let (size, number) = (bytes[offset] >> 4 == 0 ? 1 : 2, Int(bytes[offset] & 15))
            guard body.upperBound - offset > 64 * size else { return }
            var table = [Int](repeating: 0, count: 64)
            for index in 0..<64 { table[Self.zigzag[index]] = bytes.bigEndian(size, at: offset + 1 + index * size) ?? 0 }
            tables[number] = table
            offset += 1 + 64 * size
        }
    }

    func quality() -> JPEGQuality? {
        guard let luminance = tables[0] else { return nil }
        var best = (quality: 0, distance: Int.max)
        for quality in 1...100 {
            var distance = Self.distance(luminance, Self.luminance, quality)
            if let chrominance = tables[1] { distance += Self.distance(chrominance, Self.chrominance, quality) }
            // On a tie the higher quality wins: near 100, several settings give the same tables of ones.
            if distance <= best.distance { best = (quality, distance) }
        }
        return JPEGQuality(estimate: best.quality, isExact: best.distance == 0)
    }

    /// The sum of absolute differences to the standard table, scaled as by `jpeg_set_quality`.
    private static func distance(_ table: [Int], _ standard: [Int], _ quality: Int) -> Int {
        let scale = quality < 50 ? 5000 / quality : 200 - 2 * quality
        var sum = 0
        for index in 0..<64 { sum += abs(table[index] - min(max((standard[index] * scale + 50) / 100, 1), 255)) }
        return sum
    }

    /// T.81, figure A.6: maps the stored order to the order in the block.
    private static let zigzag = [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55,
        62, 63,
    ]

    /// T.81, table K.1.
    private static let luminance = [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87,
        80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92,
        95, 98, 112, 100, 103, 99,
    ]

    /// T.81, table K.2.
    private static let chrominance = [
        17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99,
    ]
}
