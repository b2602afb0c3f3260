import ArchiveModel
package import NIOHTTP1

/// The content coding of a body could not be decoded.
package struct CodingError: Error {
    package var detail: String
    /// Whether the body exceeds a limit of this program. The vendor is then not the cause: the file is possibly complete.
    package var isOurLimit: Bool

    package init(detail: String, isOurLimit: Bool = false) {
        self.detail = detail
        self.isOurLimit = isOurLimit
    }
}

/// Decodes the content codings of a body, piece by piece (RFC 9110, section 8.4). The client asks for none, but some networks add
/// one.
///
/// If the header names a coding but the body is already a picture, the body passes unchanged. So it does under a name that is no
/// coding, such as the `aws-chunked` or `utf-8` that stores keep with an object: what the body is shows when it is read. Each call of ``next()`` decodes at
/// most one piece of at most 64 KiB. A decompression bomb therefore reaches the byte limit before it takes memory, and a body
/// that decodes to nothing can be cancelled.
package struct ContentDecoder {
    private static let mostCodings = 2
    private var stages: [CodingStage] = []
    private var isEnded = false

    /// - Parameter mostBytes: Maximum number of bytes that one stage may pass to the next. No file within the size limit needs
    ///   more.
    /// - Parameter refusesUnknown: Whether a name that is no known coding is an error: for bodies that must not pass unread.
    /// - Returns: `nil` for a body without a coding.
    /// - Throws: ``CodingError`` for too many codings.
    package init?(_ headers: HTTPHeaders, mostBytes: Int, refusesUnknown: Bool = false) throws(CodingError) {
        let all = headers["content-encoding"].flatMap { $0.split(separator: ",") }.map { name in
            name.drop { $0.isWhitespace }.prefix { !$0.isWhitespace }.lowercased()
        }.filter { !$0.isEmpty && $0 != "identity" }
        let names = all.filter { ContentCoding(name: $0) != nil }
        if refusesUnknown, let name = all.first(where: { ContentCoding(name: $0) == nil }) {
            throw CodingError(detail: "the body has the unknown content coding '\(name.prefix(40))', which was not requested")
        }
        guard !names.isEmpty else { return nil }
        // A Brotli stage holds up to 16 MiB of what it has decoded (RFC 7932, section 9.1), so one is enough for a download.
        guard names.count <= Self.mostCodings, names.count(where: { $0 == "br" }) <= 1 else {
            throw CodingError(
                detail: "the body has too many content codings: \(names.joined(separator: ", ").cut(to: 80))",
                isOurLimit: true)
        }
        // Codings are decoded in reverse order of application.
        stages = names.reversed().compactMap { ContentCoding(name: $0) }.map { CodingStage($0, mostBytes: mostBytes) }
    }

    /// Adds encoded bytes. Call ``next()`` until it returns `nil` before adding more.
    package func push(_ bytes: [UInt8]) { stages[0].push(bytes) }

    /// - Returns: Decoded bytes, empty if only an intermediate stage made progress; `nil` if more input is needed.
    package func next() throws(CodingError) -> [UInt8]? {
        // Start at the last stage, and go back to the first one that makes progress.
        for index in stages.indices.reversed() {
            guard let piece = try stages[index].pull() else { continue }
            guard index + 1 < stages.count else { return piece }
            try stages[index].count(piece)
            stages[index + 1].push(piece)
            return []
        }
        guard isEnded, let open = stages.first(where: { !$0.isOver }) else { return nil }
        open.end()
        return []
    }

    /// Ends the input. Then call ``next()`` until it returns `nil`, and check ``isComplete``.
    package mutating func end() { isEnded = true }

    /// Whether every coded stream is complete.
    package var isComplete: Bool { stages.allSatisfy(\.isComplete) }
}

enum ContentCoding {
    case gzip, deflate, brotli

    init?(name: String) {
        switch name {
        case "gzip", "x-gzip": self = .gzip
        case "deflate": self = .deflate
        case "br": self = .brotli
        default: return nil
        }
    }
}

/// One stage of the decoder, for one coding. Not safe for concurrent use.
private final class CodingStage {
    /// Bytes needed to tell a coded stream from a picture file.
    private static let headBytes = 12

    private let coding: ContentCoding
    private var head: [UInt8] = []
    private(set) var isOver = false
    private var stream: (any CodedStream)?
    /// Bytes that a pass-through stage returns unchanged.
    private var passing: [UInt8]?
    private var isPlain = false
    private var bytesLeft: Int

    init(_ coding: ContentCoding, mostBytes: Int) {
        self.coding = coding
        bytesLeft = mostBytes
    }

    /// Counts bytes passed to the next stage.
    func count(_ piece: [UInt8]) throws(CodingError) {
        bytesLeft -= piece.count
        guard bytesLeft >= 0 else {
            throw CodingError(
                detail: "the body exceeds the size limit when one of its content codings is decoded", isOurLimit: true)
        }
    }

    func push(_ bytes: [UInt8]) {
        if isPlain {
            passing = (passing ?? []) + bytes
        } else if let stream {
            stream.push(bytes)
        } else {
            head += bytes
            if head.count >= Self.headBytes { decide() }
        }
    }

    func end() {
        isOver = true
        if stream == nil, !isPlain, !head.isEmpty { decide() }
    }

    func pull() throws(CodingError) -> [UInt8]? {
        if isPlain {
            defer { passing = nil }
            return passing
        }
        return try stream?.pull()
    }

    var isComplete: Bool { isPlain || stream?.isComplete == true }

    private func decide() {
        if FileSignature.isFile(head) {
            isPlain = true
            passing = head
        } else {
            let stream: any CodedStream =
                switch coding {
                case .gzip: InflateStream(.gzip)
                case .deflate: InflateStream(FileSignature.isZlib(head) ? .zlib : .raw)
                case .brotli: BrotliStream()
                }
            stream.push(head)
            self.stream = stream
        }
        head = []
    }
}

/// Signatures of the file types that vendors deliver.
private enum FileSignature {
    static func isFile(_ bytes: [UInt8]) -> Bool {
        func has(_ text: [UInt8], at offset: Int = 0) -> Bool { bytes.dropFirst(offset).starts(with: text) }
        let isPicture = has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) || has([0xFF, 0xD8, 0xFF])
        let isWebP = has(Array("RIFF".utf8)) && has(Array("WEBP".utf8), at: 8)
        // AVIF, HEIC and MP4 share one container format.
        return isPicture || isWebP || has(Array("GIF8".utf8)) || has(Array("ftyp".utf8), at: 4)
    }

    /// Checks for a zlib header (RFC 1950, section 2.2). Without one, `deflate` means raw deflate (RFC 1951), which some servers
    /// send.
    static func isZlib(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 2 else { return false }
        return bytes[0] & 15 == 8 && (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0
    }
}

/// A decoder for one coded stream.
protocol CodedStream: AnyObject {
    func push(_ bytes: [UInt8])
    /// - Returns: Decoded bytes, empty if input was consumed without output; `nil` if more input is needed.
    func pull() throws(CodingError) -> [UInt8]?
    var isComplete: Bool { get }
}
