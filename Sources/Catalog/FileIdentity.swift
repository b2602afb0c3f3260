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
    package func fileProblem() -> String? {
        guard let now = FileIdentity(of: path) else { return "\(path) was removed while this process has it open" }
        return now == identity ? nil : "\(path) was replaced while this process has it open"
    }
}
