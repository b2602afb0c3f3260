package import ArchiveModel
package import BlockingThreads
package import Foundation

/// Records as files `records/2026/11/22/<task>-<n>.json` and `<task>.task.json` in an archive's folder.
package struct DirectoryRecordStore: RecordStore {
    private let folder: ArchiveFolder
    private let threads: BlockingThreadPool
    private let folders: DurableFolders

    /// - Parameter threads: The threads that run the blocking file calls.
    package init(folder: ArchiveFolder, threads: BlockingThreadPool) {
        self.folder = folder
        self.threads = threads
        folders = DurableFolders(folder.permissions)
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

    /// Writes a record's bytes durably, calls `publish` to give them their final name, and makes the name durable.
    /// - Parameter publish: Returns the record found at the path if the new record did not replace it.
    private func place<Other: Sendable>(
        _ record: StoredRecord, _ publish: @escaping @Sendable (_ file: borrowing IngestFile, _ path: StorePath) throws -> Other?
    ) async throws -> Other? {
        try await threads.run { [folder, folders] in
            let bytes = try RecordFile.bytes(of: record)
            let directory = try folders.make(Self.parts(of: record.day), under: folder.recordsPath)
            var file = try IngestFile(in: folder.ingestPath)
            let other: Other?
            do {
                try file.append(bytes)
                try file.settle(folder.permissions.file)
                other = try publish(file, directory / Self.name(record))
            } catch {
                file.remove()
                throw error
            }
            try POSIXFile.synchroniseDirectory(directory)
            return other
        }
    }

    private static func replace(
        _ standing: ArchiveRecord?, at path: StorePath, by file: borrowing IngestFile
    ) throws -> ArchiveRecord? {
        guard let standing else {
            if try !file.publish(as: path) {
                if let other = outputRecord(path) {
                    file.remove()
                    return other
                }
                try file.rename(to: path)
            }
            file.remove()
            return nil
        }
        // After an atomic swap, the swapped-out file is certain to be the record that was at the path.
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

    /// `nil` for a file that is missing or is not an output's record.
    private static func outputRecord(_ path: StorePath) -> ArchiveRecord? {
        guard let bytes = try? bytes(path), case .output(let record) = try? decode(bytes, path) else { return nil }
        return record
    }

    package func record(of id: OutputID, day: Date) async throws -> ArchiveRecord? {
        try await threads.run { [folder] in
            let path = folder.place(Self.path(Self.name(id), day))
            guard try POSIXFile.status(path) != nil else { return nil }
            do {
                guard case .output(let record) = try Self.decode(try Self.bytes(path), path) else { return nil }
                return record
            } catch let error as BlobStoreError where error.code == .notAFile {
                throw BlobStoreError(.unreadableRecord, "read", path: "\(path)", detail: error.detail)
            }
        }
    }

    package func records() -> AsyncThrowingStream<RecordListing, any Error> {
        RecordWalk(folder, threads).stream { $0.kind == .record }
    }

    /// The maximum size of a record in bytes. Answers of the upstream are bounded, so no record is larger.
    private static let largest = 64 << 20

    /// `nil` for a file that has disappeared meanwhile.
    static func listing(_ path: StorePath) throws -> RecordListing? {
        do {
            let bytes = try bytes(path)
            let record = Result { () throws(BlobStoreError) in try decode(bytes, path) }
            return RecordListing(path: path.inside, record: record, bytes: bytes)
        } catch let error as BlobStoreError where error.code == .notFound {
            return nil
        } catch let error as BlobStoreError {
            return RecordListing(path: path.inside, record: .failure(error))
        }
    }

    private static func bytes(_ path: StorePath) throws -> [UInt8] {
        let file = try POSIXFile.openForReading(path)
        let size = try file.size
        guard size <= largest else {
            throw BlobStoreError(.unreadableRecord, "read", path: "\(path)", detail: "\(size) bytes are too many for a record")
        }
        return try file.read(upTo: max(1, size))
    }

    private static func decode(_ bytes: [UInt8], _ path: StorePath) throws(BlobStoreError) -> StoredRecord {
        do {
            return try RecordFile.read(bytes)
        } catch {
            throw BlobStoreError(.unreadableRecord, "read", path: "\(path)", detail: error.description)
        }
    }

    static func name(_ record: StoredRecord) -> String {
        switch record {
        case .output(let record): name(record.id)
        case .task(let record): name(record.task)
        }
    }

    private static func name(_ id: OutputID) -> String { "\(id.name).json" }
    private static func name(_ task: TaskID) -> String { task.recordName }

    /// Year, month and day of a date in UTC.
    private static func parts(of day: Date) -> [String] {
        day.formatted(Date.ISO8601FormatStyle().year().month().day()).split(separator: "-").map(String.init)
    }
}

extension DirectoryRecordStore: RecordUpkeep {
    package func listings() -> AsyncThrowingStream<RecordListing, any Error> { RecordWalk(folder, threads).stream { _ in true } }

    package func path(of record: StoredRecord) -> String {
        Self.path(Self.name(record), record.day)
    }

    package func path(of id: OutputID, day: Date) -> String { Self.path(Self.name(id), day) }

    package func path(of task: TaskID, day: Date) -> String { Self.path(Self.name(task), day) }

    static func path(_ name: String, _ day: Date) -> String {
        (["records"] + parts(of: day) + [name]).joined(separator: "/")
    }

    package func listing(at path: String) async throws -> RecordListing? {
        try await threads.run { [folder] in
            let place = folder.place(path)
            if RecordWalk.isFolderPath(place) { return try RecordWalk.obstacle(place) }
            return try Self.listing(place)
        }
    }

    package func keep(_ path: String, note: QuarantineNote) async throws -> String {
        try await threads.run { [folder] in try Quarantine(folder: folder).keep(folder.place(path), note: note) }
    }

    package func quarantine(_ path: String, note: QuarantineNote) async throws -> String {
        try await threads.run { [folder] in try Quarantine(folder: folder).take(folder.place(path), note: note) }
    }
}
