import ArchiveModel
import Foundation
import Markup
import SizeContract

/// An SVG plot of requested and delivered pixels with the price classes. Both axes are logarithmic, in megapixels.
struct ScatterPlot {
    private struct Point: Hashable {
        /// `nil` when the size was left to the model.
        var asked: PixelSize?
        var delivered: PixelSize
        var verdict: Verdict
    }

    private var points: [Point: Int] = [:]

    /// The maximum number of circles; more would overlap too much. The most frequent ones are drawn.
    private static let most = 1500

    var isEmpty: Bool { points.isEmpty }
    var leftOut: Int { max(0, points.count - Self.most) }

    mutating func add(_ entry: AuditEntry) {
        guard let judgement = entry.judgement, let delivered = judgement.delivered,
            judgement.expected != nil || judgement.billedTier != nil
        else { return }
        points[Point(asked: judgement.expected, delivered: delivered, verdict: judgement.verdict), default: 0] += 1
    }

    // MARK: Drawing

    private static let (width, height) = (720.0, 560.0)
    /// The edges of the plot area in SVG units. To its left is the strip for sizes that were left to the model.
    private static let (left, top, right, bottom) = (150.0, 30.0, 690.0, 500.0)
    private static let strip = 96.0
    private static let range = (0.25e6, 9.2e6)

    private static func part(_ pixels: Double) -> Double {
        let (low, high) = (log(range.0), log(range.1))
        return (log(min(max(pixels, range.0), range.1)) - low) / (high - low)
    }

    private static func x(_ pixels: Double) -> Double { left + part(pixels) * (right - left) }
    private static func y(_ pixels: Double) -> Double { bottom - part(pixels) * (bottom - top) }
    private static func number(_ value: Double) -> String { String(format: "%.1f", value) }

    func svg(_ contract: SizeContract) -> String {
        var parts = [
            """
            <svg viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img" aria-label="Requested and delivered megapixels">
            <rect class="frame" x="\(Self.left)" y="\(Self.top)" width="\(Self.right - Self.left)" height="\(Self.bottom - Self.top)"/>
            <rect class="frame" x="\(Self.strip - 34)" y="\(Self.top)" width="68" height="\(Self.bottom - Self.top)"/>
            """
        ]
        let limits = [Self.range.0, Double(contract.largestOneK), Double(contract.largestTwoK), Self.range.1]
        // Shade the area below each price class: fewer pixels were delivered than billed.
        for column in 1..<3 {
            let (start, end) = (Self.x(limits[column]), Self.x(limits[column + 1]))
            let ceiling = Self.y(limits[column])
            parts.append(
                """
                <rect class="short" x="\(Self.number(start))" y="\(Self.number(ceiling))" width="\(Self.number(end - start))" \
                height="\(Self.number(Self.bottom - ceiling))"/>
                """)
        }
        for limit in limits[1...2] {
            let (x, y) = (Self.number(Self.x(limit)), Self.number(Self.y(limit)))
            parts.append("<path class=\"limit\" d=\"M\(x) \(Self.top)V\(Self.bottom)M\(Self.left) \(y)H\(Self.right)\"/>")
        }
        parts.append("<path class=\"equal\" d=\"M\(Self.left) \(Self.bottom)L\(Self.right) \(Self.top)\"/>")
        for (index, tier) in Tier.allCases.enumerated() {
            let middle = (limits[index] * limits[index + 1]).squareRoot()
            parts.append(Self.text("\(tier) requested", Self.x(middle), Self.top - 9, "middle"))
            parts.append(Self.text("\(tier)", Self.right + 6, Self.y(middle) + 4, "start"))
        }
        for megapixels in [0.5, 1, 2, 4, 8] {
            let label = megapixels < 1 ? "0.5" : "\(Int(megapixels))"
            parts.append(Self.text(label, Self.x(megapixels * 1e6), Self.bottom + 18, "middle", "tick"))
            parts.append(Self.text(label, Self.left - 6, Self.y(megapixels * 1e6) + 4, "end", "tick"))
        }
        parts.append(Self.text("megapixels requested", (Self.left + Self.right) / 2, Self.bottom + 42, "middle"))
        parts.append(Self.text("size left open", Self.strip, Self.bottom + 18, "middle", "tick"))
        let middle = (Self.top + Self.bottom) / 2
        parts.append(
            """
            <text transform="translate(20 \(middle)) rotate(-90)" text-anchor="middle">megapixels delivered</text>
            """)
        parts += circles
        return parts.joined(separator: "\n") + "\n</svg>"
    }

    /// The most frequent first, so that small circles are drawn on top.
    private var circles: [String] {
        let order = points.sorted { one, other in
            one.value != other.value ? one.value > other.value : Self.name(one.key) < Self.name(other.key)
        }
        return order.prefix(Self.most).map { point, count in
            let x = point.asked.map { Self.x(Double($0.pixels)) } ?? Self.strip
            let radius = min(24, 4 + 1.8 * log2(Double(count)))
            let words = VerdictLabel(point.verdict)
            return """
                <circle class="\(words.tone.rawValue)" cx="\(Self.number(x))" cy="\(Self.number(Self.y(Double(point.delivered.pixels))))" \
                r="\(Self.number(radius))"><title>\(Self.name(point)): \(count) \(words.label.lowercased())</title></circle>
                """
        }
    }

    private static func name(_ point: Point) -> String {
        "\(point.asked.map { "\($0)" } ?? "auto") requested, \(point.delivered) delivered"
    }

    private static func text(_ text: String, _ x: Double, _ y: Double, _ anchor: String, _ kind: String = "") -> String {
        "<text class=\"\(kind)\" x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(text)</text>"
    }
}
