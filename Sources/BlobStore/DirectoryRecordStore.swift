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

    package func write(_ record: ArchiveRecord) async throws {
        try await write(record, name: Self.name(record.id), day: record.createdAt ?? record.discoveredAt)
    }

    package func write(_ record: TaskRecord) async throws {
        try await write(record, name: Self.name(record.task), day: record.createdAt ?? record.discoveredAt)
    }

    private func write(_ record: some Encodable & Sendable, name: String, day: Date) async throws {
        try await lane.run { [folder, folders] in
            let bytes = Array(try JSONEncoder.archive(pretty: true).encode(record)) + [0x0A]
            let directory = try folders.make(Self.parts(of: day), under: folder.recordsPath)
            var file = try IngestFile(in: folder.ingestPath)
            do {
                try file.append(bytes)
                try file.settle()
                try file.rename(to: directory + "/" + name)
            } catch {
                file.remove()
                throw error
            }
            try POSIXFile.synchroniseDirectory(directory)
        }
    }

    package func record(of id: OutputID, day: Date) async throws -> ArchiveRecord? {
        try await lane.run { [folder] in
            let path = ([folder.recordsPath] + Self.parts(of: day) + [Self.name(id)]).joined(separator: "/")
            guard try POSIXFile.status(path) != nil else { return nil }
            guard case .output(let record) = try Self.read(path) else { return nil }
            return record
        }
    }

    package func records() -> AsyncThrowingStream<RecordListing, any Error> {
        AsyncThrowingStream { continuation in
            let reading = Task { [folder, lane] in
                do {
                    for day in try await lane.run({ try Self.days(under: folder.recordsPath) }) {
                        let listings = try await lane.run { try Self.listings(in: day, root: folder.path) }
                        for listing in listings { continuation.yield(listing) }
                        try Task.checkCancellation()
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in reading.cancel() }
        }
    }

    /// The folders of the days, and whatever else lies where years, months and days belong.
    private static func days(under root: String) throws -> [String] {
        try (1...3).reduce([root]) { level, _ in try level.flatMap(contents) }
    }

    /// What a folder holds; a file is all that there is of it.
    private static func contents(of path: String) throws -> [String] {
        try POSIXFile.isFolder(path) ? POSIXFile.names(in: path).map { "\(path)/\($0)" } : [path]
    }

    private static func listings(in day: String, root: String) throws -> [RecordListing] {
        try contents(of: day).map { path in
            let shown = String(path.dropFirst(root.count + 1))
            do {
                return RecordListing(path: shown, record: .success(try read(path)))
            } catch let error as BlobStoreError {
                return RecordListing(path: shown, record: .failure(error))
            }
        }
    }

    private static func read(_ path: String) throws -> StoredRecord {
        guard try !POSIXFile.isFolder(path) else {
            throw BlobStoreError(.unreadableRecord, "read", path: path, detail: "it is a folder")
        }
        let file = try POSIXFile.openForReading(path)
        let data = Data(try file.read(upTo: max(1, file.size)))
        struct Kind: Decodable { var format: String }
        do {
            let decoder = JSONDecoder.archive
            switch try decoder.decode(Kind.self, from: data).format {
            case ArchiveRecord.currentFormat: return .output(try decoder.decode(ArchiveRecord.self, from: data))
            case TaskRecord.currentFormat: return .task(try decoder.decode(TaskRecord.self, from: data))
            case let other:
                throw BlobStoreError(.unreadableRecord, "read", path: path, detail: "its format '\(other)' is not known")
            }
        } catch let error as DecodingError {
            throw BlobStoreError(.unreadableRecord, "read", path: path, detail: String(describing: error))
        }
    }

    private static func name(_ id: OutputID) -> String { "\(id.task.fileStem)-\(id.index).json" }
    private static func name(_ task: TaskID) -> String { "\(task.fileStem).task.json" }

    /// Year, month and day of a date in UTC.
    private static func parts(of day: Date) -> [String] {
        day.formatted(Date.ISO8601FormatStyle().year().month().day()).split(separator: "-").map(String.init)
    }
}
