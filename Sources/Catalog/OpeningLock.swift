import Glibc

/// Lets one process at a time open the catalogs of a folder.
///
/// Opening a new catalog, or one of an older program, changes its journal mode and its schema, in several steps. Each step fails
/// when another process has just made it.
package enum OpeningLock {
    /// Runs `body` while no other process opens a catalog in the same folder. Waits for a process that does.
    ///
    /// The lock is on the folder. Closing a descriptor of the database file would end the locks that SQLite holds on it. On a file
    /// system without such locks, `body` runs without one.
    /// - Parameter path: The path of the database file.
    package static func hold<Value>(_ path: String, _ body: () throws -> Value) rethrows -> Value {
        let descriptor = unsafe open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // SQLite reports a folder that can't be opened.
        guard descriptor >= 0 else { return try body() }
        // Closing the descriptor ends the lock.
        defer { _ = close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
        return try body()
    }

    package static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
