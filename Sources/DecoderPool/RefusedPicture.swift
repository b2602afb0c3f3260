package import ImageCodecs

/// A file that the decoder rejected, and what the file is instead. The decoder's own process finds out both, since they come from
/// the bytes of an untrusted file.
package struct RefusedPicture: Error, Sendable, Hashable, Codable {
    package var error: CodecError
    package var file: RefusedFile

    package init(_ error: CodecError, _ file: RefusedFile) {
        (self.error, self.file) = (error, file)
    }
}
