// EXIF 2.32, sections 4.5 and 4.6; TIFF 6.0, section 2.
extension ExifFields {
    /// Parses a TIFF structure. Some writers put an `Exif` marker in front of it, which is skipped.
    ///
    /// Returns nil if the bytes are not TIFF. Invalid offsets are skipped, and each directory is read once.
    init?(tiff: [UInt8]) {
        let bytes = tiff.starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) ? Array(tiff.dropFirst(6)) : tiff
        let reader: TIFFReader
        if bytes.starts(with: [0x49, 0x49, 42, 0]) {
            reader = TIFFReader(bytes: bytes, isBigEndian: false)
        } else if bytes.starts(with: [0x4D, 0x4D, 0, 42]) {
            reader = TIFFReader(bytes: bytes, isBigEndian: true)
        } else {
            return nil
        }
        guard let first = reader.integer(4, at: 4), let entries = reader.entries(at: first) else { return nil }
        self.init()
        take(entries, reader)
        if let pointer = entries.first(where: { $0.tag == 0x8769 }).flatMap({ reader.integer(4, at: $0.valueOffset) }) {
            take(reader.entries(at: pointer) ?? [], reader)
        }
    }

    private mutating func take(_ entries: [TIFFReader.Entry], _ reader: TIFFReader) {
        for entry in entries {
            switch entry.tag {
            case 0x0112:
                let value = reader.integer(entry.type == 4 ? 4 : 2, at: entry.valueOffset) ?? 0
                if 1...8 ~= value { orientation = value }
            case 0x010E: imageDescription = reader.text(entry)
            case 0x010F: make = reader.text(entry)
            case 0x0110: model = reader.text(entry)
            case 0x0131: software = reader.text(entry)
            case 0x0132: dateTime = reader.text(entry)
            case 0x013B: artist = reader.text(entry)
            case 0x8298: copyright = reader.text(entry)
            case 0x9003: dateTimeOriginal = reader.text(entry)
            case 0x013C: hostComputer = reader.text(entry)
            case 0xA420: imageUniqueID = reader.text(entry)
            case 0x9286: userComment = reader.comment(entry)
            case 0x9C9B: title = reader.wideText(entry)
            case 0x9C9C: comment = reader.wideText(entry)
            case 0x9C9E: keywords = reader.wideText(entry)
            case 0xA001: colourSpace = reader.integer(2, at: entry.valueOffset)
            default: break
            }
        }
    }
}

private struct TIFFReader {
    struct Entry {
        var tag: Int
        var type: Int
        var count: Int
        /// The offset of the value. For a value of more than four bytes, this position holds the offset of the value instead.
        var valueOffset: Int
    }

    /// The maximum number of entries read per directory; more than any camera writes.
    private static let maxEntries = 512

    let bytes: [UInt8]
    let isBigEndian: Bool

    func integer(_ size: Int, at offset: Int) -> Int? {
        isBigEndian ? bytes.span.bigEndian(size, at: offset) : bytes.span.littleEndian(size, at: offset)
    }

    func entries(at offset: Int) -> [Entry]? {
        guard let count = integer(2, at: offset) else { return nil }
        var entries: [Entry] = []
        for index in 0..<min(count, Self.maxEntries) {
            let start = offset + 2 + index * 12
            guard let tag = integer(2, at: start), let type = integer(2, at: start + 2), let length = integer(4, at: start + 4),
                start + 12 <= bytes.count
            else { break }
            entries.append(Entry(tag: tag, type: type, count: length, valueOffset: start + 8))
        }
        return entries
    }

    /// An ASCII value up to its first zero byte; nil if the entry holds no text.
    func text(_ entry: Entry) -> String? {
        guard entry.type == 2, let value = value(entry) else { return nil }
        return Self.unlessEmpty(MetadataText.utf8(Array(value.prefix { $0 != 0 })))
    }

    /// A user comment: eight bytes that name the encoding, then the text (EXIF 2.32, section 4.6.5).
    func comment(_ entry: Entry) -> String? {
        guard entry.type == 7, let value = value(entry), value.count > 8 else { return nil }
        let text = value.dropFirst(8)
        if value.starts(with: Array("UNICODE".utf8)) {
            // Writers disagree about the byte order. In most texts the high byte is zero, so the zeros reveal the order.
            let zeros = text.indices.reduce(into: (even: 0, odd: 0)) { zeros, index in
                guard text[index] == 0 else { return }
                if (index - text.startIndex) % 2 == 0 { zeros.even += 1 } else { zeros.odd += 1 }
            }
            return Self.unlessEmpty(MetadataText.utf16(text, isBigEndian: zeros.even >= zeros.odd))
        }
        return Self.unlessEmpty(MetadataText.utf8(Array(text.prefix { $0 != 0 })))
    }

    /// A UTF-16 value, always little-endian whatever the byte order of the file.
    func wideText(_ entry: Entry) -> String? {
        guard entry.type == 1, let value = value(entry) else { return nil }
        return Self.unlessEmpty(MetadataText.utf16(value, isBigEndian: false))
    }

    /// The bytes of a value whose elements are single bytes. The result is shorter if the file ends earlier.
    private func value(_ entry: Entry) -> ArraySlice<UInt8>? {
        guard entry.count > 0 else { return nil }
        let start = entry.count <= 4 ? entry.valueOffset : integer(4, at: entry.valueOffset) ?? bytes.count
        guard start < bytes.count else { return nil }
        return bytes[start..<start + min(entry.count, bytes.count - start, 2 * MetadataText.maxBytes)]
    }

    private static func unlessEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
}
