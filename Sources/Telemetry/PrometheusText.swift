/// Writes the Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).
struct PrometheusText {
    private(set) var lines = ""

    mutating func begin(_ name: String, _ kind: InstrumentKind, help: String?) {
        if let help { lines += "# HELP \(name) \(Self.escaped(help))\n" }
        lines += "# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func add(_ name: String, _ labels: LabelSet, _ value: Double) {
        lines += name
        if !labels.text.isEmpty { lines += "{\(labels.text)}" }
        lines += " \(Self.number(value))\n"
    }

    /// Formats a number for Go's `ParseFloat`; whole numbers without a decimal point.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    /// Escapes backslashes and line feeds; in a label also double quotes.
    static func escaped(_ text: String, isLabel: Bool = false) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where isLabel: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}

/// Labels in the form written between the braces, sorted by name.
struct LabelSet: Hashable, Comparable {
    let text: String
    private let names: [String]

    /// - Parameter isHistogram: Whether `le` is reserved for bucket bounds.
    init(_ dimensions: [(String, String)], isHistogram: Bool) {
        var labels: [String: String] = [:]
        for (name, value) in dimensions {
            let name = MetricName.label(name)
            labels[isHistogram && name == "le" ? "le_" : name] = value
        }
        self.init(labels)
    }

    private init(_ labels: [String: String]) {
        names = labels.keys.sorted()
        text = names.map { "\($0)=\"\(PrometheusText.escaped(labels[$0] ?? "", isLabel: true))\"" }.joined(separator: ",")
    }

    /// The label set used after the limit is reached.
    var other: LabelSet { LabelSet(Dictionary(names.map { ($0, "other") }) { first, _ in first }) }

    private init(text: String, names: [String]) {
        self.text = text
        self.names = names
    }

    /// Adds a bucket's bound as the last label.
    func with(bound: Double) -> LabelSet {
        let bound = "le=\"\(PrometheusText.number(bound))\""
        return LabelSet(text: text.isEmpty ? bound : "\(text),\(bound)", names: names)
    }

    static func < (one: LabelSet, other: LabelSet) -> Bool { one.text < other.text }
    static func == (one: LabelSet, other: LabelSet) -> Bool { one.text == other.text }
    func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// Names according to Prometheus' data model.
enum MetricName {
    static func text(_ label: String, ending: String = "") -> String {
        let name = clean(label)
        return name.hasSuffix(ending) ? name : name + ending
    }

    /// A label's name; names that begin with `__` are reserved by Prometheus.
    static func label(_ name: String) -> String {
        let name = clean(name)
        return name.hasPrefix("__") ? "_" + name.drop { $0 == "_" } : name
    }

    private static func clean(_ text: String) -> String {
        var name = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_", "0"..."9": name.unicodeScalars.append(scalar)
            default: name += "_"
            }
        }
        return name.first.map { $0.isNumber } ?? true ? "_" + name : name
    }
}
