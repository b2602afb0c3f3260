import Markup
import SizeContract
import Testing

/// A verdict's text is true for every request and delivery with this verdict. The claims below are written by hand, from the
/// documented price classes: 1K up to 1.7 million pixels, 2K up to 4.4 million.
@Suite struct VerdictTextTests {
    /// A request and a delivery, in pixels.
    struct Facts {
        var kind: RequestKind
        /// The promised size; `nil` for `auto`.
        var promised: (width: Int, height: Int)?
        var got: (width: Int, height: Int)

        private func level(_ size: (width: Int, height: Int)) -> Int {
            let pixels = size.width * size.height
            return pixels <= 1_700_000 ? 1 : pixels <= 4_400_000 ? 2 : 4
        }
        var requested: Int { promised.map(level) ?? 1 }
        var delivered: Int { level(got) }
        var pixels: Int { got.width * got.height }
        var isSame: Bool { promised.map { $0 == got } ?? false }
        var isSwapped: Bool { promised.map { $0.width == got.height && $0.height == got.width } ?? false }
        var hasRatio: Bool {
            guard let promised else { return false }
            return abs(Double(got.width * promised.height) / Double(got.height * promised.width) - 1) <= 0.01 + 1e-12
        }
    }

    /// What each text claims.
    private static let claims: [String: @Sendable (Facts) -> Bool] = [
        "Delivered with exactly the promised pixels.": { $0.isSame },
        "Delivered with exactly the pixels that are documented for this ratio and price class.": {
            $0.kind == .ratio && $0.isSame
        },
        "Delivered with exactly the requested pixels.": { $0.kind == .pixels && $0.isSame },
        "The model chose the size: in the 1K class, and not below the documented minimum of pixels.": {
            $0.kind == .auto && $0.delivered == 1 && $0.pixels >= 655_360
        },
        "The promised pixels, but with width and height swapped.": { $0.isSwapped && !$0.isSame },
        "The requested pixels, but with width and height swapped.": { $0.kind == .pixels && $0.isSwapped && !$0.isSame },
        "The requested ratio, within 1 %, and the requested price class, but not the promised pixels.": {
            $0.hasRatio && $0.requested == $0.delivered && !$0.isSame
        },
        "The requested price class, but not the requested ratio.": { !$0.hasRatio && $0.requested == $0.delivered },
        "In a smaller price class than requested or, where the model chose the size, below the documented minimum of pixels.": {
            $0.delivered < $0.requested || ($0.kind == .auto && $0.pixels < 655_360)
        },
        "The model chose the size, but it is below the documented minimum of pixels.": {
            $0.kind == .auto && $0.pixels < 655_360
        },
        "In a smaller price class than requested.": { $0.kind != .auto && $0.delivered < $0.requested },
        "In a larger price class than requested; a size that the model chooses counts as 1K.": { $0.delivered > $0.requested },
        "The model chose the size, but it is above the 1K class, as which such a request counts.": {
            $0.kind == .auto && $0.delivered > 1
        },
        "In a larger price class than requested.": { $0.kind != .auto && $0.delivered > $0.requested },
        "No requested size is on record, so there is nothing to compare it with.": { $0.kind == .none },
    ]

    private static let requests: [(size: String, resolution: String?)?] = [
        nil, ("auto", nil), ("1:1", "1K"), ("1:1", "2K"), ("1:1", "4K"), ("16:9", "1K"), ("16:9", "4K"), ("3:1", "2K"),
        ("1024x1024", nil), ("2048x2048", nil), ("3840x2160", nil), ("1104x3312", nil), ("100x100", nil),
    ]

    private static let deliveries: [(Int, Int)] = [
        (280, 350), (1024, 1024), (1254, 1254), (1360, 768), (768, 1360), (1672, 941), (2048, 2048), (2736, 1536), (2880, 2880),
        (2160, 3840), (3840, 2160), (3312, 1104), (1776, 592), (592, 1776), (1136, 3552), (640, 1024), (100, 100), (100, 101),
        (1030, 1030), (2060, 2048), (3800, 2140), (819, 800), (820, 800),
    ]

    /// All cells that can occur with a decoded picture are met, so that no text is untested.
    @Test func everyTextIsTrueForEveryRequestAndDelivery() throws {
        let contract = SizeContract.gptImage2
        var met: [Verdict: Set<RequestKind>] = [:]
        for request in Self.requests {
            let size = try request.map { try contract.request(size: $0.size, resolution: $0.resolution) }
            let kind = RequestKind(size)
            let promised = size.flatMap(contract.expectedSize)
            for (width, height) in Self.deliveries {
                let verdict = contract.judge(delivered: PixelSize(width: width, height: height), request: size).verdict
                met[verdict, default: []].insert(kind)
                let facts = Facts(kind: kind, promised: promised.map { ($0.width, $0.height) }, got: (width, height))
                for label in [VerdictLabel(verdict), VerdictLabel(verdict, kind)] {
                    let claim = try #require(Self.claims[label.explanation], "\(label.explanation)")
                    #expect(claim(facts), "\(label.explanation): \(request?.size ?? "none") -> \(width)x\(height)")
                }
            }
        }
        #expect(
            met == [
                .exact: [.ratio, .pixels], .transposed: [.ratio, .pixels], .undersized: [.auto, .ratio, .pixels],
                .oversized: [.auto, .ratio, .pixels], .resized: [.ratio, .pixels], .reshaped: [.ratio, .pixels],
                .accepted: [.auto], .unrequested: [.none],
            ])
    }

    /// These verdicts say nothing about sizes, so they are the same for every kind of request.
    @Test(arguments: [Verdict.undecodable, .unread], RequestKind.allCases)
    func aFileWithoutPixelsHasOneText(_ verdict: Verdict, _ kind: RequestKind) {
        #expect(VerdictLabel(verdict, kind) == VerdictLabel(verdict))
        for word in ["request", "class", "billed", "smaller", "larger"] {
            #expect(!VerdictLabel(verdict).explanation.contains(word))
        }
    }

    /// An output without a picture may be lost, given up by a person, or damaged later.
    @Test func aMissingPictureHasNoInventedReason() {
        for label in [VerdictLabel.unavailable, .damaged] {
            #expect(!label.explanation.contains("expired") && !label.explanation.contains("fetched"))
        }
        #expect(VerdictLabel.damaged.explanation.contains("damaged or missing"))
    }
}
