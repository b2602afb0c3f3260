/// Files that operating systems, network storage and sync programs leave in any folder. They are not part of the archive and
/// never touched.
package enum Litter {
    /// Whether a file or folder name is one of these.
    package static func isName(_ name: String) -> Bool {
        let plain = name.lowercased()
        return names.contains(plain) || prefixes.contains { plain.hasPrefix($0) } || suffixes.contains { plain.hasSuffix($0) }
            || parts.contains { plain.contains($0) } || isEditorBackup(name) || isTransfer(name)
    }

    /// In lower case, because the case of these names varies.
    private static let names: Set<String> = [
        // Desktops.
        ".ds_store", ".localized", ".appledouble", ".applesingle", ".appledb", ".appledesktop", ".spotlight-v100", ".trashes",
        ".trash",
        ".fseventsd", ".temporaryitems", ".documentrevisions-v100", ".volumeicon.icns", ".com.apple.timemachine.donotpresent",
        ".metadata_never_index", ".apdisk", "network trash folder", "temporary items", "icon\r", "thumbs.db", "ehthumbs.db",
        "ehthumbs_vista.db", "desktop.ini", "autorun.inf", "$recycle.bin", "recycler", "system volume information", ".directory",
        ".thumbnails", ".hidden",
        // Network storage and file systems.
        "@eadir", "@tmp", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@sharebin", ".@__thumb", ".snapshot",
        ".snapshots",
        ".zfs", "lost+found", ".dav", ".recycle", ".streams", "found.000", "aquota.user", "aquota.group", ".btrfs",
        // Sync programs and backups.
        ".stfolder", ".stversions", ".stignore", ".dropbox", ".dropbox.attr", ".dropbox.cache", ".nextcloudsync.log",
        ".owncloudsync.log",
        ".sync", ".syncthing", ".csync", ".unison", ".nobackup", ".nomedia", "cachedir.tag", ".git", ".gitignore",
        ".gitattributes",
        ".gitkeep", ".keep", ".rsync-partial", ".rsync-tmp", ".resilio", ".mega", ".tmp.drivedownload", ".tmp.driveupload",
    ]

    private static let prefixes = [
        "._", ".nfs", ".fuse_hidden", ".smbdelete", ".cifs", ".~lock", "~$", ".trash-", ".stfolder.", ".syncthing.", ".sync_",
        ".dropbox.", ".owncloudsync", ".nextcloudsync", "~syncthing~", ".goutputstream-", ".afpdeleted", ".pureftpd-upload.",
        ".in.",
        "@synoeastream", ".#", ".panfs", ".glusterfs", ".lvfs", ".unionfs", ".wh.", ".csync_journal",
    ]

    private static let suffixes = [
        "~", ".swp", ".swo", ".swx", ".part", ".partial", ".crdownload", ".filepart", ".!sync", ".bts", ".rsls", "@synoeastream",
        "@synoresource", ".unison.tmp", ".kate-swp", ".icloud", ".sync.ffs_db", ".ffs_tmp", ".ffs_lock",
    ]

    private static let parts = [
        ".sync-conflict-", "conflicted copy", "case conflict", "_conflict-", ".conflict-", "(conflict ", "(synology",
        "_conflict_",
    ]

    /// `#name#` of Emacs.
    private static func isEditorBackup(_ name: String) -> Bool { name.count > 2 && name.hasPrefix("#") && name.hasSuffix("#") }

    /// `.name.XXXXXX` of rsync, with six letters or digits.
    private static func isTransfer(_ name: String) -> Bool {
        guard name.hasPrefix("."), let dot = name.lastIndex(of: "."), dot != name.startIndex else { return false }
        let tail = name[name.index(after: dot)...].utf8
        return tail.count == 6
            && tail.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
    }
}
