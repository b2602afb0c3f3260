/// A colour space that a PNG defines by numbers: `cICP` code points, or `gAMA` and `cHRM`.
struct NumberedSpace {
    /// White, red, green and blue in CIE xy.
    let chromaticities: [(x: Double, y: Double)]
    let transfer: TransferFunction
    /// Narrow range: black is at 16 of 255 and white at 235 (ITU-T H.273, equations 8 to 10). Otherwise they are at 0 and the
    /// maximum.
    var isNarrow = false

    private static let sRGB: [(x: Double, y: Double)] = [(0.3127, 0.3290), (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)]

    /// Linear light for evenly spaced values from 0 to 1, as 16-bit integers.
    func table(bitDepth: Int) -> [UInt16] {
        // At every depth, narrow range starts at 16/256 and spans 219/256 of the values.
        let (step, largest) = (Double(1 << (max(bitDepth, 8) - 8)), Double((1 << max(bitDepth, 8)) - 1))
        return (0...4095).map { index in
            var signal = Double(index) / 4095
            if isNarrow { signal = min(max((signal * largest - 16 * step) / (219 * step), 0), 1) }
            return UInt16((65_535 * min(max(transfer.light(signal), 0), 1)).rounded())
        }
    }

    /// The space defined by a `gAMA` and a `cHRM` chunk.
    ///
    /// - Parameters:
    ///   - gamma: The encoding exponent times 100,000; nil means the curve of sRGB.
    ///   - values: x and y of white, red, green and blue times 100,000; nil means those of sRGB.
    /// - Returns: Nil if the numbers do not define a valid space.
    init?(gamma: Int?, chromaticities values: [Int]?) {
        if let gamma {
            guard gamma > 0, gamma <= 10_000_000 else { return nil }
            transfer = .power(100_000 / Double(gamma))
        } else {
            transfer = .sRGB
        }
        guard let values else {
            chromaticities = Self.sRGB
            return
        }
        guard values.count == 8 else { return nil }
        let pairs = stride(from: 0, to: 8, by: 2).map { (x: Double(values[$0]) / 100_000, y: Double(values[$0 + 1]) / 100_000) }
        let ((redX, redY), (greenX, greenY), (blueX, blueY)) = (pairs[1], pairs[2], pairs[3])
        let area = (greenX - redX) * (blueY - redY) - (blueX - redX) * (greenY - redY)
        guard pairs.allSatisfy({ $0.y > 0 && $0.x + $0.y <= 1 }), abs(area) > 1e-4 else { return nil }
        chromaticities = pairs
    }

    /// The space of a `cICP` chunk (ITU-T H.273, tables 2 and 3).
    ///
    /// - Parameter codePoints: Colour primaries, transfer function, matrix coefficients, full range flag.
    /// - Returns: Nil for code points that are reserved, unspecified, or not for RGB.
    init?(codePoints: [Int]) {
        guard codePoints.count == 4, codePoints[2] == 0, 0...1 ~= codePoints[3],
            let chromaticities = Self.primaries(codePoints[0]), let transfer = TransferFunction(code: codePoints[1])
        else { return nil }
        self.chromaticities = chromaticities
        self.transfer = transfer
        isNarrow = codePoints[3] == 0
    }

    private static func primaries(_ code: Int) -> [(x: Double, y: Double)]? {
        let (d65, c) = ((x: 0.3127, y: 0.3290), (x: 0.310, y: 0.316))
        return switch code {
        case 1: sRGB
        case 4: [c, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)]
        case 5: [d65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)]
        case 6, 7: [d65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)]
        case 8: [c, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)]
        case 9: [d65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)]
        case 11: [(0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)]
        case 12: [d65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)]
        case 22: [d65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)]
        default: nil
        }
    }

    /// Whether the chunks stand for sRGB: a gamma of 45455 and the primaries of sRGB, where present. Section 11.3.2.5 of the PNG
    /// specification tells writers of an `sRGB` chunk to add these values for old readers. Some writers omit the `sRGB` chunk
    /// itself.
    static func meansSRGB(gamma: Int?, chromaticities: [Int]?) -> Bool {
        let isGamma = gamma.map { abs($0 - 45_455) <= 50 } ?? true
        let primaries = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000]
        return isGamma && (chromaticities.map { zip($0, primaries).allSatisfy { abs($0 - $1) <= 100 } } ?? true)
    }
}

/// Converts a stored value, 0 to 1, to linear light, where 1 is the white of sRGB.
enum TransferFunction {
    case sRGB
    case bt709
    case power(Double)
    case smpte240M
    case st428
    case pq
    case hlg

    init?(code: Int) {
        switch code {
        case 1, 6, 11, 12, 14, 15: self = .bt709
        case 4: self = .power(2.2)
        case 5: self = .power(2.8)
        case 7: self = .smpte240M
        case 8: self = .power(1)
        case 13: self = .sRGB
        case 16: self = .pq
        case 17: self = .st428
        case 18: self = .hlg
        default: return nil
        }
    }

    func light(_ signal: Double) -> Double {
        switch self {
        case .sRGB: ToneCurve.decoded(signal)
        case .bt709: signal < 0.081 ? signal / 4.5 : Mathematics.power((signal + 0.099) / 1.099, 1 / 0.45)
        case .power(let exponent): Mathematics.power(signal, exponent)
        case .smpte240M: signal < 0.0912 ? signal / 4 : Mathematics.power((signal + 0.1115) / 1.1115, 1 / 0.45)
        case .st428: Mathematics.power(signal, 2.6) * 52.37 / 48
        case .pq: Self.shoulder(Self.pqLuminance(signal) / Self.referenceWhite)
        case .hlg: Self.shoulder(Self.hlgLuminance(signal) / Self.referenceWhite)
        }
    }

    /// The luminance of a diffuse white in high dynamic range, in cd/m² (ITU-R BT.2408, section 2.2).
    private static let referenceWhite = 203.0

    /// Tone mapping: light up to 0.75 of the reference white is kept, and the unlimited range above is compressed into the last
    /// quarter. The reference white itself maps to 0.908 (level 244), which leaves room for highlights.
    private static func shoulder(_ light: Double) -> Double {
        light <= 0.75 ? light : 1 - 0.25 * Mathematics.exponential((0.75 - light) / 0.25)
    }

    /// SMPTE ST 2084, in cd/m².
    private static func pqLuminance(_ signal: Double) -> Double {
        let root = Mathematics.power(signal, 32 / 2523)
        return 10_000 * Mathematics.power(max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root), 16_384 / 2610)
    }

    /// ITU-R BT.2100 on a display of 1000 cd/m², with the system gamma of 1.2 for each component.
    private static func hlgLuminance(_ signal: Double) -> Double {
        let (a, b, c) = (0.17883277, 0.28466892, 0.55991073)
        let scene = signal <= 0.5 ? signal * signal / 3 : (Mathematics.exponential((signal - c) / a) + b) / 12
        return 1000 * Mathematics.power(scene, 1.2)
    }
}
