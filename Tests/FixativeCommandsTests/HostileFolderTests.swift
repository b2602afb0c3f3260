import Foundation
import TestSupport
import Testing

/// Archives on disks that take nothing, lack something, or hold what is not theirs.
@Suite(.serialized) struct HostileFolderTests {
    /// Three pictures, archived once by the demonstration.
    private static let made = Result<Folder, any Error> {
        let folder = try Folder()
        let demo = try Program.run("demo", "--tasks", "3", "--faults", "none", "--storage", folder.path + "/s")
        try #require(demo.status == 0, "\(demo.errors)")
        _ = try shell("rm -rf '\(folder.path)/s/gallery'")
        return folder
    }

    /// A copy of it.
    private static func archive() throws -> (Folder, String) {
        let folder = try Folder()
        _ = try shell("cp -a '\(try made.get().path)/s' '\(folder.path)/s'")
        return (folder, folder.path + "/s")
    }

    /// Runs the program with an end: a verb that waits for a pipe would wait for ever.
    private static func run(_ arguments: [String], _ storage: String) throws -> (status: String, output: String) {
        let program = Program.executable.path(percentEncoded: false)
        let line = ([program] + arguments + ["--storage", storage]).map { "'\($0)'" }.joined(separator: " ")
        let output = try shell("FIXATIVE_API_URL=http://127.0.0.1:9 timeout -k 1 30 \(line) 2>&1; printf '\\ncode %s\\n' $?")
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        return (String(lines.last ?? ""), lines.dropLast().joined(separator: "\n"))
    }

    private static func first(_ path: String, under folder: String) throws -> String {
        String(try shell("find '\(folder)/\(path)' -type f | sort | head -1").dropLast())
    }

    // MARK: What hides or redirects

    /// Somebody moves old months to another disk and leaves a link, or a file takes the folder's place.
    @Test(arguments: [("day", true), ("month", true), ("day", false)])
    func recordsReplacedByALinkOrAFileAreReported(_ level: String, _ isLink: Bool) throws {
        let (folder, storage) = try Self.archive()
        defer { withExtendedLifetime(folder) {} }
        let day = (try Self.first("records", under: storage) as NSString).deletingLastPathComponent
        let place = level == "day" ? day : (day as NSString).deletingLastPathComponent
        _ = try shell("mv '\(place)' '\(folder.path)/elsewhere'")
        _ = try shell(isLink ? "ln -s '\(folder.path)/elsewhere' '\(place)'" : "echo x > '\(place)'")
        let found = try Self.run(["verify"], storage)
        #expect(found.status == "code 1" && found.output.contains("instead of a folder of records"), "\(found.output)")
        let blobs = try shell("find '\(storage)/blobs' -type f | sort")
        let collected = try Self.run(["gc", "--grace", "1h", "--pictures"], storage)
        #expect(collected.status == "code 2", "\(collected.output)")
        #expect(try shell("find '\(storage)/blobs' -type f | sort") == blobs)
        // The catalog remembers each record: mended, the archive is whole again, and what was elsewhere stays there.
        #expect(try Self.run(["repair"], storage).status == "code 0")
        #expect(try Self.run(["verify"], storage).status == "code 0")
        #expect(try shell("find '\(folder.path)/elsewhere' -name '*.json' | wc -l") != "0\n")
    }

    /// SQLite plays such a journal back and deletes the file that it names. Layout: sqlite.org/fileformat.html, and readSuperJournal
    /// of pager.c: page number, name, its length, the sum of its bytes, the magic number.
    @Test(arguments: ["status", "list", "audit", "verify"]) func aJournalThatNamesAnotherFileDeletesNothing(_ verb: String) throws
    {
        let (folder, storage) = try Self.archive()
        defer { withExtendedLifetime(folder) {} }
        let victim = folder.path + "/victim"
        try Data("mine".utf8).write(to: URL(filePath: victim))
        let script = """
            import struct,sys
            magic=bytes.fromhex('d9d505f920a163d7'); name=sys.argv[2].encode()
            head=magic+struct.pack('>IIIII',0,0,1,512,4096); head+=bytes(512-len(head))
            tail=struct.pack('>I',(1<<30)//4096+1)+name+struct.pack('>II',len(name),sum(name)&0xffffffff)+magic
            open(sys.argv[1],'wb').write(head+tail)
            """
        _ = try shell(
            "cp '\(storage)/catalog.sqlite' '\(folder.path)/c.sqlite' && python3 -c \"\(script)\" '\(storage)/catalog.sqlite-journal' '\(victim)'"
        )
        let found = try Self.run([verb], storage)
        #expect(found.status != "code 0" && found.output.contains("refers to another file"), "\(found.output)")
        #expect(FileManager.default.fileExists(atPath: victim))
        #expect(try Self.run(["repair"], storage).status == "code 0")
        #expect(try Self.run([verb], storage).status == "code 0")
        #expect(FileManager.default.fileExists(atPath: victim))
    }

    /// `gallery/` of an archive from elsewhere may hold links, and a list of files that are not its own.
    @Test(arguments: [("x", "", "code 0"), ("thumbs", "", "code 2"), (".fixative-gallery.journal", "/log.txt", "code 2")])
    func aGalleryFolderFromElsewhereChangesNothingOutside(_ link: String, _ target: String, _ status: String) throws {
        let (folder, storage) = try Self.archive()
        defer { withExtendedLifetime(folder) {} }
        let (home, site) = (folder.path + "/home", storage + "/gallery")
        _ = try shell(
            "mkdir -p '\(home)/docs' '\(site)' && cd '\(home)' && echo precious > docs/thesis.txt && echo 'old line' > log.txt")
        _ = try shell("ln -s '\(home)\(target)' '\(site)/\(link)'")
        let list = #"{"format":"fixative.gallery/1","files":{"x/docs/thesis.txt":{"bytes":9}}}"#
        try Data(list.utf8).write(to: URL(filePath: site + "/.fixative-gallery.json"))
        let before = try shell("cd '\(home)' && find . -type f | sort | xargs sha256sum")
        let made = try Self.run(["gallery", site], storage)
        #expect(made.status == status, "\(made.output)")
        #expect(try shell("cd '\(home)' && find . -type f | sort | xargs sha256sum") == before)
    }

    // MARK: Litter

    @Test func systemLeftoversBlockNothingAndStay() throws {
        let (folder, storage) = try Self.archive()
        defer { withExtendedLifetime(folder) {} }
        let record = try Self.first("records", under: storage)
        let places = [(record as NSString).deletingLastPathComponent, storage + "/blobs/sha256/00", storage + "/ingest", storage]
        let names = [
            ".DS_Store", "._x.json", "Thumbs.db", ".nfs0000000000000001", "x (conflicted copy 2026-11-26).json", ".x.json.Ab12Cd",
        ]
        try FileManager.default.createDirectory(atPath: storage + "/blobs/sha256/00", withIntermediateDirectories: true)
        for place in places {
            for name in names { try Data("litter".utf8).write(to: URL(filePath: "\(place)/\(name)")) }
        }
        for path in ["records/@eaDir", "blobs/sha256/@eaDir", "blobs/.stfolder"] {
            try FileManager.default.createDirectory(atPath: "\(storage)/\(path)", withIntermediateDirectories: true)
            try Data("litter".utf8).write(to: URL(filePath: "\(storage)/\(path)/x"))
        }
        try Data("mine".utf8).write(to: URL(filePath: "\((record as NSString).deletingLastPathComponent)/notes.txt"))
        let count = try shell("find '\(storage)' -type f ! -name 'catalog*' | wc -l")
        let sums = try shell("cd '\(storage)/blobs/sha256' && ls")
        for verb in [["verify", "--deep"], ["repair"], ["gc"], ["rebuild"], ["status"], ["verify"]] {
            let found = try Self.run(verb, storage)
            #expect(found.status == "code 0", "\(verb): \(found.output)")
        }
        let report = try Self.run(["verify", "--format", "json"], storage).output
        // Six names in a folder of records and in one of blobs, and the two @eaDir.
        #expect(report.contains("\"litter\" : 14"))
        #expect(report.contains("notes.txt"))
        #expect(try shell("find '\(storage)' -type f ! -name 'catalog*' | wc -l") == count)
        #expect(try shell("cd '\(storage)/blobs/sha256' && ls") == sums)
    }

    // MARK: Poison

    private static let verbs = [
        ["status"], ["list"], ["audit"], ["verify"], ["verify", "--deep"], ["doctor"], ["gc", "--dry-run"],
        ["repair", "--dry-run"],
        ["repair"], ["rebuild"], ["verify"],
    ]

    @Test(arguments: ["mkfifo", "ln -s /dev/zero", "truncate -s 6T"])
    func noVerbHangsOrCrashesAtASpecialFile(_ command: String) throws {
        let (folder, storage) = try Self.archive()
        defer { withExtendedLifetime(folder) {} }
        let record = try Self.first("records", under: storage)
        let digest = (try Self.first("blobs", under: storage) as NSString).lastPathComponent
        let task = (record as NSString).lastPathComponent.dropLast(7)
        let places = [
            record, "\(storage)/blobs/sha256/\(digest.prefix(2))/\(digest)", "\(storage)/blobs/sha256/0g",
            "\(storage)/blobs/sha256/x",
            "\(storage)/records/x", "\(storage)/records/2026x", "\(storage)/ingest/0f8fad5b-d9cb-469f-a165-708677289501",
            "\(storage)/quarantine/x", "\(storage)/README.md", "\(storage)/blobs/x",
        ]
        // A file that was a record once stays a finding; what is no file is put aside.
        let unknown = (record as NSString).deletingLastPathComponent + "/x-1.json"
        for place in places + (command.hasPrefix("truncate") ? [] : [unknown]) {
            _ = try shell("rm -f '\(place)'; \(command) '\(place)'")
        }
        for verb in [["show", String(task)], ["cat", digest]] + Self.verbs {
            let found = try Self.run(verb, storage)
            #expect(["code 0", "code 1", "code 2"].contains(found.status), "\(verb): \(found)")
        }
        let last = try Self.run(["verify"], storage)
        #expect(last.status == "code 0", "\(last.output)")
    }

    @Test(arguments: ["catalog.sqlite", "catalog.sqlite-wal", "fixative-archive.json", "fixative.json", "records", "ingest"])
    func aPipeInPlaceOfAnArchiveFileIsNamed(_ name: String) throws {
        let (folder, storage) = try Self.archive()
        defer { withExtendedLifetime(folder) {} }
        _ = try shell("rm -rf '\(storage)/\(name)' && mkfifo '\(storage)/\(name)'")
        for verb in ["status", "doctor", "gc"] {
            let found = try Self.run([verb], storage)
            #expect(["code 1", "code 2"].contains(found.status), "\(verb): \(found)")
            #expect(found.output.contains(name), "\(verb): \(found)")
        }
        guard name.hasPrefix("catalog") else { return }
        #expect(try Self.run(["verify"], storage).status == "code 1")
        #expect(["code 0", "code 1"].contains(try Self.run(["repair"], storage).status))
        #expect(try Self.run(["verify"], storage).status == "code 0")
        #expect(try shell("find '\(storage)/quarantine' -type p | wc -l") == "1\n", "the pipe is kept")
    }

    // MARK: File systems

    @Test(arguments: ["linkat:error=EPERM", "linkat,renameat2:error=EOPNOTSUPP"])
    func aFileSystemWithoutHardLinksWorks(_ injection: String) throws {
        let folder = try Folder()
        let storage = folder.path + "/s"
        let program = Program.executable.path(percentEncoded: false)
        let calls = injection.split(separator: ":")[0]
        let said = try shell(
            "strace -f -qq -o /dev/null -e trace=\(calls) -e inject=\(injection) '\(program)' demo --tasks 2 --faults none --storage '\(storage)' 2>&1; echo \"code $?\""
        )
        guard !said.contains("ptrace"), !said.contains("not found") else { return print("skipped: strace can't trace here") }
        #expect(said.hasSuffix("code 0\n"), "\(said)")
        #expect(try Self.run(["verify", "--deep"], storage).status == "code 0")
        #expect(try shell("ls '\(storage)/ingest' | wc -l") == "0\n")
    }

    /// Mounts a small disk, puts an archive there, and lends its path; without root the test is skipped with a printed line.
    private static func onSmallDisk(_ body: (_ disk: String, _ storage: String) throws -> Void) throws {
        let (folder, storage) = try archive()
        defer { withExtendedLifetime(folder) {} }
        let disk = folder.path + "/disk"
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        guard try shell("mount -t tmpfs -o size=64m none '\(disk)' 2>&1; echo $?") == "0\n" else {
            return print("skipped: a small disk can't be mounted")
        }
        let result = Result {
            _ = try shell("cp -a '\(storage)' '\(disk)/s'")
            try body(disk, disk + "/s")
        }
        _ = try shell("mount -o remount,rw '\(disk)'; umount -l '\(disk)'")
        try result.get()
    }

    private static func readEverything(_ storage: String) throws {
        let digest = (try first("blobs", under: storage) as NSString).lastPathComponent
        let task = (try first("records", under: storage) as NSString).lastPathComponent.dropLast(7)
        for verb in [
            ["status"], ["list"], ["show", String(task)], ["cat", digest], ["audit"], ["verify"], ["verify", "--deep"],
        ] {
            let found = try run(verb, storage)
            #expect(found.status == "code 0", "\(verb): \(found.output.suffix(400))")
        }
        let listed = try run(["list", "--format", "json"], storage).output
        #expect(listed.components(separatedBy: "\"taskId\"").count == 4)
    }

    @Test func aFullDiskAllowsReadingAndGarbageCollection() throws {
        try Self.onSmallDisk { disk, storage in
            let digest = try shell("head -c 1000000 /dev/zero | sha256sum").prefix(64)
            let orphan = "\(storage)/blobs/sha256/\(digest.prefix(2))/\(digest)"
            _ = try shell(
                "mkdir -p \"$(dirname '\(orphan)')\" && head -c 1000000 /dev/zero > '\(orphan)' && chmod 400 '\(orphan)' && touch -d '30 days ago' '\(orphan)'"
            )
            _ = try shell("dd if=/dev/zero of='\(disk)/filler' bs=4096 2>&1; true")
            #expect(try shell("df --output=avail '\(disk)' | tail -1").trimmingCharacters(in: .whitespaces) == "0\n")
            try Self.readEverything(storage)
            let collected = try Self.run(["gc"], storage)
            #expect(collected.status == "code 0", "\(collected.output)")
            #expect(collected.output.contains("1 file ("), "\(collected.output)")
            #expect(!FileManager.default.fileExists(atPath: orphan))
        }
    }

    @Test func aReadOnlyDiskCanBeRead() throws {
        try Self.onSmallDisk { disk, storage in
            _ = try shell("mount -o remount,ro '\(disk)'")
            try Self.readEverything(storage)
            let doctor = try Self.run(["doctor"], storage)
            #expect(doctor.status == "code 1")
            #expect(doctor.output.lowercased().contains("read-only"), "\(doctor.output)")
        }
    }
}
