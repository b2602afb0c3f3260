internal import Foundation

/// Which picture goes onto which page and into which data file.
///
/// Both are cut from the oldest picture on, so a full page never changes when pictures come: only the index grows, until a page is
/// full once more.
struct GalleryPlan: Sendable {
    /// The page that lists all pages by their dates.
    static let calendarPath = "pages.html"

    struct Page: Sendable {
        /// Counts from 1, the oldest; the index is the last.
        let number: Int
        let path: String
        /// Positions among all pictures, newest first.
        let pictures: Range<Int>
    }

    /// Newest first.
    let pictures: [GalleryPicture]
    let index: Page
    /// From the newest to the oldest, without the index.
    let older: [Page]
    /// From the newest to the oldest.
    let shards: [Page]

    init(pictures: [GalleryPicture], pageSize: Int, shardSize: Int) {
        self.pictures = pictures
        let count = pictures.count
        let full = max(0, count / pageSize - 1)
        index = Page(number: full + 1, path: "index.html", pictures: 0..<count - full * pageSize)
        older = Self.chunks(of: pageSize, fullChunks: full, in: count) { "page-\($0).html" }
        let fullShards = count / shardSize
        let newest = Page(number: fullShards + 1, path: "data/\(fullShards + 1)", pictures: 0..<count - fullShards * shardSize)
        shards =
            (newest.pictures.isEmpty ? [] : [newest])
            + Self.chunks(of: shardSize, fullChunks: fullShards, in: count) { "data/\($0)" }
    }

    /// Each picture once, newest first; what has no date comes last, and names decide between equals, so that the same archive gives the
    /// same site. A catalog read in parts may tell of one output twice.
    static func arranged(_ pictures: [GalleryPicture]) -> [GalleryPicture] {
        var seen: Set<String> = []
        let keyed = pictures.filter { seen.insert($0.name).inserted }.map { (date: $0.date ?? .distantPast, picture: $0) }
        return keyed.sorted { $0.date == $1.date ? $0.picture.name < $1.picture.name : $0.date > $1.date }.map(\.picture)
    }

    private static func chunks(of size: Int, fullChunks: Int, in count: Int, path: (Int) -> String) -> [Page] {
        (0..<fullChunks).reversed().map { chunk in
            Page(number: chunk + 1, path: path(chunk + 1), pictures: count - (chunk + 1) * size..<count - chunk * size)
        }
    }

    /// The page that shows the picture at a position.
    func page(showing position: Int) -> Page {
        guard !index.pictures.contains(position), let first = older.first else { return index }
        let place = (position - first.pictures.lowerBound) / first.pictures.count
        return older.indices.contains(place) ? older[place] : index
    }

    /// The next page towards the newest; `nil` for the index.
    func newer(than page: Page) -> Page? {
        guard let place = older.firstIndex(where: { $0.number == page.number }) else { return nil }
        return place == 0 ? index : older[place - 1]
    }

    /// The next page towards the oldest; `nil` for the oldest.
    func older(than page: Page) -> Page? {
        guard let place = older.firstIndex(where: { $0.number == page.number }) else { return older.first }
        return place + 1 < older.count ? older[place + 1] : nil
    }
}
