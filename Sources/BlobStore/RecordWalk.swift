import ArchiveModel
import BlockingThreads

/// Lists everything below `records/` and separates records from foreign files. Files are read on demand in batches, because the
/// records may not fit into memory.
struct RecordWalk {
    private let folder: ArchiveFolder
    private let threads: BlockingThreadPool

    /// The number of files read in one batch.
    private static let readAhead = 256

    init(_ folder: ArchiveFolder, _ threads: BlockingThreadPool) {
        self.folder = folder
        self.threads = threads
    }

    func stream(_ isWanted: @escaping @Sendable (RecordListing) -> Bool) -> AsyncThrowingStream<RecordListing, any Error> {
        let state = State()
        return AsyncThrowingStream { [folder, threads] in
            while true {
                while let listing = state.listings.popFirst() {
                    if isWanted(listing) { return listing }
                }
                let known = state.days
                let days = try await { () async throws -> ArraySlice<Found> in
                    if let known { return known }
                    return try await threads.run { try Self.days(under: folder.recordsPath) }[...]
                }()
                state.days = days
                if state.files.isEmpty {
                    guard let day = state.days?.popFirst() else { return nil }
                    state.files = try await threads.run { try Self.contents(of: day) }[...]
                }
                let some = Array(state.files.prefix(Self.readAhead))
                state.files = state.files.dropFirst(some.count)
                state.listings = try await threads.run { try some.compactMap(Self.listing) }[...]
            }
        }
    }

    /// The position in a stream of records. Used by one reader at a time, like the stream itself.
    private final class State: @unchecked Sendable {
        var days: ArraySlice<Found>?
        var files: ArraySlice<Found> = []
        var listings: ArraySlice<RecordListing> = []
    }

    /// A name below `records/`.
    private struct Found: Sendable {
        var path: StorePath
        /// The depth below `records/`: 1 to 3 for year, month and day.
        var level: Int
        var isFile: Bool
        var isFolder: Bool
        /// Whether its name is UTF-8; otherwise the file can't be opened.
        var isText: Bool
    }

    /// The day folders, and foreign files at the levels of years, months and days.
    private static func days(under root: StorePath) throws -> [Found] {
        let top = Found(path: root, level: 0, isFile: false, isFolder: true, isText: true)
        return try (1...3).reduce([top]) { level, _ in try level.flatMap(contents).filter { !isOfAnotherStore($0) } }
    }

    /// Whether it is the folder of other files beside the records, those of ``SealStore`` and ``ClaimStore``.
    private static func isOfAnotherStore(_ found: Found) -> Bool {
        let names = [DirectorySealStore.folderName, DirectoryClaimStore.folderName]
        return found.level == 1 && found.isFolder && names.contains(found.path.name)
    }

    /// The contents of a folder of records. Anything else is returned unchanged.
    private static func contents(of found: Found) throws -> [Found] {
        guard found.isFolder, isDated(found) else { return [found] }
        return try POSIXFile.entries(in: found.path).map { entry in
            Found(
                path: found.path / entry.name, level: found.level + 1, isFile: entry.status.isFile,
                isFolder: entry.status.isFolder, isText: entry.isText)
        }
    }

    /// Reports an object that takes the place of a folder of records; `nil` when there is nothing or a folder.
    static func obstacle(_ path: StorePath) throws -> RecordListing? {
        guard let found = try POSIXFile.status(path), !found.isFolder else { return nil }
        let error = BlobStoreError(
            .notAFile, "read", path: "\(path)",
            detail: "it is \(found.kind) instead of a folder of records; records below it can't be read")
        return RecordListing(path: path.inside, record: .failure(error))
    }

    /// Whether a path inside the store has the form of a year, month or day folder.
    static func isFolderPath(_ path: StorePath) -> Bool {
        let level = path.inside.split(separator: "/").count - 1
        return (1...3).contains(level) && isDated(Found(path: path, level: level, isFile: true, isFolder: false, isText: true))
    }

    /// Whether a folder's name is a year, month or day and matches its level.
    private static func isDated(_ found: Found) -> Bool {
        guard found.level > 0 else { return true }
        let name = found.path.name
        return found.level <= 3 && name.utf8.count == (found.level == 1 ? 4 : 2)
            && name.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// `nil` for a file that has disappeared meanwhile.
    private static func listing(_ found: Found) throws -> RecordListing? {
        let name = found.path.name
        let isLitter = Litter.isName(name)
        let isOurs = found.level == 4 && isRecordName(name)
        // An object at the path of a year, month or day folder hides all records below it.
        if !found.isFolder, found.level <= 3, isDated(found) { return try obstacle(found.path) }
        // A link or a pipe at a record's path hides that record.
        if !found.isFile, isOurs { return try DirectoryRecordStore.listing(found.path) }
        guard found.isFile, found.isText, name.hasSuffix(Self.ending), isOurs || !isLitter else {
            return foreign(found, isLitter ? .litter : .stray)
        }
        guard var listing = try DirectoryRecordStore.listing(found.path) else { return nil }
        switch listing.record {
        case .success(let record):
            // Sync programs append to the name of the file that they copy.
            let own = DirectoryRecordStore.name(record)
            let isAtItsPlace = DirectoryRecordStore.path(own, record.day) == listing.path
            if isLitter, !isAtItsPlace, name.hasPrefix(own.dropLast(Self.ending.count)) { listing.kind = .litter }
        case .failure:
            // A task's ID may look like the mark of a sync program, and the damaged record may name any blob. So the form of the
            // name decides, not the mark.
            if !isOurs { listing.kind = isLitter ? .litter : .stray }
        }
        return listing
    }

    private static func foreign(_ found: Found, _ kind: RecordListing.Kind) -> RecordListing {
        let error = BlobStoreError(
            .unreadableRecord, "read", path: "\(found.path)", detail: "its name is not the name of a record")
        var listing = RecordListing(path: found.path.inside, record: .failure(error))
        listing.kind = kind
        return listing
    }

    private static let ending = ".json"

    /// Whether a name has the form that ``DirectoryRecordStore`` uses: `<task>-<n>.json` or `<task>.task.json`.
    private static func isRecordName(_ name: String) -> Bool {
        guard !name.hasPrefix("."), name.hasSuffix(ending) else { return false }
        let stem = name.utf8.dropLast(ending.utf8.count)
        if stem.count > 5, Array(stem.suffix(5)) == Array(".task".utf8) { return true }
        let digits = stem.reversed().prefix { (0x30...0x39).contains($0) }.count
        return digits > 0 && stem.count > digits + 1 && stem.dropLast(digits).last == 0x2D
    }
}
