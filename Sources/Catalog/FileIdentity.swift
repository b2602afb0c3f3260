import GRDB
import Glibc

/// Which file a path names: a path whose file was replaced names another one.
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
    /// Why the files that are open are no longer those of the catalog: SQLite goes on with files that were unlinked or replaced, and
    /// what is written to them is lost without an error. `nil` when all is well.
    ///
    /// Where only the log was removed, what it holds is written into the catalog's file at each call.
    package func fileProblem() -> String? {
        guard let now = FileIdentity(of: path) else { return "\(path) was removed while this process has it open" }
        guard now == identity else { return "\(path) was replaced while this process has it open" }
        for (suffix, known) in logs {
            let now = FileIdentity(of: path + suffix)
            guard now != known else { continue }
            // With another log in its place, another process may be writing.
            if now == nil { try? database.writeWithoutTransaction { _ = try $0.checkpoint(.passive) } }
            return "\(path + suffix) was \(now == nil ? "removed" : "replaced") while this process has it open; restart it"
        }
        return nil
    }
}
