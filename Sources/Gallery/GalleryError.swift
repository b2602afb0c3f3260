/// Why a gallery could not be written. The old site, if there was one, is still whole.
package struct GalleryError: Error, Sendable {
    package enum Code: Sendable, Hashable {
        /// The folder holds files that no gallery made.
        case foreignFolder
        /// A file that no gallery made stands where one must be written.
        case foreignFile
        /// The list of the gallery's own files cannot be read.
        case damagedList
        /// The file system refused.
        case notWritable
        /// The archive could not give a blob.
        case missingBlob
        /// A template of the program itself does not parse.
        case damagedTemplate
    }

    package var code: Code
    /// The file, folder or digest concerned.
    package var subject: String
    package var cause: String?

    package init(_ code: Code, _ subject: String, cause: (any Error)? = nil) {
        self.code = code
        self.subject = subject
        self.cause = cause.map { "\($0)" }
    }
}

extension GalleryError: CustomStringConvertible {
    package var description: String {
        let reason = cause.map { ": \($0)" } ?? ""
        return switch code {
        case .foreignFolder:
            "\(subject) is not empty and holds no gallery of ours; nothing was written. "
                + "Name an empty or new folder, or empty this one first."
        case .foreignFile:
            "\(subject) is in the way and was not made by the gallery, so it was left alone. "
                + "Move it elsewhere and run the export again."
        case .damagedList:
            "\(subject) cannot be read\(reason). It lists the files that the gallery may replace or remove. "
                + "Export to a new folder, or delete this whole gallery first."
        case .notWritable:
            "\(subject) cannot be written\(reason). Check the free space and the permissions, then run the export again."
        case .missingBlob: "the archive cannot give blob \(subject)\(reason). Run 'fixative verify', then export again."
        case .damagedTemplate:
            "the built-in template '\(subject)' is damaged\(reason). This is a bug of the program; please report it."
        }
    }
}
