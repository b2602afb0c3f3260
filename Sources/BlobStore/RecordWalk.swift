import ArchiveModel
import WorkLanes

/// A walk over everything below `records/`, which tells records from what else lies there. Files are read as they are asked for, some
/// at once: the store may hold more records than fit into memory.
struct RecordWalk {
    private let folder: ArchiveFolder
    private let lane: WorkLane

    /// Files read in one go.
    private static let readAhead = 256

    init(_ folder: ArchiveFolder, _ lane: WorkLane) {
        self.folder = folder
        self.lane = lane
    }

    func stream(_ isWanted: @escaping @Sendable (RecordListing) -> Bool) -> AsyncThrowingStream<RecordListing, any Error> {
        let state = State()
        return AsyncThrowingStream { [folder, lane] in
            while true {
                while let listing = state.listings.popFirst() {
                    if isWanted(listing) { return listing }
                }
                let known = state.days
                let days = try await { () async throws -> ArraySlice<Found> in
                    if let known { return known }
                    return try await lane.run { try Self.days(under: folder.recordsPath) }[...]
                }()
                state.days = days
                if state.files.isEmpty {
                    guard let day = state.days?.popFirst() else { return nil }
                    state.files = try await lane.run { try Self.contents(of: day) }[...]
                }
                let some = Array(state.files.prefix(Self.readAhead))
                state.files = state.files.dropFirst(some.count)
                state.listings = try await lane.run { try some.compactMap(Self.listing) }[...]
            }
        }
    }

    /// Where a stream of records stands. Used by one reader at a time, as a stream is.
    private final class State: @unchecked Sendable {
        var days: ArraySlice<Found>?
        var files: ArraySlice<Found> = []
        var listings: ArraySlice<RecordListing> = []
    }

    /// A name below `records/`.
    private struct Found: Sendable {
        var path: StorePath
        /// How many folders of year, month and day lead there.
        var level: Int
        var isFile: Bool
        var isFolder: Bool
        /// Whether its name is UTF-8, without which it can't be opened.
        var isText: Bool
    }

    /// The folders of the days, and whatever else lies where years, months and days belong.
    private static func days(under root: StorePath) throws -> [Found] {
        let top = Found(path: root, level: 0, isFile: false, isFolder: true, isText: true)
        return try (1...3).reduce([top]) { level, _ in try level.flatMap(contents) }
    }

    /// What a folder of the records holds; anything else is all that there is of it.
    private static func contents(of found: Found) throws -> [Found] {
        guard found.isFolder, isDated(found) else { return [found] }
        return try POSIXFile.entries(in: found.path).map { entry in
            Found(
                path: found.path / entry.name, level: found.level + 1, isFile: entry.status.isFile,
                isFolder: entry.status.isFolder, isText: entry.isText)
        }
    }

    /// What stands in the place of a folder of records; `nil` when nothing does, or a folder.
    static func obstacle(_ path: StorePath) throws -> RecordListing? {
        guard let found = try POSIXFile.status(path), !found.isFolder else { return nil }
        let error = BlobStoreError(
            .notAFile, "read", path: "\(path)",
            detail: "it is \(found.kind) where a folder of records belongs, so no record below it can be seen")
        return RecordListing(path: path.inside, record: .failure(error))
    }

    /// Whether a path inside the store is that of a year, a month or a day.
    static func isFolderPath(_ path: StorePath) -> Bool {
        let level = path.inside.split(separator: "/").count - 1
        return (1...3).contains(level) && isDated(Found(path: path, level: level, isFile: true, isFolder: false, isText: true))
    }

    /// Whether a folder's name is a year, a month or a day, in its place.
    private static func isDated(_ found: Found) -> Bool {
        guard found.level > 0 else { return true }
        let name = found.path.name
        return found.level <= 3 && name.utf8.count == (found.level == 1 ? 4 : 2)
            && name.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// `nil` for a file that has gone meanwhile.
    private static func listing(_ found: Found) throws -> RecordListing? {
        let name = found.path.name
        let isLitter = Litter.isName(name)
        let isOurs = found.level == 4 && isRecordName(name)
        // What stands in the place of a year, month or day hides all records below it.
        if !found.isFolder, found.level <= 3, isDated(found) { return try obstacle(found.path) }
        // A link or a pipe in the place of a record hides that one.
        if !found.isFile, isOurs, !isLitter { return try DirectoryRecordStore.listing(found.path) }
        guard found.isFile, found.isText, name.hasSuffix(".json"), isOurs || !isLitter else {
            return foreign(found, isLitter ? .litter : .stray)
        }
        guard var listing = try DirectoryRecordStore.listing(found.path) else { return nil }
        switch listing.record {
        case .success(let record):
            // A sync program's copy of a record is a record of another place.
            let place = DirectoryRecordStore.path(DirectoryRecordStore.name(record), record.day)
            if isLitter, place != listing.path { listing.kind = .litter }
        case .failure:
            if isLitter { listing.kind = .litter } else if !isOurs { listing.kind = .stray }
        }
        return listing
    }

    private static func foreign(_ found: Found, _ kind: RecordListing.Kind) -> RecordListing {
        let error = BlobStoreError(.unreadableRecord, "read", path: "\(found.path)", detail: "its name is not that of a record")
        var listing = RecordListing(path: found.path.inside, record: .failure(error))
        listing.kind = kind
        return listing
    }

    /// Whether a name is one that ``DirectoryRecordStore`` gives: `<task>-<n>.json` or `<task>.task.json`.
    private static func isRecordName(_ name: String) -> Bool {
        guard !name.hasPrefix("."), name.hasSuffix(".json") else { return false }
        let stem = name.utf8.dropLast(5)
        if stem.count > 5, Array(stem.suffix(5)) == Array(".task".utf8) { return true }
        let digits = stem.reversed().prefix { (0x30...0x39).contains($0) }.count
        return digits > 0 && stem.count > digits + 1 && stem.dropLast(digits).last == 0x2D
    }
}
