import FuzzArchiveModel

/// Reads the bytes as a record, as they are and with the seal that belongs to them, and traps where what was read can't be written, or
/// says something else when it is read again.
///
/// - Parameters:
///   - bytes: `count` bytes.
///   - count: The length in bytes.
@c(fixative_fuzz_record)
public func record(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
    check(bytes)
    if bytes.starts(with: Array("{\n".utf8)) { check(RecordFile.sealing(bytes)) }
    return 0
}

private func check(_ bytes: [UInt8]) {
    guard let record = try? RecordFile.read(bytes) else { return }
    do {
        let again = try RecordFile.read(try RecordFile.bytes(of: record))
        precondition(again.task == record.task, "the task has changed")
        precondition(again.day.iso8601 == record.day.iso8601, "the day has changed")
        guard case .output(let output) = record, case .output(let other) = again else { return }
        precondition(output.id == other.id && output.original == other.original, "the output has changed")
        precondition(OutputEntry(output).attempts == OutputEntry(other).attempts, "the number of tries has changed")
    } catch {
        preconditionFailure("what was read as a record can't be written and read again: \(error)")
    }
}
