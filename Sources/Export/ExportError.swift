/// Why a bag could not be written. The unfinished bag is deleted, and no other file was changed.
package struct ExportError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// The folder named for the bag is not empty, or is not a folder.
        case notEmpty
        /// The temporary path of the bag is a link, or contains files that no export wrote.
        case foreignFolder
        /// Another process is writing a bag to the same path.
        case inUse
        /// The file system returned an error.
        case notWritable
    }

    package var code: Code
    /// The affected file or folder.
    package var subject: String
    package var cause: String?

    package init(_ code: Code, _ subject: String, cause: (any Error)? = nil) {
        self.code = code
        self.subject = subject
        self.cause = cause.map { "\($0)" }
    }
}

extension ExportError: CustomStringConvertible {
    package var description: String {
        let reason = cause.map { ": \($0)" } ?? ""
        return switch code {
        case .notEmpty: "\(subject) exists and is not an empty folder; nothing was written. Choose a new or an empty folder."
        case .foreignFolder:
            "\(subject) is a link or contains files that no export made, and the unfinished bag needs this path. Move it elsewhere."
        case .inUse: "another export is writing \(subject). Wait until that export has ended, or choose another folder."
        case .notWritable:
            "\(subject) cannot be written\(reason). Check the free space and the permissions, then run the export again."
        }
    }
}
