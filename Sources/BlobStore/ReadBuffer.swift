import ArchiveModel
import Glibc

/// A buffer for reading files, reused for file after file. It is large, so that the disk or the hash is the bottleneck.
@safe struct ReadBuffer: ~Copyable {
    fileprivate let memory: UnsafeMutableRawBufferPointer

    init() { unsafe memory = .allocate(byteCount: 1 << 20, alignment: 4096) }

    deinit { unsafe memory.deallocate() }
}

extension POSIXFile.Handle {
    /// Reads the whole file and hashes it.
    /// - Parameter leavesNoTrace: Whether to drop the file's pages from the page cache afterwards. Reading the whole archive must
    ///   not evict pages that other processes need.
    func reading(through buffer: borrowing ReadBuffer, leavesNoTrace: Bool) throws -> BlobHash {
        if try isHollow { return BlobHash(digest: nil, bytes: try size) }
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
        var hash = Digest.Accumulator()
        var count = 0
        while true {
            let got = unsafe pread(descriptor, buffer.memory.baseAddress, buffer.memory.count, off_t(count))
            if got < 0 {
                if errno == EINTR { continue }
                throw BlobStoreError.last("read", path)
            }
            if got == 0 { break }
            unsafe hash.update(UnsafeRawBufferPointer(rebasing: buffer.memory[..<got]))
            count += got
        }
        if leavesNoTrace { _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }
        return BlobHash(digest: hash.digest(), bytes: count)
    }
}
