/// Escaping of external text for SQLite columns.
///
/// The driver passes text as C strings, which end at U+0000. To avoid truncation, U+0000 is stored as U+001A U+001B, and U+001A
/// as U+001A U+001A. Both are control characters, which separate words, so the full-text search finds the same words.
enum StoredText {
    private static let mark: UInt8 = 0x1A
    private static let zero: UInt8 = 0x1B

    static func stored(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0 || $0 == mark }) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 8)
        for byte in text.utf8 {
            switch byte {
            case 0: bytes += [mark, zero]
            case mark: bytes += [mark, mark]
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// U+001A before any other character is kept as is, because earlier versions stored it unescaped.
    static func original(_ stored: String) -> String {
        guard stored.utf8.contains(mark) else { return stored }
        var bytes: [UInt8] = []
        var isMarked = false
        for byte in stored.utf8 {
            switch (isMarked, byte) {
            case (false, mark):
                isMarked = true
                continue
            case (true, zero): bytes.append(0)
            case (true, mark): bytes.append(mark)
            case (true, _): bytes += [mark, byte]
            case (false, _): bytes.append(byte)
            }
            isMarked = false
        }
        if isMarked { bytes.append(mark) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    /// The text in the escaped form that columns hold.
    var stored: String { StoredText.stored(self) }
    /// The original of a column's escaped text.
    var unstored: String { StoredText.original(self) }
}
