import GRDB
import Glibc

/// Identifies the file behind a path by device and inode. It changes when the file is replaced.
struct FileIdentity: Sendable, Equatable {
    private let device: dev_t
    private let inode: ino_t

    /// - Returns: `nil` when there is no such file.
    init?(of path: String) {
        var found = stat()
        guard unsafe lstat(path, &found) == 0 else { return nil }
        device = found.st_dev
        inode = found.st_ino
    }
}

extension SQLiteCatalog {
    /// Explains why the open files are no longer the catalog's files; `nil` when they are. SQLite keeps using unlinked or
    /// replaced files, and writes to them are lost without an error.
    ///
    /// If only the write-ahead log was removed, each call writes its contents into the database file.
    package func fileProblem() -> String? {
        guard let now = FileIdentity(of: path) else { return "\(path) was removed while this process has it open" }
        guard now == identity else { return "\(path) was replaced while this process has it open" }
        for (suffix, known) in logs {
            let now = FileIdentity(of: path + suffix)
            guard now != known else { continue }
            // If the log was replaced, another process may be writing; don't checkpoint then.
            if now == nil { try? database.writeWithoutTransaction { _ = try $0.checkpoint(.passive) } }
            return
                "\(path + suffix) was \(now == nil ? "removed" : "replaced") while this process has it open; restart this process"
        }
        return nil
    }
}
