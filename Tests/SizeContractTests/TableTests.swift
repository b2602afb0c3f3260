import Testing

@testable import SizeContract

/// The reference page's table, typed out cell by cell, upright ones too: the code under test derives those.
private let documented: [(ratio: String, oneK: String, twoK: String, fourK: String)] = [
    ("1:1", "1024x1024", "2048x2048", "2880x2880"),
    ("2:1", "1456x720", "2896x1456", "3840x1920"),
    ("1:2", "720x1456", "1456x2896", "1920x3840"),
    ("3:1", "1776x592", "3552x1184", "3840x1280"),
    ("1:3", "592x1776", "1184x3552", "1280x3840"),
    ("3:2", "1248x832", "2512x1680", "3520x2352"),
    ("2:3", "832x1248", "1680x2512", "2352x3520"),
    ("4:3", "1184x880", "2368x1776", "3312x2480"),
    ("3:4", "880x1184", "1776x2368", "2480x3312"),
    ("5:4", "1152x912", "2288x1824", "3216x2576"),
    ("4:5", "912x1152", "1824x2288", "2576x3216"),
    ("16:9", "1360x768", "2736x1536", "3840x2160"),
    ("9:16", "768x1360", "1536x2736", "2160x3840"),
    ("21:9", "1568x672", "3136x1344", "3840x1632"),
    ("9:21", "672x1568", "1344x3136", "1632x3840"),
]

private let documentedCells = documented.flatMap { row in
    [(row.ratio, "1K", row.oneK), (row.ratio, "2K", row.twoK), (row.ratio, "4K", row.fourK)]
}

@Suite struct TableTests {
    let contract = SizeContract.gptImage2

    @Test(arguments: documentedCells)
    func aRatioAndAResolutionPromiseTheDocumentedPixels(ratio: String, resolution: String, pixels: String) throws {
        let request = try contract.request(size: ratio, resolution: resolution)
        #expect(contract.expectedSize(of: request)?.description == pixels)
        #expect(contract.billedTier(of: request).rawValue == resolution)
        #expect(contract.violations(of: request).isEmpty)
    }

    @Test func theTableHasTheDocumentedCellsAndNoOthers() {
        #expect(documentedCells.count == 45)
        #expect(contract.cells.count == 45)
        #expect(
            Set(contract.cells.map { "\($0.ratio) \($0.tier) \($0.size)" })
                == Set(documentedCells.map { "\($0.0) \($0.1) \($0.2)" }))
        #expect(Set(contract.ratios.map(\.description)) == Set(documented.map(\.ratio)))
        #expect(contract.ratios.count == 15)
    }

    @Test(arguments: SizeContract.gptImage2.cells)
    func everyCellObeysTheRulesOfTheContract(_ cell: SizeContract.Cell) {
        #expect(cell.size.width % 16 == 0 && cell.size.height % 16 == 0)
        #expect(contract.isOnGrid(cell.size))
        #expect((655_360...8_294_400).contains(cell.size.width * cell.size.height))
        #expect(max(cell.size.width, cell.size.height) <= 3840)
        #expect(max(cell.size.width, cell.size.height) <= 3 * min(cell.size.width, cell.size.height))
        #expect(contract.bucket(of: cell.size) == cell.tier)
        #expect(contract.violations(of: .explicit(cell.size)).isEmpty)
    }

    @Test(arguments: SizeContract.gptImage2.cells)
    func everyCellDeliveredAsPromisedIsExact(_ cell: SizeContract.Cell) {
        let judgement = contract.judge(delivered: cell.size, request: .cell(cell))
        #expect(judgement.verdict == .exact)
        #expect(judgement.overpaid == .zero)
        #expect(contract.nearestCell(to: cell.size) == cell)
    }

    @Test(arguments: SizeContract.gptImage2.cells.filter { $0.size.width != $0.size.height })
    func everyCellDeliveredOnItsSideIsTransposed(_ cell: SizeContract.Cell) {
        #expect(contract.judge(delivered: cell.size.transposed, request: .cell(cell)).verdict == .transposed)
    }

    @Test(arguments: [(1_700_000, Tier.oneK), (1_700_001, .twoK), (4_400_000, .twoK), (4_400_001, .fourK)])
    func theBucketsEndWhereTheReferencePageSays(pixels: Int, tier: Tier) {
        let size = PixelSize(width: pixels, height: 1)
        #expect(contract.bucket(of: size) == tier)
        #expect(contract.billedTier(of: .explicit(size)) == tier)
    }

    @Test(arguments: [
        (1000, 1700, Tier.oneK), (1700, 1000, .oneK), (1809, 941, .twoK), (2200, 2000, .twoK), (2960, 1488, .fourK),
    ])
    func theBucketDependsOnlyOnThePixelCount(width: Int, height: Int, tier: Tier) {
        #expect(contract.bucket(of: PixelSize(width: width, height: height)) == tier)
    }

    @Test(arguments: [(Tier.oneK, 10, "1.0"), (.twoK, 17, "1.7"), (.fourK, 26, "2.6")])
    func aTierCostsTheDocumentedMultiple(tier: Tier, tenths: Int, text: String) {
        #expect(contract.multiplier(of: tier).tenths == tenths)
        #expect(contract.multiplier(of: tier).description == text)
    }

    @Test func tiersAreOrderedByPrice() {
        #expect(Tier.oneK < .twoK)
        #expect(Tier.twoK < .fourK)
        #expect(Tier.oneK < .fourK)
    }

    @Test func aNegativeMultiplierIsWrittenWithItsSign() {
        #expect(PriceMultiplier(tenths: -7).description == "-0.7")
        #expect(PriceMultiplier(tenths: -16).description == "-1.6")
    }

    @Test(arguments: [nil, "", "gpt-image-2-beta", "some-other-model"])
    func aTaskWithoutAKnownModelIsJudgedByGPTImage2(model: String?) {
        #expect(SizeContract.contract(model: model).model == "gpt-image-2-beta")
    }

    @Test func anotherModelNeedsOnlyAnotherTable() throws {
        let cell = SizeContract.Cell(ratio: AspectRatio(1, 1), tier: .twoK, size: PixelSize(width: 100, height: 100))
        let other = SizeContract(
            model: "other", cells: [cell], limits: .init(grid: 10, pixels: 100...20_000, side: 200, elongation: 2),
            largestOneK: 5_000, largestTwoK: 10_000, multipliers: [.twoK: PriceMultiplier(tenths: 30)])
        #expect(try other.request(size: "1:1", resolution: "2K") == .cell(cell))
        #expect(throws: SizeViolation.unknownRatio("1:1")) { try other.request(size: "1:1", resolution: "4K") }
        #expect(other.multiplier(of: .oneK).tenths == 10)
        #expect(other.judge(delivered: PixelSize(width: 50, height: 50), request: .cell(cell)).overpaid?.tenths == 20)
        #expect(
            other.violations(of: .explicit(PixelSize(width: 200, height: 90))) == [
                .tooElongated(PixelSize(width: 200, height: 90), maximum: 2)
            ])
    }

    @Test func aContractWithoutCellsHasNoNearestCell() {
        let empty = SizeContract(
            model: "none", cells: [], limits: contract.limits, largestOneK: 1, largestTwoK: 2, multipliers: [:])
        #expect(empty.nearestCell(to: PixelSize(width: 10, height: 10)) == nil)
    }
}
