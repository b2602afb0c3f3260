internal import CPixelKernels

/// The sRGB transfer function (IEC 61966-2-1) as tables, for the resizing kernels.
enum ToneCurve {
    /// Linear light, 0 to 1, for each 8-bit encoded value.
    static let linear: [Float] = (0...255).map { Float(decoded(Double($0) / 255)) }

    /// The nearest 8-bit encoded value for linear light times 65,535.
    ///
    /// In the darkest range, one encoded level spans 20 entries. So no level is lost, and each 8-bit value survives the round
    /// trip.
    static let encoded: [UInt8] = (0...65_535).map { UInt8((255 * encoded(Double($0) / 65_535)).rounded()) }

    /// Linear light in units of the integer kernels, for each 8-bit encoded value.
    static let integers: [Int16] = (0...255).map { Int16((decoded(Double($0) / 255) * white).rounded()) }

    /// The inverse of `integers`: the nearest 8-bit encoded value. In the darkest range, one encoded level spans 7 entries.
    static let encodedIntegers: [UInt8] = (0...Int(white)).map { UInt8((255 * encoded(Double($0) / white)).rounded()) }

    private static let white = Double(FIXATIVE_KERNEL_WHITE)

    static func decoded(_ value: Double) -> Double {
        value <= 0.04045 ? value / 12.92 : Mathematics.power((value + 0.055) / 1.055, 2.4)
    }

    static func encoded(_ light: Double) -> Double {
        light <= 0.0031308 ? light * 12.92 : 1.055 * Mathematics.power(light, 1 / 2.4) - 0.055
    }
}
