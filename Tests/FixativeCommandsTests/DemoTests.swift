import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct DemoTests {
    @Test func theDemoArchivesAuditsAndMakesAGallery() throws {
        let folder = try Folder()
        let storage = folder.path + "/storage"
        let demo = try Program.run("demo", "--tasks", "8", "--seed", "5", "--storage", storage)
        #expect(demo.status == 0, "\(demo.errors)")
        #expect(demo.output.contains("gallery: \(storage)/gallery/index.html"))
        #expect(FileManager.default.fileExists(atPath: storage + "/gallery/index.html"))

        let list = try Program.run("list", "--storage", storage, "--format", "json")
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]])
        #expect(rows.count >= 8)
        for row in rows where row["state"] as? String == "archived" {
            let digest = try #require((row["delivered"] as? [String: Any])?["sha256"] as? String)
            let path = "\(storage)/blobs/sha256/\(digest.prefix(2))/\(digest)"
            #expect(try shell("sha256sum < \(path)").hasPrefix(digest))
            #expect(try shell("\(Program.executable.path) cat \(digest) --storage \(storage) | sha256sum").hasPrefix(digest))
            #expect(try Program.run("show", digest, "--storage", storage).output.contains(digest))
        }

        let audit = try Program.run("audit", "--storage", storage, "--format", "json")
        #expect(audit.status == 1, "the real service rarely delivers what was asked")
        let verify = try Program.run("verify", "--deep", "--storage", storage)
        #expect(verify.status == 0, "\(verify.output)")

        for name in try FileManager.default.contentsOfDirectory(atPath: storage) where name.hasPrefix("catalog.sqlite") {
            try FileManager.default.removeItem(atPath: storage + "/" + name)
        }
        let blind = try Program.run("list", "--storage", storage)
        #expect(blind.status == 2)
        #expect(blind.errors.contains("fixative rebuild"))
        #expect(try Program.run("rebuild", "--storage", storage).status == 0)
        #expect(try Program.run("list", "--storage", storage, "--format", "json").output == list.output)
        #expect(try Program.run("audit", "--storage", storage, "--format", "json").output == audit.output)

        let again = try Program.run("demo", "--tasks", "8", "--seed", "5", "--storage", storage)
        #expect(again.output.contains("0 pictures archived"))
    }

    @Test func aFolderOfPicturesIsServedAndArchivedByteForByte() throws {
        let folder = try Folder()
        let images = folder.path + "/images"
        try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
        _ = try shell(
            """
            cd '\(images)' && python3 -c "
            import struct, zlib
            def chunk(kind, data): return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
            rows = b''.join(b'\\0' + bytes((x * y + x) % 256 for x in range(64) for _ in 'rgb') for y in range(48))
            open('one.png', 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 64, 48, 8, 2, 0, 0, 0)) + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
            "
            cwebp -quiet one.png -o two.webp && dwebp -quiet two.webp -ppm -o three.ppm && cjpeg three.ppm > three.jpg; echo text > README.md
            """)
        let storage = folder.path + "/storage"
        let demo = try Program.run("demo", "--images", images, "--storage", storage, "--faults", "none")
        #expect(demo.status == 0, "\(demo.errors)")
        for name in ["one.png", "two.webp", "three.jpg"] {
            let digest = String(try shell("sha256sum < '\(images)/\(name)'").prefix(64))
            #expect(
                try shell("cmp '\(images)/\(name)' '\(storage)/blobs/sha256/\(digest.prefix(2))/\(digest)' && echo same")
                    == "same\n")
        }
    }
}
