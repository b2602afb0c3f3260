/// Texts of other people in columns of SQLite.
///
/// The driver passes texts as C strings, which end at U+0000. So that no text is cut, U+0000 is stored as U+001A U+001B, and U+001A as
/// two of itself. Both are control characters, which separate words: the text search finds the same words.
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

    /// A mark before anything else stands for itself, as earlier versions have stored it.
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
    /// The text as a column holds it.
    var stored: String { StoredText.stored(self) }
    /// The text that a column holds.
    var unstored: String { StoredText.original(self) }
}
