package import ArchiveModel
package import Foundation
package import WorkLanes

/// Records as files `records/2026/11/22/<task>-<n>.json` and `<task>.task.json` of an archive's folder.
package struct DirectoryRecordStore: RecordStore {
    private let folder: ArchiveFolder
    private let lane: WorkLane
    private let folders = DurableFolders()

    /// - Parameter lane: Where the blocking file calls run.
    package init(folder: ArchiveFolder, lane: WorkLane) {
        self.folder = folder
        self.lane = lane
    }

    package func write(_ record: ArchiveRecord) async throws { try await put(.output(record)) }

    package func write(_ record: TaskRecord) async throws { try await put(.task(record)) }

    package func write(_ record: ArchiveRecord, over standing: ArchiveRecord?) async throws -> ArchiveRecord? {
        try await place(.output(record)) { file, path in try Self.replace(standing, at: path, by: file) }
    }

    private func put(_ record: StoredRecord) async throws {
        _ = try await place(record) { file, path -> Never? in
            try file.rename(to: path)
            return nil
        }
    }

    /// Writes a record's bytes durably, lets `publish` give them their name, and makes that durable too.
    /// - Parameter publish: Gives back what stands at the path instead, when the record did not get it.
    private func place<Other: Sendable>(
        _ record: StoredRecord, _ publish: @escaping @Sendable (_ file: borrowing IngestFile, _ path: String) throws -> Other?
    ) async throws -> Other? {
        try await lane.run { [folder, folders] in
            let bytes = try RecordFile.bytes(of: record)
            let directory = try folders.make(Self.parts(of: record.day), under: folder.recordsPath)
            var file = try IngestFile(in: folder.ingestPath)
            let other: Other?
            do {
                try file.append(bytes)
                try file.settle()
                other = try publish(file, directory + "/" + Self.name(record))
            } catch {
                file.remove()
                throw error
            }
            try POSIXFile.synchroniseDirectory(directory)
            return other
        }
    }

    private static func replace(
        _ standing: ArchiveRecord?, at path: String, by file: borrowing IngestFile
    ) throws -> ArchiveRecord? {
        guard let standing else {
            if try !file.link(to: path) {
                if let other = outputRecord(path) {
                    file.remove()
                    return other
                }
                try file.rename(to: path)
            }
            file.remove()
            return nil
        }
        // Only what was taken away tells for certain what stood there.
        switch try file.exchange(with: path) {
        case .done: break
        case .nothingThere: return try replace(nil, at: path, by: file)
        case .unsupported:
            if let other = outputRecord(path), other != standing {
                file.remove()
                return other
            }
            try file.rename(to: path)
            return nil
        }
        if let other = outputRecord(file.path), other != standing {
            _ = try file.exchange(with: path)
            file.remove()
            return other
        }
        file.remove()
        return nil
    }

    /// `nil` for a file that is missing or no output's record.
    private static func outputRecord(_ path: String) -> ArchiveRecord? {
        guard let bytes = try? bytes(path), case .output(let record) = try? decode(bytes, path) else { return nil }
        return record
    }

    package func record(of id: OutputID, day: Date) async throws -> ArchiveRecord? {
        try await lane.run { [folder] in
            let path = ([folder.recordsPath] + Self.parts(of: day) + [Self.name(id)]).joined(separator: "/")
            guard try POSIXFile.status(path) != nil else { return nil }
            guard case .output(let record) = try Self.decode(try Self.bytes(path), path) else { return nil }
            return record
        }
    }

    package func records() -> AsyncThrowingStream<RecordListing, any Error> {
        // Files are read as they are asked for, some at once: the store may hold more records than fit into memory.
        let state = Reading()
        return AsyncThrowingStream { [folder, lane] in
            while true {
                if let listing = state.next() { return listing }
                let known = state.days
                let days = try await { () async throws -> ArraySlice<String> in
                    if let known { return known }
                    return try await lane.run { try Self.days(under: folder.recordsPath) }[...]
                }()
                state.days = days
                if state.paths.isEmpty {
                    guard let day = state.days?.popFirst() else { return nil }
                    state.paths = try await lane.run { try Self.contents(of: day) }[...]
                }
                let some = Array(state.paths.prefix(Self.readAhead))
                state.paths = state.paths.dropFirst(some.count)
                state.listings = try await lane.run { try some.compactMap { try Self.listing($0, root: folder.path) } }[...]
            }
        }
    }

    /// Files read in one go.
    private static let readAhead = 256

    /// Where a stream of records stands. Used by one reader at a time, as a stream is.
    private final class Reading: @unchecked Sendable {
        var days: ArraySlice<String>?
        var paths: ArraySlice<String> = []
        var listings: ArraySlice<RecordListing> = []

        func next() -> RecordListing? { listings.popFirst() }
    }

    /// The folders of the days, and whatever else lies where years, months and days belong.
    private static func days(under root: String) throws -> [String] {
        try (1...3).reduce([root]) { level, _ in try level.flatMap(contents) }
    }

    /// What a folder holds; a file is all that there is of it.
    private static func contents(of path: String) throws -> [String] {
        try POSIXFile.isFolder(path) ? POSIXFile.names(in: path).map { "\(path)/\($0)" } : [path]
    }

    /// `nil` for a file that has gone meanwhile.
    private static func listing(_ path: String, root: String) throws -> RecordListing? {
        let shown = String(path.dropFirst(root.count + 1))
        do {
            let bytes = try bytes(path)
            let record = Result { () throws(BlobStoreError) in try decode(bytes, path) }
            return RecordListing(path: shown, record: record, bytes: bytes)
        } catch let error as BlobStoreError where error.code == .notFound {
            return nil
        } catch let error as BlobStoreError {
            return RecordListing(path: shown, record: .failure(error))
        }
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        guard try !POSIXFile.isFolder(path) else {
            throw BlobStoreError(.unreadableRecord, "read", path: path, detail: "it is a folder")
        }
        let file = try POSIXFile.openForReading(path)
        return try file.read(upTo: max(1, file.size))
    }

    private static func decode(_ bytes: [UInt8], _ path: String) throws(BlobStoreError) -> StoredRecord {
        do {
            return try RecordFile.read(bytes)
        } catch {
            throw BlobStoreError(.unreadableRecord, "read", path: path, detail: error.description)
        }
    }

    private static func name(_ record: StoredRecord) -> String {
        switch record {
        case .output(let record): name(record.id)
        case .task(let record): name(record.task)
        }
    }

    private static func name(_ id: OutputID) -> String { "\(id.task.fileStem)-\(id.index).json" }
    private static func name(_ task: TaskID) -> String { "\(task.fileStem).task.json" }

    /// Year, month and day of a date in UTC.
    private static func parts(of day: Date) -> [String] {
        day.formatted(Date.ISO8601FormatStyle().year().month().day()).split(separator: "-").map(String.init)
    }
}

extension DirectoryRecordStore: RecordUpkeep {
    package func path(of record: StoredRecord) -> String {
        Self.path(Self.name(record), record.day)
    }

    package func path(of id: OutputID, day: Date) -> String { Self.path(Self.name(id), day) }

    package func path(of task: TaskID, day: Date) -> String { Self.path(Self.name(task), day) }

    private static func path(_ name: String, _ day: Date) -> String {
        (["records"] + parts(of: day) + [name]).joined(separator: "/")
    }

    package func listing(at path: String) async throws -> RecordListing? {
        try await lane.run { [folder] in try Self.listing("\(folder.path)/\(path)", root: folder.path) }
    }

    package func keep(_ path: String, note: QuarantineNote) async throws -> String {
        try await lane.run { [folder] in try Quarantine(folder: folder).keep("\(folder.path)/\(path)", note: note) }
    }

    package func quarantine(_ path: String, note: QuarantineNote) async throws -> String {
        try await lane.run { [folder] in try Quarantine(folder: folder).take("\(folder.path)/\(path)", note: note) }
    }
}
