/// Random numbers derived only from a seed and the name of a subject.
///
/// Each decision of the simulator uses a separate subject. The order and concurrency of requests therefore do not affect it. The
/// generator is SplitMix64, implemented here because the standard library does not guarantee a stable sequence.
struct Draw {
    private var state: UInt64

    init(seed: UInt64, _ subject: String, _ number: Int = 0) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in subject.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        state = hash ^ Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15) ^ Self.mix(UInt64(bitPattern: Int64(number)) &+ 1)
        state = Self.mix(state)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// A number in `0..<bound`.
    /// - Precondition: `bound` is positive.
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// A number in `0..<1`.
    mutating func fraction() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

    /// True with a probability of `count` in 1000.
    mutating func perThousand(_ count: Int) -> Bool { below(1000) < count }

    /// - Precondition: `items` is not empty.
    mutating func pick<Item>(_ items: [Item]) -> Item { items[below(items.count)] }

    /// A random item; the probability is proportional to its weight.
    /// - Precondition: The weights are not negative and their sum is positive.
    mutating func pick<Item>(weighted items: [(weight: Int, item: Item)]) -> Item {
        var rest = below(items.reduce(0) { $0 + $1.weight })
        for (weight, item) in items {
            if rest < weight { return item }
            rest -= weight
        }
        return items[items.count - 1].item
    }
}
