import Foundation
import Glibc

extension BlobStoreError {
    static let noSpace = ENOSPC
    static let quota = EDQUOT
    static let readOnly = EROFS
    static let noPermission = EACCES
    static let unreadableSector = Code.system(EIO)

    /// The error that the last system call left behind.
    static func last(_ operation: String, _ path: StorePath) -> BlobStoreError {
        let number = errno
        return BlobStoreError(.system(number), operation, path: "\(path)", detail: unsafe String(cString: strerror(number)))
    }
}

/// The few calls of the operating system that publishing a file durably takes; each throws ``BlobStoreError``.
enum POSIXFile {
    /// An open file, closed when it goes.
    struct Handle: ~Copyable {
        let descriptor: Int32
        let path: StorePath

        init(descriptor: Int32, path: StorePath) {
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
        /// The last bytes of the file.
        func readEnd(_ count: Int) throws -> [UInt8] {
            let start = try max(0, size - count)
            return try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, read in
                let got = unsafe pread(descriptor, buffer.baseAddress, count, off_t(start))
                guard got >= 0 else { throw BlobStoreError.last("read", path) }
                read = got
            }
        }

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

        /// Does nothing on a file system that keeps no modes.
        func setMode(_ mode: mode_t) throws {
            guard fchmod(descriptor, mode) == 0 || [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) else {
                throw BlobStoreError.last("set the mode of", path)
            }
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
            throw BlobStoreError(.inUse, "lock", path: "\(path)", detail: detail)
        }

        /// Whether this file is the one that `path` names now.
        var isStillThere: Bool {
            get throws {
                guard let named = try POSIXFile.status(path) else { return false }
                let own = try status
                return own.st_ino == named.inode && own.st_dev == named.device
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

        /// Permission bits.
        var mode: UInt32 {
            get throws { try status.st_mode & 0o7777 }
        }

        /// How many names the file has.
        var links: Int {
            get throws { try Int(status.st_nlink) }
        }

        /// Whether most of the file is a hole. No file is written so here, and reading one of any size whole takes as long as it is
        /// said to be large.
        var isHollow: Bool {
            get throws {
                let found = try status
                return found.st_size > 4 << 30 && Int(found.st_blocks) * 512 < Int(found.st_size) / 16
            }
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

    static func tryLock(_ descriptor: Int32, _ path: StorePath) throws -> Bool {
        try lock(descriptor, path, LOCK_EX | LOCK_NB)
    }

    /// Takes the lock that many may share, waiting while somebody holds the file for himself alone.
    static func share(_ descriptor: Int32, _ path: StorePath) throws { _ = try lock(descriptor, path, LOCK_SH) }

    fileprivate static func lock(_ descriptor: Int32, _ path: StorePath, _ operation: Int32) throws -> Bool {
        while flock(descriptor, operation) != 0 {
            if errno == EWOULDBLOCK { return false }
            if errno != EINTR { throw BlobStoreError.last("lock", path) }
        }
        return true
    }

    // MARK: Opening

    /// Lends the folder of a path, reached without following a link, and the last name.
    static func withParent<Value: ~Copyable>(
        _ path: StorePath, _ body: (_ folder: Int32, _ name: String) throws -> Value
    ) throws -> Value {
        guard path.isPlain else {
            throw BlobStoreError(.system(EINVAL), "open", path: "\(path)", detail: "its name leads out of the archive")
        }
        guard path.components.count > 1 else { return try body(AT_FDCWD, "\(path)") }
        var folder = Handle(
            descriptor: unsafe open(path.root, pathOnly | O_DIRECTORY | O_CLOEXEC), path: StorePath(root: path.root))
        guard folder.descriptor >= 0 else { throw BlobStoreError.last("open", folder.path) }
        for component in path.components.dropLast() {
            let place = folder.path / component
            let next = unsafe openat(folder.descriptor, component, pathOnly | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else {
                let error = BlobStoreError.last("open", place)
                throw kind(component, in: folder.descriptor).map { error.explained("it is \($0), not a folder") } ?? error
            }
            folder = Handle(descriptor: next, path: place)
        }
        return try withExtendedLifetime(folder) { folder throws -> Value in try body(folder.descriptor, path.name) }
    }

    /// `O_PATH`, which the Swift overlay of glibc lacks; the same number on every architecture that Swift runs on.
    private static let pathOnly: Int32 = 0o10_000_000

    /// What has a name, when that is neither a file nor a folder.
    private static func kind(_ name: String, in folder: Int32) -> FileStatus.Kind? {
        var found = stat()
        guard unsafe fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
        let kind = FileStatus(found).kind
        return kind == .folder ? nil : kind
    }

    static func create(_ path: StorePath) throws -> Handle {
        try withParent(path) { folder, name in
            let descriptor = unsafe openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw BlobStoreError.last("create", path) }
            return Handle(descriptor: descriptor, path: path)
        }
    }

    /// Creates a file of a new name that other processes see as being written.
    static func createClaimed(in folder: StorePath, prefix: String = "") throws -> Handle {
        while true {
            let file = try create(folder / (prefix + UUID().uuidString.lowercased()))
            // A process that sweeps the folder may come between creating and locking.
            if try file.claim(), try file.links > 0 { return file }
        }
    }

    /// Opens a regular file, and nothing else: no link is followed, no pipe waited for, no device touched.
    static func openForReading(_ path: StorePath) throws -> Handle {
        Handle(descriptor: try openDescriptor(path), path: path)
    }

    /// - Returns: A descriptor that the caller closes.
    static func openDescriptor(_ path: StorePath) throws -> Int32 {
        do { return try openedFile(path) } catch let error as BlobStoreError where error.code == .system(ENOENT) {
            throw BlobStoreError(.notFound, "open", path: "\(path)", detail: "no such file")
        }
    }

    private static func openedFile(_ path: StorePath) throws -> Int32 {
        try withParent(path) { folder, name in
            var found = stat()
            guard unsafe fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 else { throw BlobStoreError.last("open", path) }
            try check(found, path)
            let descriptor = unsafe openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else { throw BlobStoreError.last("open", path) }
            do {
                guard unsafe fstat(descriptor, &found) == 0 else { throw BlobStoreError.last("stat", path) }
                try check(found, path)
            } catch {
                _ = Glibc.close(descriptor)
                throw error
            }
            return descriptor
        }
    }

    private static func check(_ found: stat, _ path: StorePath) throws {
        let kind = FileStatus(found).kind
        guard kind == .file else {
            throw BlobStoreError(.notAFile, "open", path: "\(path)", detail: "it is \(kind), not a file")
        }
    }

    /// A regular file to read; `nil` when there is none of the name. What is no regular file counts as none.
    static func openRegular(_ path: StorePath) throws -> Handle? {
        do { return try openForReading(path) } catch let error as BlobStoreError where error.tellsOfNoFile { return nil }
    }

    static func openFolder(_ path: StorePath) throws -> Handle { Handle(descriptor: try openFolderDescriptor(path), path: path) }

    /// - Returns: A descriptor that the caller closes.
    static func openFolderDescriptor(_ path: StorePath) throws -> Int32 {
        // The archive's own folder may be reached by a link.
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (path.components.isEmpty ? 0 : O_NOFOLLOW)
        return try withParent(path) { folder, name in
            let descriptor = unsafe openat(folder, name, flags)
            guard descriptor >= 0 else {
                let error = BlobStoreError.last("open", path)
                throw kind(name, in: folder).map { error.explained("it is \($0), not a folder") } ?? error
            }
            return descriptor
        }
    }

    /// Sets the mode of a regular file.
    static func setMode(_ path: StorePath, _ mode: mode_t) throws { try openForReading(path).setMode(mode) }

    /// Makes the names in a folder durable.
    static func synchroniseDirectory(_ path: StorePath) throws { try openFolder(path).synchronise() }
}

extension BlobStoreError {
    /// Whether there is no regular file at the path, and nothing else failed.
    var tellsOfNoFile: Bool { [.notFound, .notAFile, .system(ENOENT), .system(ENOTDIR), .system(ELOOP)].contains(code) }

    fileprivate func explained(_ detail: String) -> BlobStoreError {
        var error = self
        error.code = .system(ENOTDIR)
        error.detail = detail
        return error
    }
}
