import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct DecoderPlaceTests {
    @Test func theSandboxMakesTheSameFilesAsTheProcess() throws {
        let folder = try Folder()
        let stores = ["sandbox", "in-process"].map { ($0, "\(folder.path)/\($0)") }
        for (place, storage) in stores {
            let demo = try Program.run("demo", "--tasks", "6", "--seed", "9", "--decoders", place, "--storage", storage)
            #expect(demo.status == 0, "\(demo.errors)")
        }
        let blobs = try stores.map { try Set(FileManager.default.subpathsOfDirectory(atPath: $0.1 + "/blobs")) }
        #expect(blobs[0].count > 18)
        #expect(blobs[0] == blobs[1])
    }

    @Test func doctorSaysWhereDecodersRun() throws {
        let folder = try Folder()
        // A file in the storage may come from elsewhere, and has no say.
        try Data(#"{"decoders":"in-process"}"#.utf8).write(to: URL(filePath: folder.path + "/fixative.json"))
        func row(_ environment: [String: String] = [:]) throws -> String {
            let doctor = try Program.run("doctor", "--storage", folder.path, environment: environment)
            let rows = doctor.output.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
            return try #require(rows.first { $0.hasPrefix("decoders ") }, "\(doctor.errors)")
        }
        #expect(try row().hasPrefix("decoders ok in a sandbox"))
        #expect(try row(["FIXATIVE_DECODERS": "in-process"]).hasPrefix("decoders note in this process"))
        let wrong = try Program.run("doctor", "--storage", folder.path, environment: ["FIXATIVE_DECODERS": "elsewhere"])
        #expect(wrong.status == 2)
        #expect(wrong.errors.contains("--decoders"))
    }

    /// Refuses system call filters to a program that it then becomes, by a filter (seccomp(2), prctl(2)).
    private static let refusing = """
        import ctypes, os, platform, struct, sys
        call = {'x86_64': 157, 'aarch64': 167}[platform.machine()]
        code = [(0x20, 0, 0, 0), (0x15, 0, 3, call), (0x20, 0, 0, 16), (0x15, 0, 1, 22), (6, 0, 0, 0x50001), (6, 0, 0, 0x7fff0000)]
        filter = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *line) for line in code))
        class Program(ctypes.Structure): _fields_ = [('count', ctypes.c_ushort), ('filter', ctypes.c_void_p)]
        libc, program = ctypes.CDLL(None), Program(len(code), ctypes.addressof(filter))
        assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(program)) == 0
        os.execv(sys.argv[1], sys.argv[1:])
        """

    @Test func aKernelWithoutASandboxIsReportedAtTheStart() throws {
        let folder = try Folder()
        let script = folder.path + "/refusing.py"
        try Data(Self.refusing.utf8).write(to: URL(filePath: script))
        func run(_ arguments: String) throws -> String {
            let program = "'\(Program.executable.path)' \(arguments) --storage '\(folder.path)/storage'"
            return try shell("FIXATIVE_API_KEY=sk-secret-0123456789 python3 '\(script)' \(program) 2>&1; echo status $?")
        }
        let refused = try run("archive")
        #expect(refused.contains("seccomp: Operation not permitted"))
        #expect(refused.contains("--decoders in-process"))
        #expect(refused.contains("status 2"))
        #expect(try run("archive --decoders in-process").contains("status 0"))
        #expect(try run("doctor").contains("seccomp: Operation not permitted"))
    }
}
