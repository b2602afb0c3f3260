import Glibc

/// The status of a name in a folder. Symbolic links are not followed.
struct FileStatus {
    enum Kind: CustomStringConvertible {
        case file, folder, link, pipe, socket, device

        var description: String {
            switch self {
            case .file: "a file"
            case .folder: "a folder"
            case .link: "a symbolic link"
            case .pipe: "a pipe"
            case .socket: "a socket"
            case .device: "a device"
            }
        }
    }

    var bytes: Int
    /// Permission bits.
    var mode: UInt32
    var kind: Kind
    var links: Int
    var device: dev_t
    var inode: ino_t

    var isFile: Bool { kind == .file }
    var isFolder: Bool { kind == .folder }

    init(_ found: stat) {
        bytes = Int(found.st_size)
        mode = found.st_mode & 0o7777
        links = Int(found.st_nlink)
        device = found.st_dev
        inode = found.st_ino
        switch found.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .folder
        case S_IFLNK: kind = .link
        case S_IFIFO: kind = .pipe
        case S_IFSOCK: kind = .socket
        default: kind = .device
        }
    }
}

/// A name found in a folder.
struct FolderEntry {
    var name: String
    /// Whether the name is UTF-8; otherwise the file can't be opened.
    var isText: Bool
    var status: FileStatus
}

extension POSIXFile {
    /// `nil` when the file or one of its parent folders does not exist.
    static func status(_ path: StorePath) throws -> FileStatus? {
        do {
            return try withParent(path) { folder, name in
                var found = stat()
                if unsafe fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW) == 0 { return FileStatus(found) }
                if errno == ENOENT || errno == ENOTDIR { return nil }
                throw BlobStoreError.last("stat", path)
            }
        } catch let error as BlobStoreError where error.tellsOfNoFile {
            return nil
        }
    }

    /// Whether a file has more than one hard link; `false` when it does not exist.
    static func hasOtherNames(_ path: StorePath) throws -> Bool { (try status(path)?.links ?? 0) > 1 }

    static func isFolder(_ path: StorePath) throws -> Bool { try status(path)?.isFolder ?? false }

    /// The names in a folder, sorted; empty when the folder does not exist.
    static func names(in path: StorePath) throws -> [String] {
        try scan(path) { name, isText, _ in isText ? name : nil }.sorted()
    }

    /// The entries of a folder, sorted by name; empty when the folder does not exist.
    static func entries(in path: StorePath) throws -> [FolderEntry] {
        try scan(path) { name, isText, status in status().map { FolderEntry(name: name, isText: isText, status: $0) } }
            .sorted { $0.name < $1.name }
    }

    private static func scan<Item>(
        _ path: StorePath, _ take: (_ name: String, _ isText: Bool, _ status: () -> FileStatus?) -> Item?
    ) throws -> [Item] {
        let descriptor: Int32
        do {
            descriptor = try openFolderDescriptor(path)
        } catch let error as BlobStoreError where error.code == .system(ENOENT) {
            return []
        }
        guard let stream = unsafe fdopendir(descriptor) else {
            _ = close(descriptor)
            throw BlobStoreError.last("list", path)
        }
        defer { unsafe closedir(stream) }
        var items: [Item] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else {
                guard errno == 0 else { throw BlobStoreError.last("list", path) }
                return items
            }
            let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
            // The entry may be shorter than its Swift type, so read the name in place.
            let text = unsafe (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)
            let name = unsafe String(cString: text)
            guard name != ".", name != ".." else { continue }
            let isText = unsafe String(validatingCString: text) != nil
            let item = take(name, isText) {
                var found = stat()
                return unsafe fstatat(dirfd(stream), text, &found, AT_SYMLINK_NOFOLLOW) == 0 ? FileStatus(found) : nil
            }
            if let item { items.append(item) }
        }
    }
}
