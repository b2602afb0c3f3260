import Foundation
import Glibc

extension BlobStoreError {
    static let noSpace = ENOSPC
    static let quota = EDQUOT
    static let readOnly = EROFS

    /// The error that the last system call left behind.
    static func last(_ operation: String, _ path: String) -> BlobStoreError {
        let number = errno
        return BlobStoreError(.system(number), operation, path: path, detail: unsafe String(cString: strerror(number)))
    }
}

/// The few calls of the operating system that publishing a file durably takes; each throws ``BlobStoreError``.
enum POSIXFile {
    /// An open file, closed when it goes.
    struct Handle: ~Copyable {
        let descriptor: Int32
        let path: String

        init(descriptor: Int32, path: String) {
            self.descriptor = descriptor
            self.path = path
        }

        deinit { _ = Glibc.close(descriptor) }

        /// Writes all of `bytes` at the end of the file.
        func write(_ bytes: [UInt8]) throws {
            var written = 0
            while written < bytes.count {
                let count = unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.write(descriptor, $0.baseAddress.map { unsafe $0 + written }, $0.count - written)
                }
                if count < 0 {
                    if errno == EINTR { continue }
                    throw BlobStoreError.last("write", path)
                }
                written += count
            }
        }

        /// Reads up to `capacity` bytes; none at the end of the file.
        func read(upTo capacity: Int) throws -> [UInt8] {
            while true {
                var failed = false
                let chunk = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                    let got = unsafe Glibc.read(descriptor, buffer.baseAddress, capacity)
                    failed = got < 0
                    count = max(0, got)
                }
                if !failed { return chunk }
                if errno != EINTR { throw BlobStoreError.last("read", path) }
            }
        }

        /// Makes the contents durable. The first failure is final: a second fsync may succeed although the data is gone.
        func synchronise() throws {
            guard fsync(descriptor) == 0 else { throw BlobStoreError.last("fsync", path) }
        }

        func setMode(_ mode: mode_t) throws {
            guard fchmod(descriptor, mode) == 0 else { throw BlobStoreError.last("set the mode of", path) }
        }

        /// Takes the lock that says "somebody is writing this"; `false` when another open file holds it.
        /// - Throws: ``BlobStoreError`` when there is no taking locks, as on some network filesystems.
        func tryLock() throws -> Bool {
            while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                if errno == EWOULDBLOCK { return false }
                if errno != EINTR { throw BlobStoreError.last("lock", path) }
            }
            return true
        }

        /// In bytes.
        var size: Int {
            get throws { try Int(status.st_size) }
        }

        /// How many names the file has.
        var links: Int {
            get throws { try Int(status.st_nlink) }
        }

        private var status: stat {
            get throws {
                var status = stat()
                guard unsafe fstat(descriptor, &status) == 0 else { throw BlobStoreError.last("stat", path) }
                return status
            }
        }
    }

    static func create(_ path: String) throws -> Handle {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw BlobStoreError.last("create", path) }
        return Handle(descriptor: descriptor, path: path)
    }

    /// Creates a file of a new name that other processes see as being written.
    static func createLocked(in folder: String, prefix: String = "") throws -> Handle {
        while true {
            let file = try create(folder + "/" + prefix + UUID().uuidString.lowercased())
            // A process that sweeps the folder may come between creating and locking.
            if try file.tryLock(), try file.links > 0 { return file }
        }
    }

    static func openForReading(_ path: String) throws -> Handle {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw BlobStoreError(.notFound, "open", path: path, detail: "no such file") }
            throw BlobStoreError.last("open", path)
        }
        return Handle(descriptor: descriptor, path: path)
    }

    /// Makes the names in a folder durable.
    static func synchroniseDirectory(_ path: String) throws {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw BlobStoreError.last("open", path) }
        try Handle(descriptor: descriptor, path: path).synchronise()
    }

    /// Gives a file a second name.
    /// - Returns: `false` when something of that name is already there.
    static func link(_ path: String, to newPath: String) throws -> Bool {
        if unsafe Glibc.link(path, newPath) == 0 { return true }
        guard errno == EEXIST else { throw BlobStoreError.last("publish", newPath) }
        return false
    }

    /// Moves a file, over one of the new name if there is one.
    static func rename(_ path: String, to newPath: String) throws {
        guard unsafe Glibc.rename(path, newPath) == 0 else { throw BlobStoreError.last("publish", newPath) }
    }

    static func remove(_ path: String) throws {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw BlobStoreError.last("remove", path) }
    }

    /// - Returns: `false` when the folder was there already.
    static func makeDirectory(_ path: String) throws -> Bool {
        if unsafe mkdir(path, 0o755) == 0 { return true }
        guard errno == EEXIST else { throw BlobStoreError.last("create the folder", path) }
        return false
    }

    /// Size in bytes and permission bits; `nil` when there is no such file. A symbolic link stands for itself.
    static func status(_ path: String) throws -> (bytes: Int, mode: UInt32, isFolder: Bool)? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw BlobStoreError.last("stat", path)
        }
        return (Int(status.st_size), status.st_mode & 0o7777, status.st_mode & S_IFMT == S_IFDIR)
    }

    static func isFolder(_ path: String) throws -> Bool { try status(path)?.isFolder ?? false }

    /// The names in a folder, sorted; empty for a folder that is not there.
    static func names(in path: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile {
            return []
        } catch {
            throw BlobStoreError(.system(EIO), "list", path: path, detail: "\(error.localizedDescription)")
        }
    }
}
