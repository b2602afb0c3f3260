// ICC.1:2022 sections 7.2 and 7.3; 10.15 (multiLocalizedUnicodeType); ICC.1:2001 6.5.17 (textDescriptionType).
extension ImageMetadata.Profile {
    /// Reads the fields of a profile. A field stays nil if its bytes are invalid.
    init(icc: [UInt8]) {
        let bytes = icc.span
        self.init(name: nil, description: nil, colourSpace: nil, byteCount: icc.count)
        guard bytes.matches("acsp", at: 36) else { return }
        let space = MetadataText.latin1(bytes.copy(16..<20))
        colourSpace = String(space.reversed().drop { $0 == " " }.reversed())
        description = Self.describe(bytes)
    }

    private static func describe(_ bytes: Span<UInt8>) -> String? {
        for index in 0..<min(bytes.bigEndian(4, at: 128) ?? 0, 100) {
            let entry = 132 + index * 12
            guard bytes.matches("desc", at: entry) else { continue }
            guard let offset = bytes.bigEndian(4, at: entry + 4), let size = bytes.bigEndian(4, at: entry + 8),
                offset <= bytes.count, size <= bytes.count - offset
            else { return nil }
            if bytes.matches("desc", at: offset) { return asciiDescription(bytes, offset, size) }
            if bytes.matches("mluc", at: offset) { return localizedDescription(bytes, offset, size) }
        }
        return nil
    }

    private static func asciiDescription(_ bytes: Span<UInt8>, _ offset: Int, _ size: Int) -> String? {
        guard let length = bytes.bigEndian(4, at: offset + 8), length <= size - 12 else { return nil }
        return MetadataText.latin1(Array(bytes.copy(offset + 12..<offset + 12 + length).prefix { $0 != 0 }))
    }

    /// The first translation, which is English in practice.
    private static func localizedDescription(_ bytes: Span<UInt8>, _ offset: Int, _ size: Int) -> String? {
        guard let length = bytes.bigEndian(4, at: offset + 20), let start = bytes.bigEndian(4, at: offset + 24),
            start <= size, length <= size - start
        else { return nil }
        let units = stride(from: offset + start, to: offset + start + length - 1, by: 2).prefix(1024).map {
            UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
        }
        return MetadataText.utf8(Array(String(decoding: units, as: UTF16.self).utf8))
    }
}
