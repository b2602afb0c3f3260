/// Why a gallery could not be written. An earlier site in the folder still works.
package struct GalleryError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// The folder contains files that no gallery export wrote.
        case foreignFolder
        /// A file that no gallery export wrote, or a link, is at a path that must be written.
        case foreignFile
        /// The list or the journal of the gallery's own files can't be read.
        case damagedList
        /// The file system returned an error.
        case notWritable
        /// The archive could not provide a blob.
        case missingBlob
        /// A built-in template can't be parsed.
        case damagedTemplate
    }

    package var code: Code
    /// The affected file, folder or digest.
    package var subject: String
    package var cause: String?

    package init(_ code: Code, _ subject: String, cause: (any Error)? = nil) {
        self.code = code
        self.subject = subject
        self.cause = cause.map { "\($0)" }
    }

    init(_ code: Code, _ subject: String, reason: String) {
        self.code = code
        self.subject = subject
        cause = reason
    }
}

extension GalleryError: CustomStringConvertible {
    package var description: String {
        let reason = cause.map { ": \($0)" } ?? ""
        return switch code {
        case .foreignFolder:
            "the folder \(subject) is not empty and is not a gallery made by Fixative; nothing was written. "
                + "Give an empty or new folder, or empty this one first."
        case .foreignFile:
            "the export needs the path \(subject), but it did not make this file, so it left the file unchanged. "
                + "Move it elsewhere and run the export again."
        case .damagedList:
            "\(subject) cannot be read\(reason). This file lists the files that an export is allowed to replace or remove. "
                + "Export to a new folder, or delete this whole gallery first."
        case .notWritable:
            "\(subject) cannot be written\(reason). Check the free space and the permissions, then run the export again."
        case .missingBlob: "the archive cannot read the blob \(subject)\(reason). Run 'fixative verify', then export again."
        case .damagedTemplate:
            "the built-in template '\(subject)' is damaged\(reason). This is a bug of the program; please report it."
        }
    }
}
