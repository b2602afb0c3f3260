import Glibc

/// Which permission bits the files and folders of an archive get, whatever the umask of the process.
package struct ArchivePermissions: Sendable, Hashable {
    /// The bits that are taken away, as in `umask(2)`.
    package let mask: UInt32

    /// Only the owner reads and writes: folders 0700, files 0600, blobs 0400.
    package static let ownerOnly = ArchivePermissions(bits: 0o077)

    private init(bits: UInt32) { mask = bits }

    /// - Parameter umask: An octal number such as `027`. One that takes bits from the owner is `nil`, since nothing would work then.
    package init?(umask: String) {
        guard (1...4).contains(umask.utf8.count), umask.utf8.allSatisfy({ (0x30...0x37).contains($0) }),
            let bits = UInt32(umask, radix: 8), bits <= 0o777, bits & 0o700 == 0
        else { return nil }
        mask = bits
    }

    var folder: mode_t { 0o777 & ~mask }
    var file: mode_t { 0o666 & ~mask }
    var blob: mode_t { 0o444 & ~mask }

    /// Whether a mode lets others do what this mask forbids them.
    package func isWider(_ mode: UInt32) -> Bool { mode & mask & 0o777 != 0 }
}
