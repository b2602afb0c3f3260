import Foundation
import Glibc

/// A file with a secret. Only its owner and group may be able to read it.
package enum SecretFile {
    /// Maximum size of the file in bytes.
    private static let mostBytes = 64 << 10

    /// Reads the file and follows symbolic links. The permissions are checked on the open file, so the file that is checked is
    /// the one that is read.
    ///
    /// - Throws: ``SecretFileProblem``.
    package static func read(_ path: String) throws -> String {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            let reason =
                errno == ENOENT ? "there is no such file" : "it can't be read (\(unsafe String(cString: strerror(errno))))"
            throw SecretFileProblem(path: path, detail: reason)
        }
        defer { close(file) }
        var facts = stat()
        guard unsafe fstat(file, &facts) == 0 else {
            throw SecretFileProblem(path: path, detail: "its permissions can't be read")
        }
        guard facts.st_mode & S_IFMT != S_IFDIR else { throw SecretFileProblem(path: path, detail: "it is a folder") }
        guard facts.st_mode & (S_IROTH | S_IWOTH) == 0 else {
            throw SecretFileProblem(
                path: path, detail: "every user of this machine can read or change it. Run: chmod 600 \(path)")
        }
        let data: Data
        do {
            data = try FileHandle(fileDescriptor: file, closeOnDealloc: false).read(upToCount: mostBytes + 1) ?? Data()
        } catch { throw SecretFileProblem(path: path, detail: "it can't be read (\(error.localizedDescription))") }
        guard data.count <= mostBytes else { throw SecretFileProblem(path: path, detail: "it has more than \(mostBytes) bytes") }
        return String(decoding: data, as: UTF8.self)
    }
}

/// A secret file that can't be used.
package struct SecretFileProblem: Error, CustomStringConvertible {
    package var path: String
    package var detail: String
    package var description: String { "can't read the secret in the file \(path): \(detail)" }
}
