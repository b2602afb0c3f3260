import Foundation
import Glibc

extension BlobStoreError {
    static let noSpace = ENOSPC
    static let quota = EDQUOT
    static let readOnly = EROFS
    static let unreadableSector = Code.system(EIO)

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

        /// Says "somebody is writing this", until the file is closed; `false` when somebody else says so, or is just looking.
        ///
        /// A lock of another kind than ``lock()``: a blob is the file that was written, under its second name, and nobody who wants to
        /// use it should wait for its writer, who may have been stopped.
        /// - Throws: ``BlobStoreError`` when there is no taking locks, as on some network filesystems.
        func claim() throws -> Bool { try rangeLock(F_WRLCK) }

        /// Whether nobody is writing this; then nobody can begin to, until the file is closed or ``disclaim()`` called.
        func isUnclaimed() throws -> Bool { try rangeLock(F_RDLCK) }

        func disclaim() throws { _ = try rangeLock(F_UNLCK) }

        private func rangeLock(_ type: Int32) throws -> Bool {
            var range = flock(l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
            while unsafe fcntl(descriptor, POSIXFile.setOpenFileLock, &range) != 0 {
                if errno == EAGAIN || errno == EACCES { return false }
                if errno != EINTR { throw BlobStoreError.last("lock", path) }
            }
            return true
        }

        /// Takes the lock that says "this file may go": whoever puts a file to use again, and whoever takes one away, holds it meanwhile.
        /// - Throws: ``BlobStoreError`` with code `inUse` when somebody holds it for half a minute: those who do take milliseconds.
        func lock() throws {
            for _ in 0..<POSIXFile.lockTries {
                if try POSIXFile.tryLock(descriptor, path) { return }
                usleep(POSIXFile.lockPause)
            }
            let detail = "another process, which may have been stopped, has kept it locked for half a minute"
            throw BlobStoreError(.inUse, "lock", path: path, detail: detail)
        }

        /// Whether this file is the one that `path` names now.
        var isStillThere: Bool {
            get throws {
                var named = stat()
                guard unsafe lstat(path, &named) == 0 else {
                    if errno == ENOENT { return false }
                    throw BlobStoreError.last("stat", path)
                }
                let own = try status
                return own.st_ino == named.st_ino && own.st_dev == named.st_dev
            }
        }

        /// Marks the file as used now, durably.
        /// - Returns: `false` when the file belongs to somebody else.
        func touch() throws -> Bool {
            guard futimens(descriptor, nil) == 0 else {
                if errno == EPERM || errno == EACCES { return false }
                throw BlobStoreError.last("touch", path)
            }
            try synchronise()
            return true
        }

        /// When the contents were written, or the file was last put to use again.
        var modified: Date {
            get throws {
                let time = try status.st_mtim
                return Date(timeIntervalSince1970: Double(time.tv_sec) + Double(time.tv_nsec) / 1e9)
            }
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

    /// `F_OFD_SETLK`, a lock of the open file and not of the process, on some bytes of it; in Linux since 3.15.
    private static let setOpenFileLock: Int32 = 37
    private static let lockPause: UInt32 = 10_000
    private static let lockTries = 3000

    static func tryLock(_ descriptor: Int32, _ path: String) throws -> Bool {
        try lock(descriptor, path, LOCK_EX | LOCK_NB)
    }

    /// Takes the lock that many may share, waiting while somebody holds the file for himself alone.
    static func share(_ descriptor: Int32, _ path: String) throws { _ = try lock(descriptor, path, LOCK_SH) }

    fileprivate static func lock(_ descriptor: Int32, _ path: String, _ operation: Int32) throws -> Bool {
        while flock(descriptor, operation) != 0 {
            if errno == EWOULDBLOCK { return false }
            if errno != EINTR { throw BlobStoreError.last("lock", path) }
        }
        return true
    }

    static func create(_ path: String) throws -> Handle {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw BlobStoreError.last("create", path) }
        return Handle(descriptor: descriptor, path: path)
    }

    /// Creates a file of a new name that other processes see as being written.
    static func createClaimed(in folder: String, prefix: String = "") throws -> Handle {
        while true {
            let file = try create(folder + "/" + prefix + UUID().uuidString.lowercased())
            // A process that sweeps the folder may come between creating and locking.
            if try file.claim(), try file.links > 0 { return file }
        }
    }

    static func openForReading(_ path: String) throws -> Handle {
        Handle(descriptor: try openDescriptor(path), path: path)
    }

    /// - Returns: A descriptor that the caller closes.
    static func openDescriptor(_ path: String) throws -> Int32 {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 { return descriptor }
        if errno == ENOENT { throw BlobStoreError(.notFound, "open", path: path, detail: "no such file") }
        throw BlobStoreError.last("open", path)
    }

    /// A regular file to read; `nil` when there is none of the name. What is no regular file counts as none.
    static func openRegular(_ path: String) throws -> Handle? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ELOOP || errno == ENXIO { return nil }
            throw BlobStoreError.last("open", path)
        }
        let file = Handle(descriptor: descriptor, path: path)
        guard try status(path)?.isFile == true else { return nil }
        return file
    }

    static func setMode(_ path: String, _ mode: mode_t) throws {
        guard unsafe chmod(path, mode) == 0 else { throw BlobStoreError.last("set the mode of", path) }
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

    private typealias RenameAt2 =
        @convention(c) (
            Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
        ) -> Int32
    /// `renameat2(2)` is in glibc since 2.28, but not in its Swift overlay.
    private static let renameAt2 = unsafe dlsym(nil, "renameat2").map { unsafe unsafeBitCast($0, to: RenameAt2.self) }
    private static let renameExchange: UInt32 = 2

    enum Exchange { case done, nothingThere, unsupported }

    /// Lets two files change places, in one step that nobody sees the middle of.
    static func exchange(_ path: String, with other: String) throws -> Exchange {
        guard let renameAt2 = unsafe renameAt2 else { return .unsupported }
        if unsafe renameAt2(AT_FDCWD, path, AT_FDCWD, other, renameExchange) == 0 { return .done }
        switch errno {
        case ENOENT: return .nothingThere
        // A file system that can't, such as NFS.
        case EINVAL, ENOSYS: return .unsupported
        default: throw BlobStoreError.last("exchange", other)
        }
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
    static func status(_ path: String) throws -> (bytes: Int, mode: UInt32, isFolder: Bool, isFile: Bool)? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw BlobStoreError.last("stat", path)
        }
        let kind = status.st_mode & S_IFMT
        return (Int(status.st_size), status.st_mode & 0o7777, kind == S_IFDIR, kind == S_IFREG)
    }

    /// Whether a file has more than this name; `false` for one that is not there.
    static func hasOtherNames(_ path: String) throws -> Bool {
        var found = stat()
        if unsafe lstat(path, &found) == 0 { return found.st_nlink > 1 }
        guard errno == ENOENT else { throw BlobStoreError.last("look at", path) }
        return false
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
