/// The catalog's files, for those who create, check and replace them.
extension SQLiteCatalog {
    /// The name in the archive's folder.
    package static let fileName = "catalog.sqlite"
    /// The suffix of the write-ahead log. A log that is not empty can contain changes that the main file lacks.
    package static let log = "-wal"
    /// The suffixes of the files that SQLite puts beside the main file.
    package static let sideFiles = [log, "-shm", "-journal"]

    /// Describes why SQLite must not open a side file; `nil` when it may.
    /// - Parameter end: The last bytes of the file.
    @Sendable package static func flaw(of side: String, end: [UInt8]) -> String? {
        guard side == "-journal", end.count >= superJournalMagic.count else { return nil }
        // SQLite deletes the file that such a journal names at its end (sqlite.org/fileformat.html, "The Rollback Journal";
        // `pager.c`, readSuperJournal). The catalog is one database, so its own journal never names another file.
        let isSuper = end.suffix(superJournalMagic.count).elementsEqual(superJournalMagic)
        return isSuper ? "a journal that refers to another file, which SQLite would delete" : nil
    }

    private static let superJournalMagic: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]
}
