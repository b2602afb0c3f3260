/// The head of a message between the pool and a worker. What follows it is as long as its numbers say.
struct Frame {
    enum Kind: UInt32 {
        /// Pool to worker: bytes of memory, bytes of address space, seconds of processor time.
        case limits = 1
        /// Pool to worker, with a descriptor: the picture's length, and that of the settings, which follow.
        case job = 2
        /// Worker to pool: it is shut in.
        case ready = 16
        /// Worker to pool: the length of the reason why it is not, which follows.
        case refused = 17
        /// Worker to pool: the lengths of the facts, the thumbnail and the preview, which follow.
        case picture = 18
        /// Worker to pool: the length of the error, which follows.
        case codecError = 19
    }

    static let byteCount = 32
    private static let magic: UInt32 = 0x3146_5846

    var kind: Kind
    var numbers: InlineArray<3, UInt64>

    init(_ kind: Kind, _ first: UInt64 = 0, _ second: UInt64 = 0, _ third: UInt64 = 0) {
        self.kind = kind
        numbers = [first, second, third]
    }

    /// `nil` for bytes that are no head.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, Self.number(bytes[0..<4]) == UInt64(Self.magic),
            let kind = UInt32(exactly: Self.number(bytes[4..<8])).flatMap(Kind.init(rawValue:))
        else { return nil }
        self.init(kind, Self.number(bytes[8..<16]), Self.number(bytes[16..<24]), Self.number(bytes[24..<32]))
    }

    var bytes: [UInt8] {
        var bytes = Self.littleEndian(UInt64(Self.magic), count: 4) + Self.littleEndian(UInt64(kind.rawValue), count: 4)
        for index in numbers.indices { bytes += Self.littleEndian(numbers[index], count: 8) }
        return bytes
    }

    /// A number that counts bytes; `nil` above `limit`.
    func length(_ index: Int, upTo limit: Int) -> Int? {
        Int(exactly: numbers[index]).flatMap { (0...limit).contains($0) ? $0 : nil }
    }

    private static func littleEndian(_ value: UInt64, count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
