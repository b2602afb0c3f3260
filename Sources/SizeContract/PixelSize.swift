/// The two sides of a picture, in pixels.
public struct PixelSize: Sendable, Hashable {
    public var width: Int
    public var height: Int

    /// - Parameters:
    ///   - width: Pixels from left to right, at least 1 and at most ``maximumSide``.
    ///   - height: Pixels from top to bottom, with the same bounds.
    /// - Precondition: Both sides are in `1...maximumSide`, so that a product of two sides does not overflow.
    public init(width: Int, height: Int) {
        precondition((1...Self.maximumSide).contains(width) && (1...Self.maximumSide).contains(height))
        self.width = width
        self.height = height
    }

    /// The longest side that this module supports, in pixels: 2^31 - 1, the limit of the PNG format.
    public static let maximumSide = 2_147_483_647

    /// The number of pixels.
    public var pixels: Int { width * height }

    /// The size with width and height swapped.
    public var transposed: PixelSize { PixelSize(width: height, height: width) }

    public var longSide: Int { max(width, height) }
    public var shortSide: Int { min(width, height) }
}

extension PixelSize: CustomStringConvertible {
    /// `WIDTHxHEIGHT`, the notation of the API for an explicit size.
    public var description: String { "\(width)x\(height)" }
}
