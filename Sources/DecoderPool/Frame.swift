/// The header of a message between the pool and a worker. Its numbers give the lengths of the data that follows.
struct Frame {
    enum Kind: UInt32 {
        /// Pool to worker: bytes of memory, bytes of address space, seconds of CPU time.
        case limits = 1
        /// Pool to worker, with a file descriptor: the length of the picture, the length of the settings that follow, and the time in
        /// milliseconds since 1970 for the check of its Content Credentials; 0 for no check.
        case job = 2
        /// Like ``job``, but only the Content Credentials are checked.
        case check = 3
        /// Worker to pool: the sandbox is active.
        case ready = 16
        /// Worker to pool: the sandbox could not be set up. The number is the length of the reason that follows.
        case refused = 17
        /// Worker to pool: the lengths of the facts, the thumbnail and the preview, which follow in this order.
        case picture = 18
        /// Worker to pool: the length of the ``RefusedPicture`` that follows.
        case notDecoded = 19
        /// Worker to pool: the length of the ``CredentialEvidence`` that follows.
        case evidence = 20
    }

    static let byteCount = 32
    private static let magic: UInt32 = 0x3146_5846

    var kind: Kind
    var numbers: InlineArray<3, UInt64>

    init(_ kind: Kind, _ first: UInt64 = 0, _ second: UInt64 = 0, _ third: UInt64 = 0) {
        self.kind = kind
        numbers = [first, second, third]
    }

    /// Returns `nil` if the bytes are not a valid frame.
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

    /// A number that is a length in bytes; `nil` if it exceeds `limit`.
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
