extension PixelSize: Codable {
    private enum CodingKeys: String, CodingKey { case width, height }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(width, forKey: .width)
        try values.encode(height, forKey: .height)
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func side(_ key: CodingKeys) throws -> Int {
            let side = try values.decode(Int.self, forKey: key)
            guard (1...Self.maximumSide).contains(side) else {
                throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "a side of \(side) pixels")
            }
            return side
        }
        self.init(width: try side(.width), height: try side(.height))
    }
}

extension Tier: Codable {}
extension Verdict: Codable {}

extension PriceMultiplier: Codable {
    /// Encoded as a decimal number with one decimal place.
    public init(from decoder: any Decoder) throws {
        let factor = try decoder.singleValueContainer().decode(Double.self)
        guard factor.magnitude < 1e6 else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a price factor of \(factor)"))
        }
        self.init(tenths: Int((factor * 10).rounded()))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Double(tenths) / 10)
    }
}

extension AspectRatio: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let ratio = AspectRatio(parsing: text) else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not a ratio"))
        }
        self = ratio
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
