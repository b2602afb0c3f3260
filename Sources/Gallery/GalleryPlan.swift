internal import Foundation

/// Assigns pictures to pages and data files.
///
/// Both are filled from the oldest picture on, so new pictures never change a full page. Only the index grows, until it is large
/// enough to split off another page.
struct GalleryPlan: Sendable {
    /// The page that lists all pages by their dates.
    static let calendarPath = "pages.html"

    struct Page: Sendable {
        /// Numbered from 1 for the oldest; the index is the last.
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

    /// Removes duplicates and sorts the pictures newest first; undated ones come last, and ties are broken by name. The same
    /// archive thus always gives the same site. Reading a catalog page by page can return an output twice.
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

    /// The next newer page; `nil` for the index.
    func newer(than page: Page) -> Page? {
        guard let place = older.firstIndex(where: { $0.number == page.number }) else { return nil }
        return place == 0 ? index : older[place - 1]
    }

    /// The next older page; `nil` for the oldest page.
    func older(than page: Page) -> Page? {
        guard let place = older.firstIndex(where: { $0.number == page.number }) else { return older.first }
        return place + 1 < older.count ? older[place + 1] : nil
    }
}
