import ArchiveModel
import BlobStore
import BlockingThreads

/// Corrects a record in which one byte has changed. Line 2 of a record is the SHA-256 of the other lines. If changing a single
/// byte makes the SHA-256 match, this change is the only possible correction.
///
/// For each byte, all 255 other values are tried. This takes about a second for a record of 3 kB.
enum RecordMender {
    private static let threads = BlockingThreadPool(name: "records", width: 1)

    /// - Returns: `nil` when more than one byte has changed or the bytes never were a sealed record.
    static func mend(_ bytes: [UInt8]) async throws -> StoredRecord? {
        try await threads.run { find(bytes).flatMap { try? RecordFile.read($0) } }
    }

    /// The maximum record size in bytes. The time grows with the square of the size, so larger records are not tried.
    private static let largest = 64 << 10

    static func find(_ bytes: [UInt8]) -> [UInt8]? {
        let seal = RecordFile.seal
        guard (seal.upperBound..<largest).contains(bytes.count) else { return nil }
        var body = bytes
        body.removeSubrange(seal)
        // If the changed byte is in line 2 (the checksum), the stored checksum and the computed one differ in exactly one byte.
        let sealed = RecordFile.sealing(body)
        if zip(sealed, bytes).count(where: { $0 != $1 }) == 1 { return sealed }
        guard let stated = Digest(String(decoding: bytes[seal].dropFirst(15).prefix(64), as: UTF8.self)) else { return nil }
        return correct(&body, to: stated) ? RecordFile.sealing(body) : nil
    }

    private static func correct(_ body: inout [UInt8], to stated: Digest) -> Bool {
        // Hash everything before a 64-byte block only once for all bytes of the block.
        var before = Digest.Accumulator()
        for block in stride(from: 0, to: body.count, by: 64) {
            for position in block..<min(block + 64, body.count) {
                let found = body[position]
                for value in UInt8.min...UInt8.max where value != found {
                    body[position] = value
                    var hash = before
                    hash.update(body[block...])
                    if hash.digest() == stated { return true }
                }
                body[position] = found
            }
            before.update(body[block..<min(block + 64, body.count)])
        }
        return false
    }
}
