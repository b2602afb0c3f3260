/// A price class of pictures.
public enum Tier: String, Sendable, Hashable, CaseIterable, Comparable {
    case oneK = "1K"
    case twoK = "2K"
    case fourK = "4K"

    /// Reads `1K`, `2K` or `4K`, in either case and with spaces around it; anything else is `nil`.
    public init?(parsing text: some StringProtocol) {
        switch trimmed(text).uppercased() {
        case "1K": self = .oneK
        case "2K": self = .twoK
        case "4K": self = .fourK
        default: return nil
        }
    }

    private var rank: Int {
        switch self {
        case .oneK: 1
        case .twoK: 2
        case .fourK: 4
        }
    }

    public static func < (left: Tier, right: Tier) -> Bool { left.rank < right.rank }
}

extension Tier: CustomStringConvertible {
    public var description: String { rawValue }
}

/// A factor on the base price, held in tenths so that sums of it are exact.
public struct PriceMultiplier: Sendable, Hashable, Comparable {
    /// Ten times the factor: 17 is a factor of 1.7.
    public let tenths: Int

    public init(tenths: Int) { self.tenths = tenths }

    public static let zero = PriceMultiplier(tenths: 0)

    public static func < (left: Self, right: Self) -> Bool { left.tenths < right.tenths }
    public static func + (left: Self, right: Self) -> Self { Self(tenths: left.tenths + right.tenths) }
    public static func - (left: Self, right: Self) -> Self { Self(tenths: left.tenths - right.tenths) }
}

extension PriceMultiplier: CustomStringConvertible {
    /// The factor in decimal notation with one place: `1.7`.
    public var description: String {
        let sign = tenths < 0 ? "-" : ""
        return "\(sign)\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
    }
}

/// `text` without the white space around it.
func trimmed(_ text: some StringProtocol) -> String {
    let start = text.drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
}
