// Inspects one file and prints the error's code and limit, or "picture", and by how many kilobytes the process grew at its
// peak. A process of its own, since the peak of a test runner says nothing.
import Glibc
import ImageCodecs
import Imaging

/// The highest resident size so far, in kilobytes.
func peak() -> Int {
    // Not `getrusage`, whose peak includes that of the parent before this program was started.
    let status = unsafe open("/proc/self/status", O_RDONLY)
    defer { close(status) }
    var text = [UInt8](repeating: 0, count: 4096)
    let count = unsafe read(status, &text, text.count)
    let lines = String(decoding: text.prefix(max(count, 0)), as: UTF8.self).split(separator: "\n")
    let words = lines.first { $0.hasPrefix("VmHWM:") }?.split(whereSeparator: \.isWhitespace) ?? []
    return words.count > 1 ? Int(words[1]) ?? 0 : 0
}

guard CommandLine.arguments.count == 2 else { exit(64) }
let file = unsafe open(CommandLine.arguments[1], O_RDONLY)
var status = stat()
guard file >= 0, unsafe fstat(file, &status) == 0, status.st_size > 0,
    let memory = unsafe mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, file, 0), unsafe memory != MAP_FAILED
else { exit(66) }
let before = peak()
let bytes = unsafe UnsafeBufferPointer(start: memory.assumingMemoryBound(to: UInt8.self), count: Int(status.st_size))
var result = "picture"
do throws(CodecError) {
    _ = try PictureInspector.inspect(unsafe Span(_unsafeElements: bytes))
} catch {
    result = error.code.rawValue + " " + (error.limit?.rawValue ?? "-")
}
print(result, before, peak())
