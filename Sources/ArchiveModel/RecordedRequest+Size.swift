extension RecordedRequest {
    /// The maximum size of a request in a record, in bytes. Beside an answer of ``ArchiveRecord/largestAnswer`` it leaves every
    /// record small enough to be read again.
    package static let largest = 16 << 20

    /// The request itself if it takes at most `bytes` bytes in a record. Otherwise long texts are cut, with their length and
    /// digest, and later reference images are left out.
    ///
    /// A request can be much larger in a record than in transit: a control character takes six bytes in a record.
    /// - Parameter bytes: At least 8 KiB, so that a cut text has room for its note.
    package func fitting(_ bytes: Int = largest) -> RecordedRequest {
        guard isLarger(than: bytes) else { return self }
        let share = bytes / 8
        var fitting = self
        fitting.model = model.map { Self.cut($0, to: share) }
        fitting.prompt = prompt.map { Self.cut($0, to: share) }
        fitting.size = size.map { Self.cut($0, to: share) }
        fitting.resolution = resolution.map { Self.cut($0, to: share) }
        fitting.imageURLs = imageURLs.map { Self.first($0, within: 3 * share) }
        return fitting
    }

    private static func cut(_ text: String, to bytes: Int) -> String {
        guard JSONValue.string(text).isLarger(than: bytes) else { return text }
        return "\(text.cut(to: bytes / 8)) … (cut: \(text.utf8.count) bytes, SHA-256 \(Digest(of: text)))"
    }

    private static func first(_ images: [String], within bytes: Int) -> [String] {
        var left = bytes
        let kept = images.prefix { image in
            // A byte takes at most six bytes in a record; each item also takes a line break, blanks and a comma.
            left -= 6 * image.utf8.count + 16
            return left >= 0
        }
        guard kept.count < images.count else { return images }
        return Array(kept) + ["the other reference images are left out, since the request is too large for a record"]
    }

    private func isLarger(than bytes: Int) -> Bool {
        let texts = [model, prompt, size, resolution].compactMap { $0 } + (imageURLs ?? [])
        // Most requests are so small that their characters need not be counted.
        guard texts.reduce(0, { $0 + $1.utf8.count + 4 }) > bytes / 8 else { return false }
        return JSONValue.array(texts.map(JSONValue.string)).isLarger(than: bytes)
    }
}
