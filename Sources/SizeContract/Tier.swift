/// A price class for pictures.
public enum Tier: String, Sendable, Hashable, CaseIterable, Comparable {
    case oneK = "1K"
    case twoK = "2K"
    case fourK = "4K"

    /// Parses `1K`, `2K` or `4K`, in either case and with optional spaces around it; returns `nil` for anything else.
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

/// A factor of the base price, stored in tenths so that sums are exact.
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

/// Removes white space from both ends of `text`.
func trimmed(_ text: some StringProtocol) -> String {
    let start = text.drop(while: \.isWhitespace)
    return String(start.reversed().drop(while: \.isWhitespace).reversed())
}
