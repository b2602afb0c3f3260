import Glibc

/// The process's limit of open files and connections.
enum OpenFiles {
    /// Files needed besides the server's connections: catalog, files in progress, downloads.
    static let others = 1024

    /// Raises the soft limit up to the hard limit. Systems set the soft limit to 1024 for compatibility with old programs. With
    /// too few files, not only the server but the whole archive would fail.
    ///
    /// - Returns: The limit now in effect, at most `count`.
    static func allow(_ count: Int) -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(count) else {
            return count
        }
        limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(limit.rlim_cur)
    }
}
