// The general box hash (specification 2.4, 18.7 and 15.12.3), for JPEG and PNG.

extension HardBinding {
    struct FileBox {
        var name: String
        var range: Range<Int>
    }

    func checkBoxes(_ content: CBORValue, of file: Span<UInt8>) -> [Finding] {
        guard let maps = content["boxes"]?.array, !maps.isEmpty else {
            return [Finding(code: .boxesHashMalformed, why: "there is no list of boxes")]
        }
        guard let carrier, let boxes = fileBoxes(of: file, carrier: carrier) else {
            return boxMismatch("the file's boxes cannot be read")
        }
        guard store.hasOnlyPermittedContent() else { return boxMismatch("the carrier holds more than the manifest store") }
        let listed = Set(maps.flatMap { $0["names"]?.array ?? [] }.compactMap(\.text))
        var findings: [Finding] = []
        var (next, end) = (0, 0)
        for map in maps {
            guard let names = map["names"]?.array?.compactMap(\.text), !names.isEmpty, names.count == map["names"]?.array?.count
            else {
                return [Finding(code: .boxesHashMalformed, why: "an entry has no names")]
            }
            guard names == ["C2PA"] || !names.contains("C2PA") else {
                return [Finding(code: .boxesHashMalformed, why: "the store is not listed alone")]
            }
            var range: Range<Int>
            if names == ["c2pa.after"] {
                guard map == maps.last else { return [Finding(code: .boxesHashMalformed, why: "c2pa.after is not the last")] }
                (range, next) = (end..<file.count, boxes.count)
            } else {
                if let problem = order(names, at: next, in: boxes, listed) { return [problem] }
                range = boxes[next].range.lowerBound..<boxes[next + names.count - 1].range.upperBound
                next += names.count
            }
            guard range.lowerBound == end else { return boxMismatch("bytes between two boxes are not hashed") }
            end = range.upperBound
            if names == ["C2PA"] { continue }
            findings += check(
                map, range: range, algorithm: (map["alg"] ?? content["alg"]).map(\.text) ?? claimAlgorithm, of: file)
            if findings.last?.code.kind == .failure { return findings }
        }
        guard next == boxes.count, end == file.count else {
            return findings + [Finding(code: .boxesHashUnknownBox, why: "the file has boxes that the manifest does not list")]
        }
        return findings + [Finding(code: .boxesHashMatch, why: nil)]
    }

    private func boxMismatch(_ why: String) -> [Finding] {
        [Finding(code: .boxesHashMismatch, why: why)]
    }

    private func order(_ names: [String], at start: Int, in boxes: [FileBox], _ listed: Set<String>) -> Finding? {
        for (offset, name) in names.enumerated() {
            guard start + offset < boxes.count else {
                return Finding(code: .boxesHashMismatch, why: "the file has no further box \(name.prefix(16))")
            }
            let found = boxes[start + offset].name
            guard found != name else { continue }
            guard listed.contains(found) else {
                return Finding(code: .boxesHashUnknownBox, why: "the manifest does not list the box \(found)")
            }
            return Finding(code: .boxesHashMismatch, why: "the box \(found) is out of order")
        }
        return nil
    }

    private func check(_ map: CBORValue, range: Range<Int>, algorithm: String?, of file: Span<UInt8>) -> [Finding] {
        if let value = map["excluded"], value != .simple(20), value != .simple(21) {
            return [Finding(code: .boxesHashMalformed, why: "excluded is neither true nor false")]
        }
        if map["excluded"]?.isTrue == true {
            let excluded = Finding(
                code: .boxesHashAdditionalExclusions, why: "bytes \(range.lowerBound) to \(range.upperBound) are not hashed")
            return reachesPicture(range)
                ? [excluded, Finding(code: .pictureDataExcluded, why: "an excluded box holds picture data")] : [excluded]
        }
        guard let algorithm = algorithm.flatMap(HashAlgorithm.init) else {
            return [Finding(code: .algorithmUnsupported, why: "the box hash names no allowed algorithm")]
        }
        guard let hash = map["hash"]?.bytes, algorithm.digest(file, of: [range]).elementsEqual(hash) else {
            return boxMismatch("bytes \(range.lowerBound) to \(range.upperBound) have another hash")
        }
        return []
    }

    /// The boxes of the whole file, without gaps except before a marker; the carrier counts as one box `C2PA`.
    private func fileBoxes(of file: Span<UInt8>, carrier: Range<Int>) -> [FileBox]? {
        guard file.count > 8 else { return nil }
        var walker = FileBoxWalker(carrier: carrier)
        if file[0] == 0xff, file[1] == 0xd8 { return walker.walkJPEG(file) }
        let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        return signature.indices.allSatisfy { file[$0] == signature[$0] } ? walker.walkPNG(file) : nil
    }
}

private struct FileBoxWalker {
    let carrier: Range<Int>
    private var boxes: [HardBinding.FileBox] = []
    private var hasCarrier = false

    init(carrier: Range<Int>) {
        self.carrier = carrier
    }

    /// Enters the carrier where it begins at `position`.
    private mutating func passesCarrier(_ position: inout Int) -> Bool {
        guard position == carrier.lowerBound, !hasCarrier else { return false }
        boxes.append(.init(name: "C2PA", range: carrier))
        position = carrier.upperBound
        hasCarrier = true
        return true
    }

    mutating func walkPNG(_ file: Span<UInt8>) -> [HardBinding.FileBox]? {
        boxes = [.init(name: "PNGh", range: 0..<8)]
        var position = 8
        while position < file.count {
            if passesCarrier(&position) { continue }
            guard file.count - position >= 12 else { break }
            let length = (0..<4).reduce(0) { $0 << 8 | Int(file[position + $1]) }
            guard length <= file.count - position - 12 else { break }
            let name = String(decoding: (4..<8).map { file[position + $0] }, as: UTF8.self)
            boxes.append(.init(name: name, range: position..<position + length + 12))
            position += length + 12
            if name == "IEND" { break }
        }
        return hasCarrier ? boxes : nil
    }

    /// Names of ISO 10918-1, table B.1. Coded data belongs to the marker before it.
    mutating func walkJPEG(_ file: Span<UInt8>) -> [HardBinding.FileBox]? {
        var position = 0
        while position < file.count {
            if passesCarrier(&position) { continue }
            guard file[position] == 0xff, position + 1 < file.count else { break }
            let marker = file[position + 1]
            if marker == 0xff {
                position += 1
                continue
            }
            guard let name = Self.name(marker) else { break }
            var end = position + 2
            let isAlone = 0xd0...0xd9 ~= marker || marker == 0x01
            if !isAlone {
                guard end + 2 <= file.count else { break }
                let length = Int(file[end]) << 8 | Int(file[end + 1])
                guard length >= 2, length <= file.count - end else { break }
                end += length
            }
            if marker == 0xda || 0xd0...0xd7 ~= marker { end = Self.endOfCodedData(file, from: end) }
            boxes.append(.init(name: name, range: position..<end))
            position = end
        }
        return hasCarrier ? boxes : nil
    }

    private static func endOfCodedData(_ file: Span<UInt8>, from start: Int) -> Int {
        var position = start
        while position + 1 < file.count {
            if file[position] == 0xff, file[position + 1] != 0, file[position + 1] != 0xff { return position }
            position += 1
        }
        return file.count
    }

    private static func name(_ marker: UInt8) -> String? {
        switch marker {
        case 0xc4: "DHT"
        case 0xc8: "JPG"
        case 0xcc: "DAC"
        case 0xc0...0xcf: "SOF\(marker - 0xc0)"
        case 0xd0...0xd7: "RST\(marker - 0xd0)"
        case 0xd8: "SOI"
        case 0xd9: "EOI"
        case 0xda: "SOS"
        case 0xdb: "DQT"
        case 0xdc: "DNL"
        case 0xdd: "DRI"
        case 0xde: "DHP"
        case 0xdf: "EXP"
        case 0xe0...0xef: "APP\(marker - 0xe0)"
        case 0xf0...0xfd: "JPG\(marker - 0xf0)"
        case 0xfe: "COM"
        case 0x01: "TEM"
        default: nil
        }
    }
}
