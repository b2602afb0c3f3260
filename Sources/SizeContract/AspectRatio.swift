/// A nominal ratio of width to height, such as 16:9.
public struct AspectRatio: Sendable, Hashable {
    public let width: Int
    public let height: Int

    /// - Precondition: Both terms are in `1...9999`.
    public init(_ width: Int, _ height: Int) {
        precondition((1...9999).contains(width) && (1...9999).contains(height))
        self.width = width
        self.height = height
    }

    /// Parses `W:H`, with spaces allowed around both numbers; returns `nil` for anything else.
    ///
    /// The terms are kept as written: `32:18` does not equal `16:9`, because the API lists its ratios in this literal form.
    public init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = decimal(parts[0], digits: 4), let height = decimal(parts[1], digits: 4),
            width > 0, height > 0
        else { return nil }
        self.init(width, height)
    }

    /// The ratio with width and height swapped.
    public var transposed: AspectRatio { AspectRatio(height, width) }
}

extension AspectRatio: CustomStringConvertible {
    public var description: String { "\(width):\(height)" }
}

/// Parses at most `digits` ASCII digits with optional white space around them; returns `nil` for anything else.
func decimal(_ text: some StringProtocol, digits: Int) -> Int? {
    let run = trimmed(text)
    guard !run.isEmpty, run.utf8.count <= digits, run.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(run)
}
