import Hummingbird

/// The query parameters of a request.
struct QueryItems {
    private let values: [String: String]

    init(_ request: Request) {
        values = Dictionary(
            request.uri.queryParameters.map { (String($0.key), String($0.value)) }, uniquingKeysWith: { first, _ in first })
    }

    /// The first value with this name.
    subscript(name: String) -> String? { values[name] }

    var all: [String: String] { values }

    /// A whole number; `nil` if the parameter is missing or empty.
    func number(_ name: String, in range: ClosedRange<Int>) throws(SimulatedAPIError) -> Int? {
        guard let text = values[name], !text.isEmpty else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .invalidRequest(
                "\(name) is not a whole number from \(range.lowerBound) to \(range.upperBound)", param: name)
        }
        return number
    }
}
