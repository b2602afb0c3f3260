import Foundation

/// Checks whether bytes are one JSON object, by structure only. Strings and numbers are not validated, since upstreams parse them
/// differently.
///
/// Makes a single pass over the bytes, without recursion.
enum JSONShape {
    /// Maximum number of nesting levels.
    private static let deepest = 512

    static func isObject(_ bytes: Data) -> Bool {
        guard String(validating: bytes, as: UTF8.self) != nil else { return false }
        var scanner = Scanner()
        return scanner.scan(bytes.span)
    }

    private struct Scanner {
        private enum Expected { case value, valueOrEnd, keyOrEnd, key, colon, commaOrEnd, nothing }

        /// For each open container, whether it is an object.
        private var open: [Bool] = []
        private var expected = Expected.value

        mutating func scan(_ bytes: Span<UInt8>) -> Bool {
            var index = 0
            while index < bytes.count {
                let byte = bytes[index]
                switch byte {
                case 0x20, 0x09, 0x0A, 0x0D: index += 1
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    guard begin(isObject: byte == UInt8(ascii: "{")) else { return false }
                    index += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    guard end(isObject: byte == UInt8(ascii: "}")) else { return false }
                    index += 1
                case UInt8(ascii: ","):
                    guard expected == .commaOrEnd, let isObject = open.last else { return false }
                    expected = isObject ? .key : .value
                    index += 1
                case UInt8(ascii: ":"):
                    guard expected == .colon else { return false }
                    expected = .value
                    index += 1
                case UInt8(ascii: "\""):
                    guard let next = Self.endOfText(bytes, from: index + 1), takeText() else { return false }
                    index = next
                default:
                    let next = Self.endOfWord(bytes, from: index)
                    guard next > index, takeValue() else { return false }
                    index = next
                }
            }
            return expected == .nothing
        }

        private mutating func begin(isObject: Bool) -> Bool {
            guard expected == .value || expected == .valueOrEnd, isObject || !open.isEmpty, open.count < deepest else {
                return false
            }
            open.append(isObject)
            expected = isObject ? .keyOrEnd : .valueOrEnd
            return true
        }

        private mutating func end(isObject: Bool) -> Bool {
            let mayEnd = expected == .commaOrEnd || expected == (isObject ? .keyOrEnd : .valueOrEnd)
            guard mayEnd, open.popLast() == isObject else { return false }
            expected = open.isEmpty ? .nothing : .commaOrEnd
            return true
        }

        private mutating func takeText() -> Bool {
            guard expected == .key || expected == .keyOrEnd else { return takeValue() }
            expected = .colon
            return true
        }

        private mutating func takeValue() -> Bool {
            guard expected == .value || expected == .valueOrEnd, !open.isEmpty else { return false }
            expected = .commaOrEnd
            return true
        }

        /// - Returns: The index after the closing quote.
        private static func endOfText(_ bytes: Span<UInt8>, from start: Int) -> Int? {
            var index = start
            while index < bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "\\"): index += 2
                case UInt8(ascii: "\""): return index + 1
                default: index += 1
                }
            }
            return nil
        }

        /// Skips numbers and `true`, `false`, `null`, `NaN`.
        private static func endOfWord(_ bytes: Span<UInt8>, from start: Int) -> Int {
            var index = start
            while index < bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    index += 1
                default: return index
                }
            }
            return index
        }
    }
}
