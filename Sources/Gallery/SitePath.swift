/// The paths that an export gives to its files. A list of files may come from elsewhere, so an export replaces and deletes only
/// files at such paths.
enum SitePath {
    private static let fixed: Set<String> = [
        "index.html", GalleryPlan.calendarPath, "manifest.json", GalleryFeed.path, "robots.txt",
    ]
    private static let assets: Set<Substring> = ["gallery", "data"]
    private static let assetKinds: Set<Substring> = ["css", "js"]
    private static let blobFolders: Set<Substring> = ["thumbs", "previews", "originals"]
    private static let blobKinds: Set<Substring> = ["png", "jpg", "webp", "bin"]

    /// Whether exports write files at this path.
    static func isWritten(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        switch parts.count {
        case 1: return fixed.contains(path) || isOlderPage(words(of: parts[0]))
        case 2: return isGenerated(parts[1], in: parts[0])
        case 3: return isBlob(words(of: parts[2]), in: parts[0], parts[1])
        default: return false
        }
    }

    /// `page-7.html`
    private static func isOlderPage(_ words: [Substring]) -> Bool {
        words.count == 2 && words[1] == "html" && words[0].hasPrefix("page-") && isNumber(words[0].dropFirst("page-".count))
    }

    private static func isGenerated(_ name: Substring, in folder: Substring) -> Bool {
        let words = words(of: name)
        switch folder {
        case "pictures": return isPicture(words)
        case "assets": return isAsset(words) && assets.contains(words[0]) && assetKinds.contains(words[2])
        case "data": return isAsset(words) && isNumber(words[0]) && words[2] == "js"
        default: return false
        }
    }

    /// `task-1-0.html`, or `task.<32 hexadecimal digits>-0.html` for an ID with other characters.
    private static func isPicture(_ words: [Substring]) -> Bool {
        guard (2...3).contains(words.count), words.last == "html" else { return false }
        let stem = words[words.count - 2]
        guard let dash = stem.lastIndex(of: "-"), isNumber(stem[stem.index(after: dash)...]) else { return false }
        guard words.count == 2 else { return words[0] == "task" && isHexadecimal(stem[..<dash], count: 32) }
        return stem.utf8.allSatisfy { isDigit($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x5F }
    }

    /// `<name>.<12 hexadecimal digits>.<kind>`
    private static func isAsset(_ words: [Substring]) -> Bool { words.count == 3 && isHexadecimal(words[1], count: 12) }

    /// `thumbs/ab/ab12…ef.jpg`
    private static func isBlob(_ words: [Substring], in folder: Substring, _ shard: Substring) -> Bool {
        guard blobFolders.contains(folder), words.count == 2, blobKinds.contains(words[1]) else { return false }
        return isHexadecimal(words[0], count: 64) && words[0].prefix(2) == shard
    }

    private static func words(of name: Substring) -> [Substring] {
        name.split(separator: ".", omittingEmptySubsequences: false)
    }

    private static func isNumber(_ text: Substring) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isDigit) }

    private static func isHexadecimal(_ text: Substring, count: Int) -> Bool {
        text.utf8.count == count && text.utf8.allSatisfy { isDigit($0) || (0x61...0x66).contains($0) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
