import Foundation

/// Capabilities of an archive's file system.
enum FileSystem {
    /// Whether the file system keeps permission bits for each file. FAT, NTFS and Windows shares show the same bits for all
    /// files.
    static func keepsModes(_ path: String) -> Bool {
        guard let device = try? POSIXFile.status(StorePath(root: path + "/."))?.device,
            let mounts = try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        else { return true }
        // Fields of proc(5): the third is the device; the type follows a dash.
        let number = "\(major(device)):\(minor(device))"
        let mount = mounts.split(separator: "\n").last { $0.split(separator: " ").dropFirst(2).first.map(String.init) == number }
        let type = mount?.split(separator: " ").drop { $0 != "-" }.dropFirst().first
        return !modeless.contains(type.map(String.init) ?? "")
    }

    private static let modeless: Set<String> = ["vfat", "msdos", "exfat", "ntfs", "ntfs3", "cifs", "smb3", "smbfs"]

    // The same formulas as in glibc's header sys/sysmacros.h.
    private static func major(_ device: UInt) -> UInt { device >> 8 & 0xFFF | device >> 32 & 0xFFFF_F000 }
    private static func minor(_ device: UInt) -> UInt { device & 0xFF | device >> 12 & 0xFFFF_FF00 }
}
