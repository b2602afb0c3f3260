import Glibc

/// The permission bits of an archive's files and folders, regardless of the process's umask.
package struct ArchivePermissions: Sendable, Hashable {
    /// The bits to clear, as in `umask(2)`.
    package let mask: UInt32

    /// Only the owner has access: folders 0700, files 0600, blobs 0400.
    package static let ownerOnly = ArchivePermissions(bits: 0o077)

    private init(bits: UInt32) { mask = bits }

    /// - Parameter umask: An octal number such as `027`. The initializer returns `nil` if it takes bits from the owner, because
    ///   the archive would not work then.
    package init?(umask: String) {
        guard (1...4).contains(umask.utf8.count), umask.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
            let bits = UInt32(umask, radix: 8), bits <= 0o777, bits & 0o700 == 0
        else { return nil }
        mask = bits
    }

    var folder: mode_t { 0o777 & ~mask }
    var file: mode_t { 0o666 & ~mask }
    var blob: mode_t { 0o444 & ~mask }

    /// Whether a mode grants permissions that the mask forbids.
    package func isWider(_ mode: UInt32) -> Bool { mode & mask & 0o777 != 0 }
}
