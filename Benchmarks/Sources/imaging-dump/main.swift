import Foundation
import ImageCodecs
import Imaging

// Shows other programs what ours sees and makes, for `Tests/Interop` and `peers/encoders.py`. Reads commands from standard input,
// one a line, words apart by one space, and answers each with one line, which begins with `error` where the work failed.
//
//     verdict PATH                     strict decoding: `ok TRAILING_BYTES`
//     notes PATH                       frames, and how many things about the metadata were noted
//     pixels PATH TARGET               `WIDTH HEIGHT CHANNELS`; TARGET gets the rows, 8 bits a sample, without gaps
//     resized PATH SIDE TARGET         the same, resized as a derivative is
//     derivatives PATH FOLDER          the whole inspection: FOLDER gets `thumbnail` and `preview`; their formats
//     jpeg PATH QUALITY full|half plain|optimized|progressive TARGET      encodes the pixels of PATH: CPU milliseconds
//     webp PATH QUALITY lossy|lossless METHOD TARGET                      the same
//     png PATH TARGET                                                     the same
//     versions                         the codec libraries

struct Failure: Error, CustomStringConvertible {
    var description: String
}

struct Nothing: RowSink {
    mutating func begin(_ header: ImageHeader, channels: Int) {}
    mutating func receive(_ row: Span<UInt8>) {}
}

struct Words {
    private var rest: ArraySlice<String>

    init(_ line: String) { rest = line.split(separator: " ").map(String.init)[...] }

    mutating func next(_ meaning: String) throws -> String {
        guard let word = rest.popFirst() else { throw Failure(description: "\(meaning) is missing") }
        return word
    }

    mutating func number(_ meaning: String) throws -> Int {
        let word = try next(meaning)
        guard let number = Int(word) else { throw Failure(description: "\(meaning) is \(word), not a number") }
        return number
    }
}

/// The last picture, which is often asked for again with other settings.
struct Pictures {
    private var known: (path: String, image: PixelImage)?

    mutating func image(_ path: String) throws -> PixelImage {
        if let known, known.path == path { return known.image }
        let bytes = try contents(path)
        let image = try ImageDecoder.decode(bytes.span)
        known = (path, image)
        return image
    }
}

func contents(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }
func write(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

func write(_ image: PixelImage, _ path: String) throws -> String {
    try write(image.bytes, path)
    return "\(image.width) \(image.height) \(image.channels)"
}

func threadMilliseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
}

/// Writes what `encode` makes and answers with the median time of three runs.
func timed(_ target: String, _ encode: () throws -> [UInt8]) throws -> String {
    let times = try (0..<3).map { _ in
        let start = threadMilliseconds()
        let bytes = try encode()
        let time = threadMilliseconds() - start
        try write(bytes, target)
        return time
    }
    return String(times.sorted()[1])
}

func jpegSettings(_ words: inout Words) throws -> JPEGSettings {
    let quality = try words.number("the quality")
    let chroma: JPEGSettings.Chroma = try words.next("the chroma") == "half" ? .half : .full
    let coding = try words.next("the coding")
    return JPEGSettings(
        quality: quality, chroma: chroma, optimizesHuffman: coding != "plain", isProgressive: coding == "progressive")
}

func webpSettings(_ words: inout Words) throws -> WebPSettings {
    let quality = try words.number("the quality")
    let isLossless = try words.next("lossy or lossless") == "lossless"
    return WebPSettings(quality: quality, isLossless: isLossless, effort: try words.number("the method"))
}

func answer(_ line: String, _ pictures: inout Pictures) throws -> String {
    var words = Words(line)
    let command = try words.next("a command")
    if command == "versions" {
        return CodecLibraries.versions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
    let path = try words.next("a path")
    switch command {
    case "verdict":
        let bytes = try contents(path)
        var sink = Nothing()
        return "ok \(try ImageDecoder.decode(bytes.span, into: &sink).trailingBytes)"
    case "notes":
        let bytes = try contents(path)
        let (header, metadata) = (try HeaderParser.parse(bytes.span), MetadataReader.read(bytes.span))
        return "\(header.frameCount) \(metadata.unreadable.count + metadata.contradictions.count)"
    case "pixels":
        return try write(try pictures.image(path), try words.next("a target"))
    case "resized":
        let image = try pictures.image(path)
        let size = ImageResizer.fitted(width: image.width, height: image.height, side: try words.number("the side"))
        return try write(
            ImageResizer.resize(image, width: size.width, height: size.height), try words.next("a target"))
    case "derivatives":
        let bytes = try contents(path)
        let picture = try PictureInspector.inspect(bytes.span)
        let folder = try words.next("a folder")
        try write(picture.thumbnail.bytes, folder + "/thumbnail")
        try write(picture.preview.bytes, folder + "/preview")
        return "\(picture.thumbnail.format.rawValue) \(picture.preview.format.rawValue)"
    case "jpeg":
        let image = try pictures.image(path)
        let settings = try jpegSettings(&words)
        return try timed(try words.next("a target")) { try ImageEncoder.jpeg(image, settings) }
    case "webp":
        let image = try pictures.image(path)
        let settings = try webpSettings(&words)
        return try timed(try words.next("a target")) { try ImageEncoder.webp(image, settings) }
    case "png":
        let image = try pictures.image(path)
        return try timed(try words.next("a target")) { try ImageEncoder.png(image) }
    default:
        throw Failure(description: "unknown command \(command)")
    }
}

var pictures = Pictures()
while let line = readLine() {
    do {
        print(try answer(line, &pictures))
    } catch let error as CodecError {
        print("error \(error.code) \(error)")
    } catch {
        print("error \(error)")
    }
    fflush(nil)
}
