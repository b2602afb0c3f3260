package import Foundation

extension Decimal {
    /// Parses a decimal number without digit grouping: `0.05`, `12`, `-3.5`, and JSON's exponent notation such as `1e-3`.
    package init?(plain text: String) {
        let digits = text.utf8
        guard !digits.isEmpty, digits.count <= 40,
            text.wholeMatch(of: /-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?/) != nil,
            let value = Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")), value.isFinite
        else { return nil }
        self = value
    }

    /// In decimal notation, with a decimal point and without digit grouping: `0.085`.
    package var plain: String { description }

    /// With the default mode, halves are rounded to the even neighbour.
    func rounded(places: Int, _ mode: NSDecimalNumber.RoundingMode = .bankers) -> Decimal {
        var (value, result) = (self, Decimal())
        unsafe NSDecimalRound(&result, &value, places, mode)
        return result
    }

    /// One of `count` equal shares. If the value does not divide evenly, the first shares are larger by one unit of the last
    /// place.
    func part(_ index: Int, of count: Int, places: Int) -> Decimal {
        guard count > 1 else { return self }
        let share = (self / Decimal(count)).rounded(places: places, .down)
        let unit = Decimal(sign: .plus, exponent: -places, significand: 1)
        let rest = self - share * Decimal(count)
        let over = rest / unit
        // A remainder smaller than one unit goes to the first share, so that nothing is lost.
        let whole = over.rounded(places: 0, .down)
        let below = index == 0 ? rest - whole * unit : 0
        return share + (Decimal(index) < whole ? unit : 0) + below
    }

    /// `whole` with `tenths` tenths of it: a price class costs so many tenths of the base price.
    func times(tenths: Int) -> Decimal { self * Decimal(tenths) / 10 }
}
