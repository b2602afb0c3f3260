/// An error of the blob store, the record store or the archive folder.
package struct BlobStoreError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// The folder is not empty and has no marker.
        case markerMissing
        /// The folder is missing or empty.
        case noArchive
        /// The marker can't be read, or it has a newer format.
        case markerUnreadable
        /// A system call failed with this error number.
        case system(Int32)
        /// Stored bytes do not match their digest or size.
        case corrupt
        case notFound
        /// A link, a pipe, a device, a socket or a folder lies where a file belongs.
        case notAFile
        /// One of the archive's folders is a link or something else.
        case notAFolder
        /// A stored record can't be parsed or was changed after it was written.
        case unreadableRecord
        /// Another process is using the archive.
        case inUse
    }

    package var code: Code
    /// The attempted operation, in a few words.
    package var operation: String
    package var path: String
    /// The reason: the operating system's message, or the violated rule.
    package var detail: String

    /// Whether the disk can't be written to: it is full or read-only, or it belongs to another user.
    package var tellsOfNoWriting: Bool {
        switch code {
        case .system(Self.noSpace), .system(Self.quota), .system(Self.readOnly), .system(Self.noPermission): true
        default: false
        }
    }

    package init(_ code: Code, _ operation: String, path: String, detail: String = "") {
        self.code = code
        self.operation = operation
        self.path = path
        self.detail = detail
    }

    /// The next step for the user.
    package var advice: String {
        switch code {
        case .markerMissing, .noArchive:
            "If the archive's disk is not mounted, mount the disk. To start a new archive, set --storage to an empty folder."
        case .markerUnreadable: "Use a newer Fixative, or restore fixative-archive.json from a backup."
        case .system(Self.noSpace), .system(Self.quota):
            "Free some space and run the command again; unfinished work is still queued."
        case .system(Self.readOnly):
            "Make the filesystem writable and run the command again; unfinished work is still queued."
        case .system: "Check the disk and the folder's permissions, then run the command again."
        case .corrupt: "Run 'fixative verify --deep' to see what else is damaged, and 'fixative repair' to repair it."
        case .notFound: "Run 'fixative verify' to see what else is missing, and 'fixative repair' to repair it."
        case .notAFile: "Move this entry out of the archive, then run 'fixative repair'."
        case .notAFolder:
            "Links are not followed: set --storage to the real folder, or mount the other disk at this path ('mount --bind')."
        case .unreadableRecord:
            "Run 'fixative repair'. If the record can't be repaired, restore the record from a backup or move it out of records/."
        case .inUse: "Stop the other process and run the command again."
        }
    }
}

extension BlobStoreError: CustomStringConvertible {
    package var description: String {
        let reason = detail.isEmpty ? "" : ": \(detail)"
        return "could not \(operation) \(path)\(reason). \(advice)"
    }
}
