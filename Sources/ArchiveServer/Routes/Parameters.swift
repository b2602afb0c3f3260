import Foundation
import HTTPTypes
import Hummingbird

/// The query parameters of a request. Unknown, repeated and undecodable parameters are rejected.
struct Parameters {
    private var values: [String: String] = [:]

    init(_ request: Request, allowed: [String]? = nil) throws {
        for item in (request.uri.query ?? "").split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentDecoding.decoded(parts[0]),
                let value = PercentDecoding.decoded(parts.count > 1 ? parts[1] : "")
            else {
                throw PercentDecoding.problem
            }
            if let allowed, !allowed.contains(name) {
                throw Problem(
                    .badRequest, "The parameter '\(name.prefix(40))' is unknown. Use \(allowed.joined(separator: ", ")).")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Problem(.badRequest, "The parameter '\(name.prefix(40))' was given twice.")
            }
        }
    }

    subscript(name: String) -> String? { values[name] }

    /// - Parameter kind: Describes valid values, for the error message.
    func read<Value>(_ name: String, _ kind: String, _ parse: (String) -> Value?) throws -> Value? {
        guard let text = values[name] else { return nil }
        guard let value = parse(text) else { throw Problem(.badRequest, "The parameter '\(name)' is not \(kind).") }
        return value
    }
}

/// Decodes percent-encoded UTF-8; a NUL is rejected.
enum PercentDecoding {
    static let problem = Problem(.badRequest, "The URL contains a NUL character, or percent-encoding that is not UTF-8.")

    /// - Returns: The decoded text, with `+` read as a space, as in forms; `nil` if it can't be decoded.
    static func decoded(_ text: Substring) -> String? { plain(text.replacing("+", with: " ")) }

    /// - Returns: The percent-decoded text; `nil` if it can't be decoded.
    static func plain(_ text: some StringProtocol) -> String? {
        guard let plain = text.removingPercentEncoding, !plain.utf8.contains(0) else { return nil }
        return plain
    }
}

/// Rejects URLs that can't be decoded before they are used. Requests passed on to the upstream are not checked here.
struct PercentDecodingMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(_ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response) async throws
        -> Response
    {
        let isOurs = !request.uri.path.hasPrefix("/v1/")
        if isOurs, PercentDecoding.plain(request.uri.path) == nil || PercentDecoding.plain(request.uri.query ?? "") == nil {
            throw PercentDecoding.problem
        }
        return try await next(request, context)
    }
}

extension Date {
    /// Parses a complete RFC 3339 date-time (section 5.6): any offset, any fraction, lower-case letters, a leap second. A space
    /// may replace the `+` of an offset, since `+` in a query means a space.
    init?(rfc3339 text: String) {
        let form = /(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+\- ])(\d\d):(\d\d))/
        guard let match = text.wholeMatch(of: form), let year = Int(match.1), let month = Int(match.2), let day = Int(match.3),
            let hour = Int(match.4), let minute = Int(match.5), let second = Int(match.6), (1...12).contains(month),
            (1...Self.days(in: month, of: year)).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        let (hours, minutes) = (match.9.flatMap { Int($0) } ?? 0, match.10.flatMap { Int($0) } ?? 0)
        guard hours < 24, minutes < 60 else { return nil }
        let offset = (hours * 60 + minutes) * (match.8 == "-" ? -60 : 60)
        let fraction = match.7.flatMap { Double("0" + $0) } ?? 0
        // Days since 1970-01-01. Years begin in March, so that the leap day is the last day of the year.
        let shifted = month < 3 ? year - 1 + 400 : year + 400
        let ofYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + ofYear - (719_468 + 146_097)
        let seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset
        self.init(timeIntervalSince1970: Double(seconds) + fraction)
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        default: 31
        }
    }
}
