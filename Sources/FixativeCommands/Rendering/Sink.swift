import Foundation

/// Where data goes: stdout, or a file that takes its name when all is written.
final class Sink {
    private let file: (handle: FileHandle, path: String, part: String)?
    private var isDone = false

    static var stdout: Sink { Sink() }

    private init() { file = nil }

    /// - Parameter file: The file's path; `nil` for stdout.
    /// - Throws: ``SettingsError`` when the file can't be made.
    init(file path: String?) throws {
        guard let path, path != "-" else {
            file = nil
            return
        }
        let part = path + ".part"
        guard FileManager.default.createFile(atPath: part, contents: nil), let handle = FileHandle(forWritingAtPath: part) else {
            throw SettingsError("\(path) can't be written. Is there such a folder, and may you write to it?")
        }
        file = (handle, path, part)
    }

    func write(_ text: String) { write(Data(text.utf8)) }

    func write(_ data: Data) {
        guard let file else { return Terminal.write(data) }
        do { try file.handle.write(contentsOf: data) } catch {
            // As with stdout: data that was not written must not pass for written.
            Terminal.complain("fixative: \(file.path) can't be written: \(error.localizedDescription)")
            try? FileManager.default.removeItem(atPath: file.part)
            Foundation.exit(2)
        }
    }

    /// Stops when nobody reads any more.
    func requireReader() throws { if file == nil { try Terminal.requireReader() } }

    /// All is written: the file takes its name. Without this it is as if nothing had been written.
    func finish() throws {
        guard let file, !isDone else { return }
        isDone = true
        try file.handle.close()
        guard unsafe rename(file.part, file.path) == 0 else {
            try? FileManager.default.removeItem(atPath: file.part)
            throw SettingsError("\(file.path) can't be replaced. Is it a folder?")
        }
    }

    deinit {
        guard let file, !isDone else { return }
        try? file.handle.close()
        try? FileManager.default.removeItem(atPath: file.part)
    }
}
