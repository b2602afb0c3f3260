package import ArchiveModel
import BlockingThreads
package import Catalog
import Foundation
import Glibc

/// A watched folder for manifests: `*.jsonl` and `*.ndjson`, one task per line, in the format of ``Manifest``.
///
/// A file is processed when its size and modification time did not change between two scans. Slow writers should use another
/// name, such as `….part`, and rename the file at the end. After its tasks are registered, a file moves to `done/` in the folder.
/// A file with problems gets `<name>.problems.txt` next to it. A file with problems and no task moves to `failed/` instead. If a
/// process dies in between, the same tasks are registered again without effect. Hidden files, links and folders are ignored.
package struct ManifestFolder: Sendable {
    /// Time between two scans.
    package static let pause = Duration.seconds(2)
    /// Maximum size of a manifest in bytes.
    package static let mostBytes = 64 << 20
    /// Tasks registered per call.
    private static let batch = 1000

    private let path: String
    private let clock: any WallClock
    private let register: @Sendable ([TaskRegistration]) async throws -> Void
    private let report: @Sendable (ArchiveEvent) -> Void
    private let threads = BlockingThreadPool(name: "watch-dir", width: 1)

    /// - Parameters:
    ///   - path: The folder. It must exist, since a missing folder may be a disk that is not mounted.
    ///   - register: Registers tasks; durable when it returns.
    package init(
        path: String, clock: any WallClock, register: @escaping @Sendable ([TaskRegistration]) async throws -> Void,
        report: @escaping @Sendable (ArchiveEvent) -> Void
    ) {
        self.path = path
        self.clock = clock
        self.register = register
        self.report = report
    }

    /// Scans the folder every two seconds until the task is cancelled, then returns.
    ///
    /// - Throws: ``ManifestFolderError`` if the folder can't be read or written. The tasks of every due file are registered by
    ///   then, and a later run continues. Also errors of `register`; the file then stays where it is.
    package func run() async throws {
        var seen: [String: FileStamp] = [:]
        do {
            while !Task.isCancelled {
                seen = try await look(seen)
                try await clock.sleep(for: Self.pause)
            }
        } catch {
            guard error is CancellationError || Task.isCancelled else { throw error }
        }
    }

    // MARK: Scanning

    /// The state of a file at one scan.
    private struct FileStamp: Sendable, Equatable {
        var number: UInt64
        var bytes: UInt64
        var changed: Date
    }

    /// Processes files that did not change since the last scan.
    ///
    /// - Returns: The state of the other files.
    private func look(_ seen: [String: FileStamp]) async throws -> [String: FileStamp] {
        var stamp = try await threads.run { try list() }
        var failure: ManifestFolderError?
        for (name, file) in stamp.sorted(by: { $0.key < $1.key }) where seen[name] == file {
            try Task.checkCancellation()
            do {
                try await take(name, file)
                stamp[name] = nil
            } catch let error as ManifestFolderError {
                // A file that can't be moved must not block the tasks of other files.
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return stamp
    }

    private func list() throws(ManifestFolderError) -> [String: FileStamp] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw ManifestFolderError(path, "it can't be read: \(Self.words(error))")
        }
        var files: [String: FileStamp] = [:]
        for name in names where !name.hasPrefix(".") && [".jsonl", ".ndjson"].contains(where: name.lowercased().hasSuffix) {
            files[name] = stamp(name)
        }
        return files
    }

    /// `nil` if the file is gone or not a regular file.
    private func stamp(_ name: String) -> FileStamp? {
        guard let facts = try? FileManager.default.attributesOfItem(atPath: path + "/" + name),
            facts[.type] as? FileAttributeType == .typeRegular, let changed = facts[.modificationDate] as? Date,
            let bytes = (facts[.size] as? NSNumber)?.uint64Value,
            let number = (facts[.systemFileNumber] as? NSNumber)?.uint64Value
        else { return nil }
        return FileStamp(number: number, bytes: bytes, changed: changed)
    }

    // MARK: Processing

    private enum ParseResult: Sendable {
        case manifest(Manifest)
        case unreadable(String)
        /// The file is still being written.
        case moving
    }

    private func take(_ name: String, _ file: FileStamp) async throws {
        let now = clock.now
        switch try await threads.run({ try read(name, file, now: now) }) {
        case .moving: return
        case .unreadable(let reason):
            try await threads.run { try putAway(name, to: "failed", problems: [reason]) }
            report(
                .warning(
                    "the manifest \(Self.shown(name)) of the watched folder can't be read: \(reason); it was moved to failed/"))
        case .manifest(let manifest):
            for start in stride(from: 0, to: manifest.tasks.count, by: Self.batch) {
                try await register(
                    manifest.tasks[start..<min(start + Self.batch, manifest.tasks.count)].map { task in
                        var task = task
                        task.source = "watch-dir"
                        task.reopens = true
                        return task
                    })
            }
            let place = manifest.tasks.isEmpty && !manifest.problems.isEmpty ? "failed" : "done"
            try await threads.run { try putAway(name, to: place, problems: manifest.problems.map(\.description)) }
            let told = "the manifest \(Self.shown(name)) of the watched folder: \(manifest.tasks.count) tasks"
            if manifest.problems.isEmpty { return report(.note(told)) }
            report(.warning("\(told), \(manifest.problems.count) problems; they are listed beside it in \(place)/"))
        }
    }

    private func read(_ name: String, _ file: FileStamp, now: Date) throws(ManifestFolderError) -> ParseResult {
        guard file.bytes <= UInt64(Self.mostBytes) else {
            return .unreadable("it has \(file.bytes) bytes; the limit is \(Self.mostBytes). Split it")
        }
        let descriptor = unsafe open(path + "/" + name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            let number = errno
            if number == ENOENT || number == ELOOP { return .moving }
            guard number == EACCES || number == EPERM else {
                throw ManifestFolderError(
                    path, "\(Self.shown(name)) can't be opened: \(unsafe String(cString: strerror(number)))")
            }
            return .unreadable(unsafe String(cString: strerror(number)))
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let data: Data
        do { data = try handle.read(upToCount: Self.mostBytes + 1) ?? Data() } catch { return .unreadable(Self.words(error)) }
        guard data.count == file.bytes, stamp(name) == file else { return .moving }
        return .manifest(Manifest(Array(data), now: now))
    }

    // MARK: Moving

    /// Moves a file to a subfolder, adding a number if its name is taken. Its problems are written before the move.
    private func putAway(_ name: String, to place: String, problems: [String]) throws(ManifestFolderError) {
        guard unsafe mkdir(path + "/" + place, 0o755) == 0 || errno == EEXIST else {
            throw ManifestFolderError(
                path, "its subfolder \(place)/ can't be created: \(unsafe String(cString: strerror(errno)))")
        }
        // A user who drops manifests must not be able to redirect files by replacing the subfolder with a link.
        let folder = unsafe open(path + "/" + place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard folder >= 0 else {
            throw ManifestFolderError(
                path, "its subfolder \(place)/ can't be opened as a folder: \(unsafe String(cString: strerror(errno)))")
        }
        defer { close(folder) }
        let target = Self.freeName(name, in: folder)
        do {
            if !problems.isEmpty { try Self.write(problems.map { $0 + "\n" }.joined(), to: target + ".problems.txt", in: folder) }
            guard unsafe renameat(AT_FDCWD, path + "/" + name, folder, target) == 0 else { throw Self.lastError }
        } catch {
            throw ManifestFolderError(path, "\(Self.shown(name)) can't be moved to \(place)/: \(Self.words(error))")
        }
    }

    private static var lastError: any Error { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }

    private static func write(_ text: String, to name: String, in folder: Int32) throws {
        _ = unsafe unlinkat(folder, name, 0)
        let descriptor = unsafe openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw lastError }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    /// `name`, or `name-2.jsonl` and so on.
    private static func freeName(_ name: String, in folder: Int32) -> String {
        func isTaken(_ name: String) -> Bool {
            var facts = stat()
            return unsafe fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0
        }
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        var (candidate, number) = (name, 1)
        while isTaken(candidate) {
            number += 1
            candidate = "\(name[..<dot])-\(number)\(name[dot...])"
        }
        return candidate
    }

    /// The operating system's message, if an error contains one.
    private static func words(_ error: any Error) -> String {
        if let error = error as? POSIXError { return unsafe String(cString: strerror(Int32(error.code.rawValue))) }
        let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
        guard let cause, cause.domain == NSPOSIXErrorDomain else { return error.localizedDescription }
        return unsafe String(cString: strerror(Int32(cause.code)))
    }

    /// The name with control characters replaced, so that a terminal does not interpret them.
    private static func shown(_ name: String) -> String {
        String(String.UnicodeScalarView(name.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}

/// The watched folder can't be used.
package struct ManifestFolderError: Error, Sendable, CustomStringConvertible {
    package var path: String
    package var detail: String

    init(_ path: String, _ detail: String) {
        self.path = path
        self.detail = detail
    }

    package var description: String {
        "the watched folder \(path): \(detail). Make sure that it exists and is writable; its manifests are read afterwards"
    }
}
