import Glibc

/// How many files and connections the process may have open.
enum OpenFiles {
    /// What it has open beside the server's connections: the catalog, files in work, downloads.
    static let others = 1024

    /// Raises the soft limit, which systems set to 1024 for the sake of old programs, as far as the hard one lets it. With too few
    /// it would not be the server alone that fails, but the archive.
    ///
    /// - Returns: How many there may be now.
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
