/// Prompts of made-up words whose frequencies fall as those of a language do: the n-th word comes 1/n as often as the first.
struct PromptStock {
    let words: [String]
    private let cumulated: [Double]

    init(words count: Int, using random: inout SeededGenerator) {
        let onsets = "b c d f g h k l m n p r s t v w st tr pl gr ch sh".split(separator: " ")
        let vowels = "a e i o u ai ou ea".split(separator: " ")
        let ends = ["", "n", "r", "s", "t", "ing", "ed"]
        func pick<T>(_ list: [T]) -> T { list[Int(random.next() % UInt64(list.count))] }
        var words: [String] = []
        var seen: Set<String> = []
        while words.count < count {
            var word = ""
            for _ in 0...random.next() % 4 { word += pick(onsets) + pick(vowels) }
            word += pick(ends)
            if seen.insert(word).inserted { words.append(word) }
        }
        self.words = words
        var sum = 0.0
        cumulated = words.indices.map {
            sum += 1 / Double($0 + 2)
            return sum
        }
    }

    func prompt(using random: inout SeededGenerator) -> String {
        let count = 8 + Int(random.next() % 28)
        return (0..<count).map { _ in word(using: &random) }.joined(separator: " ")
    }

    private func word(using random: inout SeededGenerator) -> String {
        let wanted = Double(random.next() >> 11) / Double(1 << 53) * (cumulated.last ?? 0)
        var (low, high) = (0, cumulated.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulated[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return words[low]
    }
}

/// SplitMix64: the same seed gives the same catalog.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
