import Testing

@testable import SizeContract

private func explicit(_ width: Int, _ height: Int) -> SizeRequest { .explicit(PixelSize(width: width, height: height)) }

@Suite struct RequestTests {
    let contract = SizeContract.gptImage2

    @Test(arguments: [nil, "", "   ", "auto", "AUTO", "Auto", " auto ", "\tauto\n"])
    func autoIsReadInAnyCaseAndIsTheDefault(size: String?) throws {
        #expect(try contract.request(size: size) == .auto)
    }

    @Test(arguments: ["auto", "1024x1024"], [nil, "", "1K", "4K", "8K", "junk"])
    func theResolutionIsIgnoredWithoutARatio(size: String, resolution: String?) throws {
        let request = try contract.request(size: size, resolution: resolution)
        #expect(request == (size == "auto" ? .auto : explicit(1024, 1024)))
        #expect(contract.billedTier(of: request) == .oneK)
    }

    @Test(arguments: ["16:9", " 16:9 ", "16 : 9", "16: 9", "\t16 :9\n", "016:09"])
    func aRatioIsReadWithSpacesAroundItsNumbers(size: String) throws {
        let request = try contract.request(size: size, resolution: "2K")
        #expect(contract.expectedSize(of: request)?.description == "2736x1536")
    }

    @Test(
        arguments: [
            (nil, "1360x768"), ("", "1360x768"), ("  ", "1360x768"), ("1K", "1360x768"), ("1k", "1360x768"),
            (" 2k ", "2736x1536"),
            ("4K", "3840x2160"),
        ] as [(String?, String)])
    func theResolutionOfARatioDefaultsToOneK(resolution: String?, pixels: String) throws {
        let request = try contract.request(size: "16:9", resolution: resolution)
        #expect(contract.expectedSize(of: request)?.description == pixels)
    }

    @Test(arguments: ["8K", "3K", "K", "1", "1 K", "2048", "４K", "4K4K"])
    func anUnknownResolutionIsRefused(resolution: String) {
        #expect(throws: SizeViolation.unknownResolution(resolution)) {
            try contract.request(size: "16:9", resolution: resolution)
        }
    }

    @Test(arguments: ["32:18", "10:9", "1:4", "9999:1", "5:3"])
    func aRatioThatIsNotInTheTableIsRefused(ratio: String) {
        #expect(throws: SizeViolation.unknownRatio(ratio)) { try contract.request(size: ratio) }
    }

    @Test(arguments: [
        "1536x1024", "1536X1024", "1536×1024", " 1536x1024 ", "1536 x 1024", "1536 × 1024", "\t1536X 1024\n", "01536x1024",
    ])
    func pixelsAreReadInEveryNotation(size: String) throws {
        #expect(try contract.request(size: size) == explicit(1536, 1024))
    }

    @Test(arguments: [
        "junk", "x", "×", ":", "1024", "1024x", "x1024", "1024xx1024", "1024x1024x3", "-1024x1024", "1024x-1024", "+1024x1024",
        "0x1024",
        "1024x0", "0x0", "1024.0x1024", "1e3x1024", "0x400x0x400", "1024*1024", "1024,1024", "１０２４x１０２４", "١٠٢٤x١٠٢٤",
        "10 24x1024",
        "1000000000x16", "99999999999999999999999999x16", "16:9:1", "16:", ":9", "-16:9", "16:-9", "0:9", "16:0", "１６:９",
        "16:9x2",
        "10000:1", "99999999999999999999:1", "1024x1024\u{301}", "\u{0}", "auto auto", "16/9", "16∶9", "auto:1",
    ])
    func textThatIsNotASizeIsUnreadable(size: String) {
        #expect(throws: SizeViolation.unreadable(size)) { try contract.request(size: size) }
    }

    @Test func aVeryLongTextIsUnreadable() {
        let digits = String(repeating: "9", count: 100_000)
        #expect(throws: SizeViolation.self) { try contract.request(size: "\(digits)x\(digits)") }
        #expect(throws: SizeViolation.self) { try contract.request(size: "\(digits):\(digits)") }
    }

    @Test func theLargestReadableSizeIsJudgedWithoutOverflow() throws {
        let request = try contract.request(size: "999999999x999999999")
        #expect(contract.billedTier(of: request) == .fourK)
        #expect(
            contract.violations(of: request) == [
                .offGrid(side: 999_999_999, grid: 16), .offGrid(side: 999_999_999, grid: 16),
                .tooManyPixels(999_999_998_000_000_001, maximum: 8_294_400), .sideTooLong(999_999_999, maximum: 3840),
            ])
        #expect(
            contract.judge(delivered: PixelSize(width: 1, height: PixelSize.maximumSide), request: request).verdict == .reshaped)
    }

    @Test(arguments: [
        (1024, 640), (640, 1024), (3840, 2160), (2160, 3840), (2880, 2880), (3840, 1280), (1776, 592), (1280, 3840),
    ])
    func aSizeAtTheEdgeOfTheLimitsMayBeSent(width: Int, height: Int) {
        #expect(contract.violations(of: explicit(width, height)) == [])
    }

    /// Sizes that break one rule each, as far as the rules allow that: the products were factored by hand.
    @Test(arguments: [
        // 1024 * 640 is the least number of pixels exactly; one step of the grid less is 638,976.
        (1024, 624, [SizeViolation.tooFewPixels(638_976, minimum: 655_360)]),
        (3328, 2496, [.tooManyPixels(8_306_688, maximum: 8_294_400)]),
        (3856, 2144, [.sideTooLong(3856, maximum: 3840)]),
        (3856, 1280, [.sideTooLong(3856, maximum: 3840), .tooElongated(PixelSize(width: 3856, height: 1280), maximum: 3)]),
        (1280, 3856, [.sideTooLong(3856, maximum: 3840), .tooElongated(PixelSize(width: 1280, height: 3856), maximum: 3)]),
        (1792, 592, [.tooElongated(PixelSize(width: 1792, height: 592), maximum: 3)]),
        (592, 1792, [.tooElongated(PixelSize(width: 592, height: 1792), maximum: 3)]),
        (1032, 1024, [.offGrid(side: 1032, grid: 16)]),
        (1024, 1025, [.offGrid(side: 1025, grid: 16)]),
        (1023, 1023, [.offGrid(side: 1023, grid: 16), .offGrid(side: 1023, grid: 16)]),
    ])
    func aSizeJustOverALimitSaysWhichOne(width: Int, height: Int, violations: [SizeViolation]) {
        #expect(contract.violations(of: explicit(width, height)) == violations)
    }

    /// The numbers next to the budget's ends have no on-grid size, so that other rules break with them; only the pixels are looked at.
    @Test(arguments: [
        (655_359, true), (655_360, false), (655_361, false), (8_294_399, false), (8_294_400, false), (8_294_401, true),
    ])
    func thePixelBudgetEndsWhereTheReferencePageSays(pixels: Int, breaks: Bool) {
        let found = contract.violations(of: explicit(pixels, 1)).contains { violation in
            switch violation {
            case .tooFewPixels(let count, _), .tooManyPixels(let count, _): count == pixels
            default: false
            }
        }
        #expect(found == breaks)
    }

    @Test(arguments: [(3840, false), (3841, true), (3856, true)])
    func theLongestSideIs3840(side: Int, breaks: Bool) {
        let isBroken = contract.violations(of: explicit(side, 1280)).contains(.sideTooLong(side, maximum: 3840))
        #expect(isBroken == breaks)
    }

    @Test(arguments: [(3000, 1000, false), (3001, 1000, true), (1000, 3000, false), (1000, 3001, true), (2999, 1000, false)])
    func theLongSideIsAtMostThreeTimesTheShortOne(width: Int, height: Int, breaks: Bool) {
        let size = PixelSize(width: width, height: height)
        #expect(contract.violations(of: .explicit(size)).contains(.tooElongated(size, maximum: 3)) == breaks)
    }

    @Test(arguments: ["auto", "21:9"])
    func autoAndATableRatioBreakNoLimit(size: String) throws {
        #expect(contract.violations(of: try contract.request(size: size)).isEmpty)
    }

    @Test func autoPromisesNoPixelsAndIsBilledAsOneK() {
        #expect(contract.expectedSize(of: .auto) == nil)
        #expect(contract.billedTier(of: .auto) == .oneK)
    }

    @Test(arguments: [
        (SizeViolation.unreadable("junk"), "'junk'"), (.unknownRatio("7:5"), "7:5"), (.unknownRatio("7:5"), "16:9"),
        (.unknownResolution("8K"), "'8K'"), (.offGrid(side: 1023, grid: 16), "1023"),
        (.tooFewPixels(1, minimum: 655_360), "655360"),
        (.tooManyPixels(9_000_000, maximum: 8_294_400), "8294400"), (.sideTooLong(3856, maximum: 3840), "3856"),
        (.tooElongated(PixelSize(width: 3001, height: 1000), maximum: 3), "3001x1000"),
    ])
    func aViolationNamesTheWrongValue(violation: SizeViolation, part: String) {
        #expect(violation.description.contains(part))
    }
}
