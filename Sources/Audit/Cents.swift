package import Foundation

/// Amounts for people: two places, with the thousands separated. Exact amounts are for programs.
package enum Cents {
    /// `1,234.57`
    package static func text(_ amount: Decimal) -> String { text(count: cents(amount)) }

    /// The nearest whole number of hundredths; halves go to the even neighbour.
    package static func cents(_ amount: Decimal) -> Int { Int(truncating: (amount * 100).rounded(places: 0) as NSDecimalNumber) }

    /// `1,234.57` for 123457 hundredths.
    package static func text(count: Int) -> String {
        var digits = String(count.magnitude / 100)
        for place in stride(from: digits.count - 3, to: 0, by: -3) {
            digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
        }
        let rest = count.magnitude % 100
        return "\(count < 0 ? "-" : "")\(digits).\(rest < 10 ? "0" : "")\(rest)"
    }
}

/// Rounds the lines of a table so that they add up to the rounded total: the method of the largest remainder.
///
/// Each line is rounded down to hundredths. The hundredths that are then missing go to the lines with the largest remainders, of
/// equal ones to the first. So no line is off by a hundredth or more, and lines that need no rounding stay as they are.
package struct CentRounding: Sendable {
    /// How many lines have each remainder.
    private var remainders: [Decimal: Int] = [:]
    private var total = Decimal.zero
    private var whole = 0

    package init() {}

    /// First, add all lines.
    package mutating func add(_ amount: Decimal) {
        let (cents, remainder) = Self.parts(amount)
        total += amount
        whole += cents
        remainders[remainder, default: 0] += 1
    }

    /// The rounded total.
    package var roundedTotal: Int { Cents.cents(total) }

    /// Then, round each line in the order of the table.
    package var lines: Lines {
        var missing = roundedTotal - whole
        var lines = Lines(limit: 1, left: 0)
        for (remainder, count) in remainders.sorted(by: { $0.key > $1.key }) where missing > 0 {
            lines.limit = remainder
            lines.left = min(missing, count)
            missing -= count
        }
        return lines
    }

    /// Rounds one line after the other.
    package struct Lines: Sendable {
        /// Lines with a larger remainder are rounded up, and of those with this remainder the next ``left`` ones.
        fileprivate var limit: Decimal
        fileprivate var left: Int

        package mutating func cents(_ amount: Decimal) -> Int {
            let (cents, remainder) = CentRounding.parts(amount)
            if remainder > limit { return cents + 1 }
            guard remainder == limit, left > 0 else { return cents }
            left -= 1
            return cents + 1
        }

        package mutating func text(_ amount: Decimal) -> String { Cents.text(count: cents(amount)) }
    }

    private static func parts(_ amount: Decimal) -> (cents: Int, remainder: Decimal) {
        let hundredths = amount * 100
        let floor = hundredths.rounded(places: 0, .down)
        // The mode rounds towards zero for negative numbers; amounts here are never negative.
        return (Int(truncating: floor as NSDecimalNumber), hundredths - floor)
    }
}
