import Foundation

/// Times of the proleptic Gregorian calendar in UTC, computed without a calendar of the system.
struct CivilTime: Hashable {
    var year: Int
    var month: Int
    var day: Int
    var hour: Int
    var minute: Int
    var second: Int
    /// The digits after the decimal point, as written.
    var fraction: String = ""

    /// Refuses every field out of its range; a leap second is refused too.
    init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard (0...9999).contains(year), (1...12).contains(month), (0...23).contains(hour), (0...59).contains(minute),
            (0...59).contains(second)
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...days[month - 1]).contains(day) else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    /// UTCTime of RFC 5280: `YYMMDDHHMMSSZ`, where 50 to 99 are of the twentieth century.
    init?(utcTime bytes: ArraySlice<UInt8>) {
        guard bytes.count == 13, bytes.last == UInt8(ascii: "Z"), let fields = CivilTime.pairs(bytes.dropLast()) else {
            return nil
        }
        self.init(
            year: fields[0] < 50 ? 2000 + fields[0] : 1900 + fields[0], month: fields[1], day: fields[2], hour: fields[3],
            minute: fields[4], second: fields[5])
    }

    /// GeneralizedTime in DER: `YYYYMMDDHHMMSS[.f…]Z` without trailing zeros in the fraction.
    init?(generalizedTime bytes: ArraySlice<UInt8>, allowsFraction: Bool) {
        guard bytes.count >= 15, bytes.count <= 32, bytes.last == UInt8(ascii: "Z"),
            let fields = CivilTime.pairs(bytes.prefix(14))
        else { return nil }
        self.init(
            year: fields[0] * 100 + fields[1], month: fields[2], day: fields[3], hour: fields[4], minute: fields[5],
            second: fields[6])
        let rest = bytes.dropFirst(14).dropLast()
        guard let point = rest.first else { return }
        let digits = rest.dropFirst()
        guard allowsFraction, point == UInt8(ascii: "."), let last = digits.last, last != UInt8(ascii: "0"),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        fraction = String(decoding: digits, as: UTF8.self)
    }

    /// The form of RFC 3339 with seconds and `Z`, as trust lists write it: `2026-08-05T00:11:39Z`.
    init?(internetTime text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"), bytes[19] == UInt8(ascii: "Z"),
            let fields = CivilTime.pairs([0..<4, 5..<7, 8..<10, 11..<13, 14..<16, 17..<19].flatMap { bytes[$0] }[...])
        else { return nil }
        self.init(
            year: fields[0] * 100 + fields[1], month: fields[2], day: fields[3], hour: fields[4], minute: fields[5],
            second: fields[6])
    }

    /// Two digits each; `nil` when a byte is not a digit.
    private static func pairs(_ bytes: ArraySlice<UInt8>) -> [Int]? {
        var values: [Int] = []
        var high: Int?
        for byte in bytes {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let digit = Int(byte - UInt8(ascii: "0"))
            if let tens = high {
                values.append(tens * 10 + digit)
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? values : nil
    }

    /// Days are counted from March, so that the leap day is the last of its year.
    var date: Date {
        let shifted = month > 2 ? year : year - 1
        let monthFromMarch = (month + 9) % 12
        let days = 365 * shifted + floorDivide(shifted, 4) - floorDivide(shifted, 100) + floorDivide(shifted, 400)
        let ordinal = days + (153 * monthFromMarch + 2) / 5 + day - 1
        // 719,468 days lie between 1 March of year 0 and 1 January 1970.
        let seconds = (ordinal - 719_468) * 86_400 + hour * 3_600 + minute * 60 + second
        return Date(timeIntervalSince1970: Double(seconds) + (Double("0." + fraction) ?? 0))
    }

    private func floorDivide(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
    }

    /// `2026-05-06T10:02:43.408688Z`, with the fraction as it was written.
    var text: String {
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let day = "\(padded(year, 4))-\(padded(month, 2))-\(padded(self.day, 2))"
        let time = "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
        return "\(day)T\(time)\(fraction.isEmpty ? "" : "." + fraction)Z"
    }
}
