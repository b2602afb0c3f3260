import CLibpngDecode
import Crypto
import Foundation
import ImageCodecs
import Imaging
import Synchronization

// Reads commands from standard input, one a line, and answers each with one line, so that another program can take turns with
// this one. Files are read once, outside of all measurements.
//
//     job PATH          the main job, SHA-256 included: CPU milliseconds
//     decode PATH       strict decoding alone: CPU milliseconds
//     libpng PATH       decoding by Debian's libpng: CPU milliseconds
//     save PATH DIR     the job's derivatives as files DIR/512 and DIR/1280
//     memory PATH       the job in a process that does nothing else: KiB above what was used before
//     folder DIR        the job on every file of a folder, once each, with as many threads as there are cores: seconds
//     throughput PATH   pictures a second of one thread and of two, taken in turns

struct Failure: Error, CustomStringConvertible {
    var description: String
}

struct Nothing: RowSink {
    mutating func begin(_ header: ImageHeader, channels: Int) {}
    mutating func receive(_ row: Span<UInt8>) {}
}

func job(_ bytes: [UInt8]) throws -> InspectedPicture {
    _ = SHA256.hash(data: bytes)
    return try PictureInspector.inspect(bytes.span)
}

func milliseconds(_ clock: clockid_t, _ body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
    }
    let start = now()
    try body()
    return now() - start
}

/// A line of `/proc/self/status`, in KiB. Not `getrusage`: its peak is inherited from the program that started us.
func statusKiB(_ name: String) throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name + ":") }),
        let value = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
    else { throw Failure(description: "/proc/self/status has no \(name)") }
    return value
}

/// How much more memory `body` has at its peak than was there before, in KiB.
func growthKiB(_ body: () throws -> Void) throws -> Int {
    // Forgets the peak of reading the file.
    try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
    let before = try statusKiB("VmRSS")
    try body()
    return try statusKiB("VmHWM") - before
}

/// Pictures a second of `threads` threads that do the job for about a second each.
func throughput(_ bytes: [UInt8], threads: Int) throws -> Double {
    let repeats = 40
    let elapsed = milliseconds(CLOCK_MONOTONIC) {
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            for _ in 0..<repeats { _ = try? job(bytes) }
        }
    }
    return Double(threads * repeats) / elapsed * 1000
}

/// Seconds that the job takes on each of `pictures` once, on all cores.
func seconds(_ pictures: [[UInt8]]) -> Double {
    let next = Atomic(0)
    return milliseconds(CLOCK_MONOTONIC) {
        DispatchQueue.concurrentPerform(iterations: ProcessInfo.processInfo.activeProcessorCount) { _ in
            while case let index = next.add(1, ordering: .relaxed).oldValue, index < pictures.count {
                _ = try? job(pictures[index])
            }
        }
    } / 1000
}

/// The files that have been asked for, so that none is read twice.
struct Files {
    private var known: [String: [UInt8]] = [:]

    mutating func contents(_ path: String) throws -> [UInt8] {
        if let bytes = known[path] { return bytes }
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        known[path] = bytes
        return bytes
    }
}

func answer(_ words: [String], _ files: inout Files) throws -> String {
    guard words.count >= 2 else { throw Failure(description: "a command and a path are needed") }
    if words[0] == "folder" {
        let names = try FileManager.default.contentsOfDirectory(atPath: words[1]).sorted()
        return String(seconds(try names.map { try files.contents(words[1] + "/" + $0) }))
    }
    let bytes = try files.contents(words[1])
    switch words[0] {
    case "job":
        return String(try milliseconds(CLOCK_PROCESS_CPUTIME_ID) { _ = try job(bytes) })
    case "decode":
        return String(
            try milliseconds(CLOCK_PROCESS_CPUTIME_ID) {
                var sink = Nothing()
                try ImageDecoder.decode(bytes.span, into: &sink)
            })
    case "libpng":
        return String(
            try milliseconds(CLOCK_PROCESS_CPUTIME_ID) {
                guard libpng_decode(bytes, bytes.count) == 1 else { throw Failure(description: "libpng refused") }
            })
    case "save":
        guard words.count == 3 else { throw Failure(description: "save needs a folder") }
        let picture = try job(bytes)
        let folder = URL(fileURLWithPath: words[2])
        try Data(picture.thumbnail.bytes).write(to: folder.appendingPathComponent("512"))
        try Data(picture.preview.bytes).write(to: folder.appendingPathComponent("1280"))
        return "saved"
    case "memory":
        return String(try growthKiB { _ = try job(bytes) })
    case "throughput":
        // Each pair is measured side by side; the pair in the middle stands for all.
        let pairs = try (0..<9).map { _ in (try throughput(bytes, threads: 1), try throughput(bytes, threads: 2)) }
        let (one, two) = pairs.sorted { $0.1 / $0.0 < $1.1 / $1.0 }[pairs.count / 2]
        return "\(one) \(two)"
    default:
        throw Failure(description: "unknown command \(words[0])")
    }
}

var files = Files()
while let line = readLine() {
    do {
        print(try answer(line.split(separator: " ").map(String.init), &files))
    } catch {
        print("error \(error)")
    }
    fflush(nil)
}
