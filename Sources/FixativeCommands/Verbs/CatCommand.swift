import ArchiveModel
import ArchiveStore
import ArgumentParser
import BlobStore
import Foundation

struct CatCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Write a file of the archive to stdout, byte for byte.")

    @Argument(help: "The SHA-256 of an original, thumbnail or preview.")
    var digest: String

    @OptionGroup var common: CommonOptions

    func run() async throws {
        guard let digest = Digest(digest) else {
            throw ValidationError("'\(digest)' is not a SHA-256; give 64 hexadecimal digits")
        }
        let archive = try Archive(try await Settings.load(common), creating: false, reading: true)
        let found = try await archive.blobs.rehash(digest)
        guard found == digest else {
            throw SettingsError(
                "the file \(digest) is damaged: its bytes have the SHA-256 \(found). Run 'fixative verify --deep' to find other damage"
            )
        }
        let bytes = try await archive.blobs.contents(of: digest)
        for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
            Terminal.write(Data(try bytes.array(start..<min(start + (1 << 20), bytes.count))))
        }
    }
}
