import Testing

@testable import SizeContract

/// A request and a delivery as text, and what is to be said of them.
struct Case: Sendable, CustomTestStringConvertible {
    var size: String
    var resolution: String?
    var delivered: String
    var verdict: Verdict
    /// In tenths of the base price.
    var overpaid: Int

    init(_ size: String, at resolution: String? = nil, got delivered: String, _ verdict: Verdict, overpaid: Int) {
        self.size = size
        self.resolution = resolution
        self.delivered = delivered
        self.verdict = verdict
        self.overpaid = overpaid
    }

    var testDescription: String { "\(size) \(resolution ?? "") -> \(delivered): \(verdict)" }
}

func pixels(_ text: String) throws -> PixelSize {
    guard case .explicit(let size) = try SizeContract.gptImage2.request(size: text) else { throw SizeViolation.unreadable(text) }
    return size
}

@Suite struct VerdictTests {
    let contract = SizeContract.gptImage2

    @Test(arguments: [
        Case("3840x2160", got: "3840x2160", .exact, overpaid: 0),
        Case("1:1", at: "4K", got: "2880x2880", .exact, overpaid: 0),
        // Off the grid and outside the budget, but promised and delivered.
        Case("100x100", got: "100x100", .exact, overpaid: 0),
        Case("3840x2160", got: "2160x3840", .transposed, overpaid: 0),
        Case("9:16", at: "2K", got: "2736x1536", .transposed, overpaid: 0),
        // Far off in ratio, yet the sides are swapped: that is said first.
        Case("3:1", at: "1K", got: "592x1776", .transposed, overpaid: 0),
        // Swapped and smaller is smaller.
        Case("3840x2160", got: "941x1672", .undersized, overpaid: 16),
        // The examples of the contract.
        Case("3840x2160", got: "1672x941", .undersized, overpaid: 16),
        Case("16:9", at: "1K", got: "1672x941", .resized, overpaid: 0),
        Case("1:1", at: "1K", got: "1254x1254", .resized, overpaid: 0),
        // What users elsewhere report.
        Case("1024x1024", got: "1254x1254", .resized, overpaid: 0),
        Case("3440x1440", got: "1983x793", .undersized, overpaid: 16),
        Case("1104x3312", got: "864x1821", .undersized, overpaid: 7),
        Case("4:5", at: "2K", got: "1122x1402", .undersized, overpaid: 7),
        Case("16:9", at: "4K", got: "2736x1536", .undersized, overpaid: 9),
        Case("16:9", at: "1K", got: "2736x1536", .oversized, overpaid: 0),
        Case("16:9", at: "2K", got: "3840x2160", .oversized, overpaid: 0),
        Case("1:1", at: "1K", got: "2880x2880", .oversized, overpaid: 0),
        // Another tier is said before another ratio.
        Case("16:9", at: "4K", got: "1254x1254", .undersized, overpaid: 16),
        Case("16:9", at: "1K", got: "2048x2048", .oversized, overpaid: 0),
        Case("16:9", at: "1K", got: "1254x1254", .reshaped, overpaid: 0),
        Case("3:2", at: "1K", got: "1024x1536", .reshaped, overpaid: 0),
        // The bucket's own ends.
        Case("1024x1024", got: "1000x1700", .reshaped, overpaid: 0),
        Case("1024x1024", got: "1000x1701", .oversized, overpaid: 0),
        Case("2048x2048", got: "1000x1700", .undersized, overpaid: 7),
        Case("2880x2880", got: "2000x2200", .undersized, overpaid: 9),
        Case("2880x2880", got: "2000x2201", .reshaped, overpaid: 0),
        // Exact pixels are billed by their number, whatever resolution was written beside them.
        Case("1024x1024", at: "4K", got: "1254x1254", .resized, overpaid: 0),
    ])
    func aDeliveryIsJudgedByTheFirstRuleThatHolds(_ given: Case) throws {
        let judgement = contract.judge(
            delivered: try pixels(given.delivered), request: try contract.request(size: given.size, resolution: given.resolution))
        #expect(judgement.verdict == given.verdict)
        #expect(judgement.overpaid?.tenths == given.overpaid)
        #expect(judgement.nearestCell == nil)
    }

    /// Against 1600x1600: 1616 / 1600 is 1.01 exactly, 1584 / 1600 is 0.99.
    @Test(arguments: [
        ("1616x1600", Verdict.resized), ("1617x1600", .reshaped), ("1584x1600", .resized), ("1583x1600", .reshaped),
        // 1600 / 1616 is 0.9901: inside. 1600 / 1584 is 1.0101: outside, since the bound is on width over height.
        ("1600x1616", .resized), ("1600x1584", .reshaped),
        ("1500x1500", .resized),
    ])
    func ratiosMayDifferByAtMostOnePercent(delivered: String, verdict: Verdict) throws {
        let request = try contract.request(size: "1600x1600")
        #expect(contract.judge(delivered: try pixels(delivered), request: request).verdict == verdict)
    }

    @Test(arguments: [
        ("640x1024", Verdict.accepted), ("1254x1254", .accepted), ("1700x1000", .accepted), ("655361x1", .accepted),
        ("655360x1", .accepted), ("655359x1", .undersized), ("1024x639", .undersized), ("1x1", .undersized),
        ("1700001x1", .oversized), ("1701x1000", .oversized), ("2048x2048", .oversized), ("2880x2880", .oversized),
    ])
    func anAutoRequestIsAcceptedInsideTheBudgetAndTheOneKBucket(delivered: String, verdict: Verdict) throws {
        let judgement = contract.judge(delivered: try pixels(delivered), request: .auto)
        #expect(judgement.verdict == verdict)
        #expect(judgement.billedTier == .oneK)
        #expect(judgement.overpaid == .zero)
        #expect(judgement.expected == nil && judgement.ratioError == nil && judgement.pixelRatio == nil)
    }

    @Test(arguments: [
        ("1254x1254", "1:1", Tier.oneK, "1024x1024"), ("1122x1402", "4:5", .oneK, "912x1152"),
        ("1672x941", "16:9", .oneK, "1360x768"),
        ("1024x1536", "2:3", .oneK, "832x1248"), ("2048x2048", "1:1", .twoK, "2048x2048"),
        ("1983x793", "21:9", .oneK, "1568x672"),
        ("864x1821", "1:2", .oneK, "720x1456"), ("3840x2160", "16:9", .fourK, "3840x2160"), ("1x1", "1:1", .oneK, "1024x1024"),
        ("10000x10", "3:1", .oneK, "1776x592"), ("8000x8000", "1:1", .fourK, "2880x2880"),
    ])
    func anUnrequestedPictureNamesItsNearestCell(delivered: String, ratio: String, tier: Tier, cell: String)
        throws
    {
        let judgement = contract.judge(delivered: try pixels(delivered), request: nil)
        #expect(judgement.verdict == .unrequested)
        #expect(judgement.nearestCell?.ratio.description == ratio)
        #expect(judgement.nearestCell?.tier == tier)
        #expect(judgement.nearestCell?.size.description == cell)
        #expect(judgement.billedTier == nil && judgement.overpaid == nil && judgement.expected == nil)
        #expect(judgement.deliveredTier != nil && judgement.isOnGrid != nil)
    }

    @Test func bytesThatAreNotAPictureAreUndecodable() throws {
        let asked = contract.judge(delivered: nil, request: try contract.request(size: "16:9", resolution: "4K"))
        #expect(asked.verdict == .undecodable)
        #expect(asked.expected?.description == "3840x2160")
        #expect(asked.billedTier == .fourK)
        #expect(asked.delivered == nil && asked.deliveredTier == nil && asked.overpaid == nil && asked.isOnGrid == nil)

        let unasked = contract.judge(delivered: nil, request: nil)
        #expect(unasked == Judgement(verdict: .undecodable))
    }

    /// The figures of a claimed size are told; money does not follow from a claim.
    @Test func aWholeUndecodedFileIsUnreadAtAnySize() throws {
        let request = try contract.request(size: "16:9", resolution: "4K")
        let small = contract.judgeUnread(delivered: try pixels("64x64"), request: request)
        #expect(small.verdict == .unread)
        #expect(small.delivered?.description == "64x64" && small.expected?.description == "3840x2160")
        #expect(small.billedTier == .fourK && small.deliveredTier == nil && small.overpaid == nil)
        #expect(contract.judgeUnread(delivered: nil, request: nil) == Judgement(verdict: .unread))
        let largest = PixelSize(width: PixelSize.maximumSide, height: PixelSize.maximumSide)
        #expect(contract.judgeUnread(delivered: largest, request: request).verdict == .unread)
    }

    @Test func theFiguresMatchTheExampleOfTheContract() throws {
        let judgement = contract.judge(delivered: try pixels("1672x941"), request: try contract.request(size: "3840x2160"))
        #expect(judgement.billedTier == .fourK)
        #expect(judgement.deliveredTier == .oneK)
        #expect(judgement.overpaid?.description == "1.6")
        #expect(judgement.isOnGrid == false)
        // 1672 * 2160 = 3,611,520 against 941 * 3840 = 3,613,440; 1,573,352 pixels of 8,294,400.
        #expect(abs(try #require(judgement.ratioError) - 1920.0 / 3_613_440) < 1e-12)
        #expect(abs(try #require(judgement.pixelRatio) - 1_573_352.0 / 8_294_400) < 1e-12)
    }

    @Test(arguments: [("1024x1024", true), ("1040x1024", true), ("1254x1254", false), ("1024x1030", false), ("1030x1024", false)])
    func aDeliveryIsOnTheGridWhenBothSidesAre(delivered: String, onGrid: Bool) throws {
        #expect(contract.judge(delivered: try pixels(delivered), request: .auto).isOnGrid == onGrid)
    }

    @Test(arguments: [
        (Verdict.exact, true), (.accepted, true), (.unrequested, true), (.transposed, false), (.undersized, false),
        (.oversized, false),
        (.resized, false), (.reshaped, false), (.undecodable, false), (.unread, true),
    ])
    func onlyFourVerdictsAreClean(verdict: Verdict, clean: Bool) {
        #expect(verdict.isClean == clean)
    }

    @Test func thereAreTenVerdicts() { #expect(Verdict.allCases.count == 10) }

    @Test func theLongestSidesAreJudgedWithoutOverflow() {
        let longest = PixelSize.maximumSide
        let sizes = [(1, 1), (1, longest), (longest, 1), (longest, longest)].map { PixelSize(width: $0.0, height: $0.1) }
        for delivered in sizes {
            for asked in sizes {
                let judgement = contract.judge(delivered: delivered, request: .explicit(asked))
                #expect((judgement.verdict == .exact) == (delivered == asked))
            }
            #expect(contract.judge(delivered: delivered, request: nil).nearestCell != nil)
        }
    }
}
