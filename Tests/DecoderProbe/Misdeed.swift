import DecoderPool
import Glibc
import ImageCodecs
import Imaging

/// What a decoder may do when a file has taken it over.
enum Misdeed {
    static func inspect(
        _ bytes: Span<UInt8>, recipe: DerivativeRecipe, limits: ImageLimits, declared: DigitalSourceType?
    ) throws(CodecError) -> InspectedPicture {
        let text = String(decoding: (0..<min(bytes.count, 64)).map { bytes[$0] }, as: UTF8.self)
        guard text.hasPrefix("misbehave:") else {
            return try DecodeWorker.inspectPicture(bytes, recipe, limits, declared)
        }
        let deed = String(text.dropFirst("misbehave:".count))
        if let lie = try lie(deed) { return lie }
        // What is let through is told, so that a test sees it.
        throw CodecError(.invalidRequest, nil, doIt(deed))
    }

    private static func doIt(_ deed: String) -> String {
        switch deed {
        case "segfault": return crash()
        case "abort": return endAbruptly { abort() }
        case "trap": return trap(deed.utf8.count)
        case "exit": return endAbruptly { _exit(0) }
        case "hang": return hang()
        case "allocate": return allocate()
        case "share": return share()
        case "garbage": return talkNonsense()
        case "pid": return "\(getpid())"
        case "environment": return environmentNames()
        case "descriptors": return openDescriptors()
        case "claim image/gif", "claim ../x": return claim(mediaType: String(deed.dropFirst(6)))
        default: return reachOut(deed)
        }
    }

    /// Answers by hand that the file is a whole one of another format.
    private static func claim(mediaType: String) -> String {
        let file = #"{"unread":{"_0":{"format":"gif","mediaType":"\#(mediaType)","reason":"a whole file"}}}"#
        let facts = Array(#"{"error":{"code":"unsupported","detail":"by hand"},"file":\#(file)}"#.utf8)
        // `Frame`: its magic number, the kind, and the length of the facts, all little-endian.
        let head = Array("FXF1".utf8) + [19, 0, 0, 0, UInt8(facts.count)] + [UInt8](repeating: 0, count: 23)
        let answer = head + facts
        return "\(unsafe write(3, answer, answer.count))"
    }

    private static func crash() -> String {
        unsafe UnsafeMutablePointer<Int>(bitPattern: 8)?.pointee = 1
        return "written"
    }

    private static func endAbruptly(_ end: () -> Void) -> String {
        end()
        return "there still"
    }

    private static func trap(_ index: Int) -> String { "\([1, 2][index])" }

    private static func hang() -> String {
        while getpid() > 0 {}
        return "over"
    }

    private static func share() -> String {
        while unsafe mmap(nil, 64 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED {}
        return "no more"
    }

    private static func talkNonsense() -> String {
        let garbage = [UInt8](repeating: 0x5A, count: 4096)
        return "\(unsafe write(3, garbage, garbage.count))"
    }

    private static func reachOut(_ deed: String) -> String {
        switch deed {
        case "socket": return "\(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))"
        case "open": return "\(unsafe open("/etc/hostname", O_RDONLY))"
        case "stat":
            var status = stat()
            return "\(unsafe stat("/etc/hostname", &status))"
        case "fork":
            typealias Fork = @convention(c) () -> Int32
            return unsafe dlsym(nil, "fork").map { unsafe "\(unsafeBitCast($0, to: Fork.self)())" } ?? "no fork"
        case "thread":
            var thread = pthread_t()
            return "\(unsafe pthread_create(&thread, nil, { _ in nil }, nil))"
        case "execute":
            var arguments: [UnsafeMutablePointer<CChar>?] = unsafe [nil]
            return "\(unsafe execv("/bin/true", &arguments))"
        case "signal": return "\(kill(getpid(), SIGTERM))"
        case "code": return "\(unsafe mmap(nil, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)"
        case "unlimit":
            var limit = rlimit(rlim_cur: 1 << 40, rlim_max: 1 << 40)
            return "\(unsafe setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit))"
        default: return "unknown deed"
        }
    }

    private static func allocate() -> String {
        var kept: [[UInt8]] = []
        while kept.count < 1 << 20 { kept.append([UInt8](repeating: 1, count: 4 << 20)) }
        return "\(kept.count)"
    }

    private static func environmentNames() -> String {
        var names: [Substring] = []
        var entry = unsafe environ
        while let variable = unsafe entry.pointee {
            unsafe names.append(contentsOf: String(cString: variable).split(separator: "=").prefix(1))
            unsafe entry += 1
        }
        return names.sorted().joined(separator: " ")
    }

    /// Those that can be read from, by reading nothing.
    private static func openDescriptors() -> String {
        (Int32(0)..<256).filter { read($0, nil, 0) == 0 }.map { "\($0)" }.joined(separator: " ")
    }

    // MARK: Lies

    /// What was made of a real picture, with one fact changed.
    private static func lie(_ deed: String) throws(CodecError) -> InspectedPicture? {
        guard deed.hasPrefix("lie-") else { return nil }
        let image = PixelImage(width: 8, height: 8, channels: 3, bytes: [UInt8](repeating: 9, count: 192))
        let file = try ImageEncoder.png(image)
        var picture = try PictureInspector.inspect(file.span)
        switch deed {
        case "lie-width": picture.header.width = .max
        case "lie-negative": picture.header.height = -8
        case "lie-trailing": picture.trailingBytes = .max
        case "lie-frames": picture.header.frameCount = .min
        case "lie-thumbnail": picture.thumbnail.bytes = Array("<script>alert(1)</script>".utf8)
        case "lie-preview": picture.preview.width = 100_000
        case "lie-recipe": picture.recipe.version = 99
        case "lie-note": picture.notes = ["\u{1B}]0;title\u{7}"]
        case "lie-length": picture.preview.bytes = [UInt8](repeating: 0xFF, count: 33 << 20)
        case "lie-orientation": picture.orientedWidth = 7
        default: return nil
        }
        return picture
    }
}
