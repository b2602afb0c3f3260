import Foundation
import Glibc

/// A new folder or ZIP file, written under a temporary name and renamed when it is complete. An object that is destroyed before
/// ``finish()`` deletes what it wrote.
final class PackageWriter {
    private let path: String
    private let part: String
    /// `nil` for a folder.
    private let file: FileHandle?
    private var zip: StoredZip?
    private var folders: Set<String> = []
    private var isOpen = true
    private(set) var files = 0

    /// The timestamp of all entries, so that the same contents give the same bytes: the oldest one that the format has.
    private static let stamp = Date(timeIntervalSince1970: 315_532_800)

    static func isZip(_ path: String) -> Bool { path.lowercased().hasSuffix(".zip") }

    /// - Parameter path: A new file that ends in `.zip`, or a folder that is missing or empty.
    /// - Throws: ``SettingsError``
    init(_ path: String) throws {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        part = "\(self.path).\(UUID().uuidString.prefix(8)).part"
        try Self.requireFree(self.path)
        let refusal = SettingsError("\(self.path) can't be written. Check that its folder exists and is writable.")
        guard Self.isZip(self.path) else {
            file = nil
            guard unsafe mkdir(part, 0o777) == 0 else {
                isOpen = false
                throw refusal
            }
            return
        }
        let descriptor = unsafe open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw refusal }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        self.file = file
        zip = StoredZip(file, date: Self.stamp)
    }

    deinit { if isOpen { try? FileManager.default.removeItem(atPath: part) } }

    private static func requireFree(_ path: String) throws {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        guard isFolder.boolValue, !isZip(path) else { throw SettingsError("\(path) already exists; choose another name") }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [""]
        guard names.isEmpty else { throw SettingsError("\(path) is not empty; choose another folder") }
    }

    /// - Parameter name: The path inside the package.
    func add(_ name: String, _ bytes: [UInt8]) throws {
        files += 1
        do {
            guard zip == nil else { return try zip?.add(name, bytes) ?? () }
            if let slash = name.lastIndex(of: "/"), folders.insert(String(name[..<slash])).inserted {
                try FileManager.default.createDirectory(atPath: "\(part)/\(name[..<slash])", withIntermediateDirectories: true)
            }
            try Data(bytes).write(to: URL(filePath: "\(part)/\(name)", directoryHint: .notDirectory))
        } catch let error as SettingsError { throw error } catch { throw failure(error) }
    }

    /// Gives the package its name. Returns when it is durable.
    func finish() throws {
        do {
            try zip?.finish()
            try file?.synchronize()
            try file?.close()
            // A single `sync` for all files of a folder, since one for each takes minutes.
            if zip == nil { sync() }
        } catch { throw failure(error) }
        try Self.requireFree(path)
        guard unsafe rename(part, path) == 0 else { throw failure(POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)) }
        isOpen = false
    }

    private func failure(_ error: any Error) -> SettingsError {
        SettingsError("\(path) can't be written: \(error.localizedDescription)")
    }
}
