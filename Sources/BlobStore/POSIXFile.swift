import Foundation
import Glibc

extension BlobStoreError {
    static let noSpace = ENOSPC
    static let quota = EDQUOT
    static let readOnly = EROFS
    static let noPermission = EACCES
    static let unreadableSector = Code.system(EIO)

    /// The error of the last system call.
    static func last(_ operation: String, _ path: StorePath) -> BlobStoreError {
        let number = errno
        return BlobStoreError(.system(number), operation, path: "\(path)", detail: unsafe String(cString: strerror(number)))
    }
}

/// The system calls needed to publish a file durably; each throws ``BlobStoreError``.
enum POSIXFile {
    /// An open file. It is closed when the handle is destroyed.
    struct Handle: ~Copyable {
        let descriptor: Int32
        let path: StorePath

        init(descriptor: Int32, path: StorePath) {
            self.descriptor = descriptor
            self.path = path
        }

        deinit { _ = Glibc.close(descriptor) }

        /// Appends all of `bytes` to the file.
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

        /// The last `count` bytes of the file, or all of them if it is shorter.
        func readEnd(_ count: Int) throws -> [UInt8] {
            let start = try max(0, size - count)
            return try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, read in
                let got = unsafe pread(descriptor, buffer.baseAddress, count, off_t(start))
                guard got >= 0 else { throw BlobStoreError.last("read", path) }
                read = got
            }
        }

        /// Reads up to `capacity` bytes; empty at the end of the file.
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

        /// Makes the contents durable. The first failure is final: a second fsync may succeed although the data is lost.
        func synchronise() throws {
            guard fsync(descriptor) == 0 else { throw BlobStoreError.last("fsync", path) }
        }

        /// Sets the permission bits. Does nothing on a file system without them.
        func setMode(_ mode: mode_t) throws {
            guard fchmod(descriptor, mode) == 0 || [EPERM, EOPNOTSUPP, ENOSYS].contains(errno) else {
                throw BlobStoreError.last("set the mode of", path)
            }
        }

        /// Locks the file as "being written" until it is closed; `false` when another process has claimed it or is checking it.
        ///
        /// This lock is independent of ``lock()``. A published blob is a hard link to the written file. Processes that use the
        /// blob must not wait for its writer, which may be suspended.
        /// - Throws: ``BlobStoreError`` when the file system has no locks, such as some network file systems.
        func claim() throws -> Bool { try rangeLock(F_WRLCK) }

        /// Whether no process is writing this file. If so, none can claim it until the file is closed or ``disclaim()`` is
        /// called.
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

        /// Takes the exclusive lock that reuse and gc hold while they work on a file.
        /// - Throws: ``BlobStoreError`` with code `inUse` when another process holds it for half a minute; normally it is held
        ///   for milliseconds.
        func lock() throws {
            for _ in 0..<POSIXFile.lockTries {
                if try POSIXFile.tryLock(descriptor, path) { return }
                usleep(POSIXFile.lockPause)
            }
            let detail = "another process has locked this file for half a minute; that process is possibly suspended"
            throw BlobStoreError(.inUse, "lock", path: "\(path)", detail: detail)
        }

        /// Whether `path` still refers to this file.
        var isStillThere: Bool {
            get throws {
                guard let named = try POSIXFile.status(path) else { return false }
                let own = try status
                return own.st_ino == named.inode && own.st_dev == named.device
            }
        }

        /// Durably sets the file's modification time to now, which marks it as used.
        /// - Returns: `false` when the file belongs to another user.
        func touch() throws -> Bool {
            guard futimens(descriptor, nil) == 0 else {
                if errno == EPERM || errno == EACCES { return false }
                throw BlobStoreError.last("touch", path)
            }
            try synchronise()
            return true
        }

        /// When the contents were written or the file was last reused.
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

        /// The number of hard links.
        var links: Int {
            get throws { try Int(status.st_nlink) }
        }

        /// Whether most of the file is a hole. This program never writes such files, and reading one takes as long as its stated
        /// size suggests.
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

    /// `F_OFD_SETLK`: a byte-range lock that belongs to the open file and not to the process; in Linux since 3.15.
    private static let setOpenFileLock: Int32 = 37
    private static let lockPause: UInt32 = 10_000
    private static let lockTries = 3000

    static func tryLock(_ descriptor: Int32, _ path: StorePath) throws -> Bool {
        try lock(descriptor, path, LOCK_EX | LOCK_NB)
    }

    /// Takes the shared lock, waiting while another process holds it exclusively.
    static func share(_ descriptor: Int32, _ path: StorePath) throws { _ = try lock(descriptor, path, LOCK_SH) }

    fileprivate static func lock(_ descriptor: Int32, _ path: StorePath, _ operation: Int32) throws -> Bool {
        while flock(descriptor, operation) != 0 {
            if errno == EWOULDBLOCK { return false }
            if errno != EINTR { throw BlobStoreError.last("lock", path) }
        }
        return true
    }

    // MARK: Opening

    /// Passes the parent folder of a path, opened without following links, and the last name to `body`.
    static func withParent<Value: ~Copyable>(
        _ path: StorePath, _ body: (_ folder: Int32, _ name: String) throws -> Value
    ) throws -> Value {
        guard path.isPlain else {
            throw BlobStoreError(.system(EINVAL), "open", path: "\(path)", detail: "its path leads out of the archive")
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

    /// `O_PATH`, which the Swift overlay of glibc lacks. The number is the same on every architecture that Swift runs on.
    private static let pathOnly: Int32 = 0o10_000_000

    /// The kind of an object if it is not a folder; `nil` otherwise.
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

    /// Creates a file with a new name and claims it, so that other processes see it as being written.
    static func createClaimed(in folder: StorePath, prefix: String = "") throws -> Handle {
        while true {
            let file = try create(folder / (prefix + UUID().uuidString.lowercased()))
            // Another process may sweep the folder between creation and locking.
            if try file.claim(), try file.links > 0 { return file }
        }
    }

    /// Opens a regular file only. Links, pipes and devices are refused without being followed, waited for or accessed.
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

    /// Opens a regular file for reading; `nil` when the path is missing or not a regular file.
    static func openRegular(_ path: StorePath) throws -> Handle? {
        do { return try openForReading(path) } catch let error as BlobStoreError where error.tellsOfNoFile { return nil }
    }

    static func openFolder(_ path: StorePath) throws -> Handle { Handle(descriptor: try openFolderDescriptor(path), path: path) }

    /// - Returns: A descriptor that the caller closes.
    static func openFolderDescriptor(_ path: StorePath) throws -> Int32 {
        // The archive's own folder may be reached through a link.
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
    /// Whether the error means that there is no regular file at the path.
    var tellsOfNoFile: Bool { [.notFound, .notAFile, .system(ENOENT), .system(ENOTDIR), .system(ELOOP)].contains(code) }

    fileprivate func explained(_ detail: String) -> BlobStoreError {
        var error = self
        error.code = .system(ENOTDIR)
        error.detail = detail
        return error
    }
}
