import SizeContract

/// Realistic requests for the account's initial tasks.
enum RequestStock {
    /// The request of the task with this serial number.
    ///
    /// - Parameter siblings: Whether some requests use models that return several results.
    static func request(serial: Int, seed: UInt64, siblings: Bool) -> SimulatedRequest {
        var draw = Draw(seed: seed, "stock", serial)
        let (size, resolution) = askedSize(draw: &draw)
        var request = SimulatedRequest(prompt: prompt(serial: serial, seed: seed), size: size, resolution: resolution)
        if draw.perThousand(150) {
            request.imageURLs = (0...draw.below(3)).map { "https://pictures.example.com/reference-\(serial)-\($0).png" }
        }
        if siblings, draw.perThousand(60) { request.model = draw.pick(SimulatedModel.siblings) }
        return request
    }

    /// Every prompt is used once before any is repeated. The difficult ones come early, so that short runs contain them.
    private static func prompt(serial: Int, seed: UInt64) -> String {
        switch serial % 24 {
        case 3: return PromptStock.markup
        case 7: return PromptStock.mixedScripts
        case 11: return PromptStock.long
        default:
            var draw = Draw(seed: seed, "prompts")
            let count = PromptStock.ordinary.count
            return PromptStock.ordinary[(draw.below(count) + serial) % count]
        }
    }

    /// A plausible requested size for a given picture: mostly the nearest cell of the table, sometimes its exact pixels or
    /// `auto`.
    static func plausibleSize(for size: PixelSize?, draw: inout Draw) -> (size: String?, resolution: String?) {
        let contract = SizeContract.gptImage2
        guard let size, let cell = contract.nearestCell(to: size) else { return ("auto", nil) }
        switch draw.below(10) {
        case 0..<2 where contract.bucket(of: size) == .oneK: return ("auto", nil)
        case 2..<5 where contract.violations(of: .explicit(size)).isEmpty: return (size.description, nil)
        default: return (cell.ratio.description, cell.tier.rawValue)
        }
    }

    private static func askedSize(draw: inout Draw) -> (size: String?, resolution: String?) {
        let size: String? = draw.pick(weighted: [
            (24, "auto"), (5, nil), (28, "1:1"), (5, "16:9"), (6, "9:16"), (7, "3:4"), (3, "4:3"), (6, "2:3"), (3, "3:2"),
            (3, "4:5"), (2, "5:4"), (2, "21:9"), (1, "9:21"), (1, "2:1"), (1, "1:2"), (1, "3:1"), (1, "1:3"),
            (7, draw.pick(explicitSizes)),
        ])
        guard let size, size.contains(":") else { return (size, draw.perThousand(100) ? "4K" : nil) }
        return (size, draw.pick(weighted: [(25, nil), (40, "1K"), (23, "2K"), (12, "4K")]))
    }

    private static let explicitSizes = [
        "1024x1024", "1024x1536", "1536x1024", "2048x2048", "1920x1088", "3840x2160", "2160x3840", "3440x1440", "1104x3312",
        "1280x720",
    ]
}
