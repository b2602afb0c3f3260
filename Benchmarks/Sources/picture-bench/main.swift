import Foundation
import Glibc
import ImageCodecs
import Imaging

/// Processor time of this thread, in milliseconds.
func threadMilliseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
}

func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
}

func column(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
func number(_ value: Double) -> String { String(format: "%.1f", value) }

struct Picture: Sendable {
    var name: String
    var bytes: [UInt8]
    var pixels: Int
}

let folder = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "../shared/corpus"
let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
let pictures = names.compactMap { name -> Picture? in
    guard let data = FileManager.default.contents(atPath: folder + "/" + name) else { return nil }
    let bytes = [UInt8](data)
    guard let image = try? ImageDecoder.decode(bytes.span) else { return nil }
    return Picture(name: name, bytes: bytes, pixels: image.width * image.height)
}
guard !pictures.isEmpty else {
    FileHandle.standardError.write(Data("picture-bench: no PNG, JPEG or WebP file in \(folder)\n".utf8))
    exit(2)
}

/// The median processor time of five runs after one that does not count.
func time(_ body: () throws -> Void) rethrows -> Double {
    try body()
    var runs: [Double] = []
    for _ in 0..<5 {
        let start = threadMilliseconds()
        try body()
        runs.append(threadMilliseconds() - start)
    }
    return median(runs)
}

print(column("MEGAPIXELS", 10), column("DECODE ms", 10), column("WHOLE JOB ms", 13), " FILE")
var sum = 0.0
for picture in pictures {
    let decode = try time { _ = try ImageDecoder.decode(picture.bytes.span) }
    let job = try time { _ = try PictureInspector.inspect(picture.bytes.span) }
    sum += job
    print(
        column(number(Double(picture.pixels) / 1e6), 10), column(number(decode), 10), column(number(job), 13), " \(picture.name)")
}
print("whole job: decode strictly, thumbnail, preview, hashes, metadata; CPU time of one thread, median of 5")
print("mean of the \(pictures.count) files: \(number(sum / Double(pictures.count))) CPU ms a picture")

let processors = ProcessInfo.processInfo.activeProcessorCount
let rounds = 4
let start = ContinuousClock.now
DispatchQueue.concurrentPerform(iterations: pictures.count * rounds) { index in
    let bytes = pictures[index % pictures.count].bytes
    _ = try? PictureInspector.inspect(bytes.span)
}
let seconds = Double((ContinuousClock.now - start) / .milliseconds(1)) / 1000
print("\(number(Double(pictures.count * rounds) / seconds)) pictures a second on \(processors) processors")
