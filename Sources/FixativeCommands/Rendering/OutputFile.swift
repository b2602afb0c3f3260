import Foundation
import Glibc

/// The destination of data: stdout, or a file that is renamed to its final name when complete.
///
/// Pipes, devices and other special files are written to directly. Symbolic links are followed.
final class OutputFile {
    private struct Target {
        var handle: FileHandle
        var path: String
        /// The temporary file that will be renamed to `path`; `nil` if `path` is written to directly.
        var part: String?
    }

    private let target: Target?
    private var isDone = false

    static var stdout: OutputFile { OutputFile() }

    private init() { target = nil }

    /// - Parameter path: The file; `nil` or `-` for stdout.
    /// - Throws: ``SettingsError`` if the file can't be written.
    init(file path: String?) throws {
        guard let path, path != "-" else {
            target = nil
            return
        }
        let refusal = SettingsError("\(path) can't be written. Check that its folder exists and is writable.")
        let real = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
        var facts = stat()
        let isThere = unsafe stat(real, &facts) == 0
        if isThere, facts.st_mode & S_IFMT == S_IFDIR { throw SettingsError("\(path) is a folder; give the path of a file") }
        if isThere, facts.st_mode & S_IFMT != S_IFREG {
            guard let handle = FileHandle(forWritingAtPath: real) else { throw refusal }
            target = Target(handle: handle, path: path)
            return
        }
        let part = "\(real).\(UUID().uuidString.prefix(8)).part"
        let descriptor = unsafe open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw refusal }
        target = Target(handle: FileHandle(fileDescriptor: descriptor, closeOnDealloc: true), path: real, part: part)
    }

    func write(_ text: String) { write(Data(text.utf8)) }

    func write(_ data: Data) {
        guard let target else { return Terminal.write(data) }
        do { try target.handle.write(contentsOf: data) } catch {
            // As for stdout: incomplete output must not look complete.
            Terminal.complain("fixative: \(target.path) can't be written: \(error.localizedDescription)")
            if let part = target.part { try? FileManager.default.removeItem(atPath: part) }
            Foundation.exit(2)
        }
    }

    /// Ends the command if stdout was closed by its reader.
    func requireReader() throws { if target == nil { try Terminal.requireReader() } }

    /// Flushes the file to disk and renames it to its final name. Without this call, the file is not created.
    func finish() throws {
        guard let target, !isDone else { return }
        isDone = true
        guard let part = target.part else { return try target.handle.close() }
        try target.handle.synchronize()
        try target.handle.close()
        guard unsafe rename(part, target.path) == 0 else {
            try? FileManager.default.removeItem(atPath: part)
            throw SettingsError("\(target.path) can't be replaced")
        }
    }

    deinit {
        guard let target, !isDone else { return }
        try? target.handle.close()
        if let part = target.part { try? FileManager.default.removeItem(atPath: part) }
    }
}
