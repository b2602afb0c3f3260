/// The control chunks of an animated PNG (PNG, third edition, sections 11.3.6 and 12).
///
/// Section 13.1: if they are invalid, the file is a still picture.
enum PNGAnimation: Equatable {
    case none
    case sound(frames: Int)
    /// Describes the problem.
    case senseless(String)

    /// Reads the control chunks of the whole file; pixel data of the frames is ignored.
    init(_ bytes: Span<UInt8>) {
        var reader = PNGAnimationReader(width: bytes.bigEndian(4, at: 16) ?? 0, height: bytes.bigEndian(4, at: 20) ?? 0)
        var chunks = PNGChunks()
        while reader.problem == nil, let chunk = chunks.next(in: bytes) { reader.read(bytes, chunk) }
        self = reader.verdict
    }
}

private struct PNGAnimationReader {
    let width: Int
    let height: Int
    private(set) var problem: String?
    private var declaredFrames: Int?
    private var frames = 0
    private var nextSequence = 0
    private var hasData = false
    /// The current frame needs fdAT chunks, and none has arrived yet.
    private var awaitsData = false
    /// True from an fcTL after IDAT on, while its fdAT chunks may follow.
    private var isInFrame = false

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    var verdict: PNGAnimation {
        if let problem { return .senseless(problem) }
        guard let declaredFrames else { return frames > 0 ? .senseless("fcTL without acTL") : .none }
        if awaitsData { return .senseless("the last frame has no data") }
        guard declaredFrames == frames else {
            return .senseless("\(declaredFrames) frames are declared, \(frames) are there")
        }
        return .sound(frames: frames)
    }

    mutating func read(_ bytes: Span<UInt8>, _ chunk: PNGChunks.Chunk) {
        switch chunk.name {
        case "IDAT": hasData = true
        case "acTL", "fcTL", "fdAT":
            guard chunk.isSound(in: bytes) else { return fail("\(chunk.name) has a wrong CRC") }
            switch chunk.name {
            case "acTL": readControl(bytes, chunk.body)
            case "fcTL": readFrame(bytes, chunk.body)
            default: readData(bytes, chunk.body)
            }
        default: break
        }
    }

    private mutating func fail(_ problem: String) { self.problem = problem }

    private mutating func readControl(_ bytes: Span<UInt8>, _ body: Range<Int>) {
        if declaredFrames != nil { return fail("acTL comes twice") }
        if hasData { return fail("acTL comes after the picture") }
        guard body.count == 8, let count = bytes.bigEndian(4, at: body.lowerBound) else {
            return fail("acTL has the wrong length")
        }
        guard 1...0x7FFF_FFFF ~= count else { return fail("\(count) frames are declared") }
        declaredFrames = count
    }

    private mutating func readFrame(_ bytes: Span<UInt8>, _ body: Range<Int>) {
        guard body.count == 26 else { return fail("fcTL has the wrong length") }
        guard readSequence(bytes, body) else { return }
        if awaitsData { return fail("a frame has no data") }
        if !hasData, frames > 0 { return fail("two fcTL come before the picture") }
        let fields = (1...4).compactMap { bytes.bigEndian(4, at: body.lowerBound + 4 * $0) }
        let (frameWidth, frameHeight, x, y) = (fields[0], fields[1], fields[2], fields[3])
        guard frameWidth > 0, frameHeight > 0, x <= width - frameWidth, y <= height - frameHeight else {
            return fail("a frame lies outside the picture")
        }
        // The first frame, if its pixels are in IDAT, must cover the whole picture.
        guard hasData || (frameWidth == width && frameHeight == height) else { return fail("the first frame is not the picture") }
        guard bytes[body.lowerBound + 24] <= 2, bytes[body.lowerBound + 25] <= 1 else {
            return fail("fcTL contains an unknown operation")
        }
        frames += 1
        awaitsData = hasData
        isInFrame = hasData
    }

    private mutating func readData(_ bytes: Span<UInt8>, _ body: Range<Int>) {
        guard body.count >= 4 else { return fail("fdAT has the wrong length") }
        guard readSequence(bytes, body) else { return }
        guard isInFrame else { return fail("fdAT without fcTL") }
        awaitsData = false
    }

    private mutating func readSequence(_ bytes: Span<UInt8>, _ body: Range<Int>) -> Bool {
        guard bytes.bigEndian(4, at: body.lowerBound) == nextSequence else {
            fail("the chunks of the animation are out of sequence")
            return false
        }
        nextSequence += 1
        return true
    }
}
