import SizeContract

/// Selects the delivered size and format for a request.
enum DeliveryRule {
    /// The size of one delivery.
    ///
    /// Measured distribution, used with faults. Of 1000 requests:
    /// - 60 get the promised size;
    /// - 110 get the promised or the model's usual size, transposed (if not square);
    /// - 35 get 2048x2048;
    /// - 35 get 1024x1536 or 1536x1024;
    /// - the rest get the model's usual size for the orientation: 1254x1254, 1122x1402 or 1672x941, about 1.57 megapixels and not
    ///   in the table of sizes.
    ///
    /// Among the rest, a third of the requests with an aspect ratio of at least 2.2 get odd sizes that users have reported.
    static func size(for request: SizeRequest, profile: FaultProfile, draw: inout Draw) -> PixelSize {
        let expected = SizeContract.gptImage2.expectedSize(of: request)
        guard profile != .none else { return expected ?? draw.pick(modelsChoice) }
        let orientation = Orientation(expected)
        let number = draw.below(1000)
        switch number {
        case 0..<60: return expected ?? draw.pick(modelsChoice)
        case 60..<170:
            guard let expected, orientation != .square else { return orientation.usual }
            return draw.perThousand(500) ? expected.transposed : orientation.usual.transposed
        case 170..<205: return PixelSize(width: 2048, height: 2048)
        case 205..<240: return orientation.upright1536
        default: return oddOrUsual(expected, orientation, draw: &draw)
        }
    }

    /// The format of one delivery. Requests imply PNG.
    static func format(profile: FaultProfile, draw: inout Draw) -> PictureFormat {
        guard profile != .none else { return .png }
        return switch draw.below(1000) {
        case 0..<40: .webp
        case 40..<80: .jpeg
        default: .png
        }
    }

    private static func oddOrUsual(_ expected: PixelSize?, _ orientation: Orientation, draw: inout Draw) -> PixelSize {
        if let expected, expected.longSide * 10 >= expected.shortSide * 22, draw.perThousand(333) {
            return orientation == .landscape ? PixelSize(width: 1983, height: 793) : PixelSize(width: 864, height: 1821)
        }
        return draw.perThousand(100) ? Orientation.square.usual : orientation.usual
    }

    /// Sizes that `auto` may become without violating the documentation: 1K cells.
    private static let modelsChoice = [
        PixelSize(width: 1024, height: 1024), PixelSize(width: 1248, height: 832), PixelSize(width: 832, height: 1248),
    ]

    private enum Orientation {
        case square, portrait, landscape

        init(_ size: PixelSize?) {
            guard let size, size.width != size.height else {
                self = .square
                return
            }
            self = size.width > size.height ? .landscape : .portrait
        }

        var usual: PixelSize {
            switch self {
            case .square: PixelSize(width: 1254, height: 1254)
            case .portrait: PixelSize(width: 1122, height: 1402)
            case .landscape: PixelSize(width: 1672, height: 941)
            }
        }

        var upright1536: PixelSize {
            switch self {
            case .square, .portrait: PixelSize(width: 1024, height: 1536)
            case .landscape: PixelSize(width: 1536, height: 1024)
            }
        }
    }
}
